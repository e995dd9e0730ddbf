import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
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
import { resultCodeOf, SQLITE_BUSY } from './result-codes.ts';
import type { Statements } from './statements.ts';

/**
 * Kysely on one connection of Node's own SQLite. Transactions that write wait `patienceMs` for those of
 * other connections, then fail with SQLITE_BUSY.
 */
export function nodeSqliteDialect(
  database: DatabaseSync,
  statements: Statements,
  patienceMs: number,
): Dialect {
  return {
    createDriver: () => new NodeSqliteDriver(database, statements, patienceMs),
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
  readonly #patienceMs: number;

  constructor(database: DatabaseSync, statements: Statements, patienceMs: number) {
    this.#database = database;
    this.#patienceMs = patienceMs;
    this.#connection = new NodeSqliteConnection(database, statements);
  }

  async init(): Promise<void> {}

  // Kysely itself lends the connection to one user at a time.
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(_: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (settings.accessMode === 'read only') this.#database.exec('begin');
    else await this.#beginWriting();
  }

  /**
   * A transaction that reads first and writes later fails when another connection wrote in between
   * (SQLITE_BUSY_SNAPSHOT, which no waiting cures): writers therefore take the lock at the start. They wait
   * for it without SQLite's own timeout, which would hold up the whole thread, and with it another
   * connection of the same thread that has the lock.
   */
  async #beginWriting(): Promise<void> {
    const giveUpAtMs = performance.now() + this.#patienceMs;
    for (;;) {
      this.#database.exec('pragma busy_timeout = 0');
      try {
        this.#database.exec('begin immediate');
        return;
      } catch (error) {
        if (resultCodeOf(error) !== SQLITE_BUSY || performance.now() > giveUpAtMs) throw error;
      } finally {
        this.#database.exec(`pragma busy_timeout = ${this.#patienceMs}`);
      }
      await setTimeout(retryLockMs);
    }
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

// Shorter than the time that a writer of batches takes to read its next one.
const retryLockMs = 2;

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
