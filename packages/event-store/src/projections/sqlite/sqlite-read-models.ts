import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Connection, Engine, ReadModelDatabase, Session } from '../read-models.ts';
import { migrateReadModels, type ReadModelTables } from '../registry.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';
import { sqliteRows } from './sqlite-rows.ts';
import { statementsOf } from './statements.ts';

export interface SqliteReadModels {
  /**
   * Path of the database file, in a directory that exists. A file of its own: SQLite has one writer at a
   * time for each file, and the projector must not keep the log waiting.
   */
  readonly file: string;
}

export async function openSqliteReadModels(config: SqliteReadModels): Promise<ReadModelDatabase> {
  if (config.file === '' || config.file.startsWith(':')) {
    throw new RangeError(
      `Read models need a file that every connection can open: "${config.file}"`,
    );
  }
  const main = connect(config.file);
  try {
    await migrateReadModels(main.kysely, undefined);
  } catch (error) {
    await main.kysely.destroy();
    throw error;
  }
  return {
    engine: sqliteEngine,
    kysely: main.kysely,
    transaction: (work) => writing(main, work),
    session: async (work) => {
      const own = connect(config.file);
      try {
        return await work(sessionOn(own));
      } finally {
        await own.kysely.destroy();
      }
    },
    close: () => main.kysely.destroy(),
  };
}

const sqliteEngine: Engine = {
  name: 'sqlite',
  columnTypes: {
    text: 'text',
    integer: 'integer',
    decimal: 'text',
    date: 'text',
    instant: 'text',
    json: 'text',
  },
  // Without it SQLite would turn decimal text into a double in a column of another type, silently.
  tableOptions: 'strict',
  refusesValues: (error) => refusals.has(resultCode(error)),
  isBusy: (error) => contention.has(resultCode(error)),
  // A transaction that writes has the whole file to itself from its first statement on.
  lockRegistry: async () => {},
  locking: (query) => query,
};

// SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH.
const refusals = new Set([18, 19, 20]);
// SQLITE_BUSY, SQLITE_LOCKED.
const contention = new Set([5, 6]);

/** SQLite's primary result code, the low byte of the extended one; 0 for errors of another origin. */
function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

function connect(file: string): Connection {
  const database = new DatabaseSync(file);
  // The order matters: page size before the first page, and a patience before anything that locks.
  database.exec(pragmas.map((pragma) => `pragma ${pragma};`).join(''));
  const statements = statementsOf(database);
  return {
    kysely: new Kysely<ReadModelTables>({ dialect: nodeSqliteDialect(database, statements) }),
    rows: sqliteRows(statements),
  };
}

const pragmas: readonly string[] = [
  // How long to wait for another process's transaction, in milliseconds.
  'busy_timeout = 5000',
  'page_size = 8192',
  'journal_mode = wal',
  // A power cut may undo the last transactions, whole and in order, so rows and position go back together
  // and the log, which loses nothing, is folded again from there. Waiting for the disk would buy nothing.
  'synchronous = normal',
  // 64 MiB: the pages that a projection of accounts or positions updates again and again.
  'cache_size = -65536',
  // Pages between checkpoints, 64 MiB: a page changed by many batches is copied back once.
  'wal_autocheckpoint = 8000',
];

function sessionOn(own: Connection): Session {
  return {
    ...own,
    transaction: (work) => writing(own, work),
    snapshot: (work) =>
      own.kysely
        .transaction()
        .setAccessMode('read only')
        .execute((kysely) => work({ kysely, rows: own.rows })),
  };
}

/** Row statements run on the connection that Kysely has set aside for the transaction: it has no other. */
function writing<T>(on: Connection, work: (transaction: Connection) => Promise<T>): Promise<T> {
  return on.kysely.transaction().execute((kysely) => work({ kysely, rows: on.rows }));
}
