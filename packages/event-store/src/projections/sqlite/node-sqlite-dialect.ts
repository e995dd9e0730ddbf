import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { Statements } from './statements.ts';

/** Kysely on one connection of Node's own SQLite. */
export function nodeSqliteDialect(database: DatabaseSync, statements: Statements): Dialect {
  return {
    createDriver: () => new NodeSqliteDriver(database, statements),
    createAdapter: () => new TransactionalSqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (kysely: Kysely<unknown>) => new SqliteIntrospector(kysely),
  };
}

/**
 * Kysely takes SQLite for a database that can't roll back changes of schema; it can. Told so, Kysely
 * migrates inside a transaction, and the second of two programs waits for the first at its start.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: NodeSqliteConnection;

  constructor(database: DatabaseSync, statements: Statements) {
    this.#database = database;
    this.#connection = new NodeSqliteConnection(database, statements);
  }

  async init(): Promise<void> {}

  // Kysely itself lends the connection to one user at a time.
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  /**
   * A transaction that reads first and writes later fails when another connection wrote in between
   * (SQLITE_BUSY_SNAPSHOT, which no waiting cures): writers therefore take the lock at the start.
   */
  async beginTransaction(_: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    this.#database.exec(settings.accessMode === 'read only' ? 'begin' : 'begin immediate');
  }

  async commitTransaction(): Promise<void> {
    this.#database.exec('commit');
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite has rolled back by itself after a full disk or an I/O error.
    if (this.#database.isTransaction) this.#database.exec('rollback');
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(database: DatabaseSync, statements: Statements) {
    this.#database = database;
    this.#statements = statements;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, reads } = this.#statements.prepare(sql);
    const bound = parameters.map(boundValue);
    if (reads) return { rows: statement.all(...bound) as R[] };
    const { changes, lastInsertRowid } = statement.run(...bound);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    // Not a kept statement: the same text may run again while this one is being read.
    const statement = this.#database.prepare(sql);
    for (const row of statement.iterate(...parameters.map(boundValue))) yield { rows: [row as R] };
  }
}

function boundValue(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as SQLInputValue;
}
