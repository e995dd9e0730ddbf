import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Cell, ColumnType, Row } from '../kernel/projection.ts';
import type { ReadModelTables } from './registry.ts';
import type { TableShape } from './shape.ts';

/**
 * The database that read models live in. Values read through `kysely` are the same on every engine: whole
 * numbers as numbers, decimals as canonical text, dates and instants as ISO 8601 text, JSON as text.
 */
export interface ReadModelDatabase {
  readonly engine: Engine;
  /** For queries. Name the views for the type checker with `kysely.withTables<{ ... }>()`. */
  readonly kysely: Kysely<ReadModelTables>;
  /** Runs the work in one transaction that writes: all of it or, when it throws, nothing. */
  transaction<T>(work: (transaction: Connection) => Promise<T>): Promise<T>;
  /** Lends a connection of its own, whose temporary tables and long reads are in nobody's way. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What engines do differently beside rows. */
export interface Engine {
  readonly name: 'sqlite' | 'postgres';
  readonly columnTypes: Readonly<Record<ColumnType, string>>;
  /** Ends a CREATE TABLE. */
  readonly tableOptions: string;
  /** True when the database took offence at the values written, so that trying again can't help. */
  refusesValues(error: unknown): boolean;
  /** True when another connection held a lock for so long that the statement gave up. */
  isBusy(error: unknown): boolean;
  /** The transaction commits without waiting for the disk: a crash may undo it, and those after it. */
  commitWithoutWaiting(kysely: Kysely<ReadModelTables>): Promise<void>;
  /** From here on the transaction waits for locks for half a second at most. */
  limitWaiting(kysely: Kysely<ReadModelTables>): Promise<void>;
  /** Nobody else moves or changes a generation until the transaction ends. */
  lockRegistry(kysely: Kysely<ReadModelTables>): Promise<void>;
  /** The query, holding on to the rows it finds until the transaction ends. */
  locking<Found>(
    query: SelectQueryBuilder<ReadModelTables, 'projections', Found>,
  ): SelectQueryBuilder<ReadModelTables, 'projections', Found>;
}

/** A connection inside a transaction, or one for single statements. */
export interface Connection {
  readonly kysely: Kysely<ReadModelTables>;
  readonly rows: RowStore;
}

export interface Session extends Connection {
  transaction<T>(work: (transaction: Connection) => Promise<T>): Promise<T>;
  /** Every read of the work sees the database as it was at the first; only temporary tables are written. */
  snapshot<T>(work: (snapshot: Connection) => Promise<T>): Promise<T>;
}

/** The values of a row's key, in the key's order. */
export type Key = readonly (string | number)[];

/** A table and how it is laid out. Keep and reuse the object: statements are prepared once for each. */
export interface RowTable {
  readonly tableName: string;
  readonly shape: TableShape;
}

/** Rows of a generation's table, many at once. */
export interface RowStore {
  /** The rows that exist among these keys, in any order. */
  load(table: RowTable, keys: readonly Key[]): Promise<readonly Row[]>;
  /** The first rows in order of the key, beyond `after` if given. */
  page(table: RowTable, after: Key | undefined, limit: number): Promise<readonly Row[]>;
  /** Writes rows, cells in the order of the columns, over what had their keys before. */
  upsert(table: RowTable, rows: readonly (readonly Cell[])[]): Promise<void>;
  remove(table: RowTable, keys: readonly Key[]): Promise<void>;
}
