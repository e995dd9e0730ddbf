import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Connection, Engine, ReadModelDatabase, Session } from '../read-models.ts';
import { migrateReadModels, type ReadModelTables } from '../registry.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';
import {
  resultCodeOf,
  SQLITE_BUSY,
  SQLITE_CONSTRAINT,
  SQLITE_LOCKED,
  SQLITE_MISMATCH,
  SQLITE_TOOBIG,
} from './result-codes.ts';
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
    // In one transaction from the first look on, so that the second of two programs waits for the first.
    await main.kysely
      .transaction()
      .execute((transaction) => migrateReadModels(transaction, undefined));
  } catch (error) {
    await main.close();
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
        await own.close();
      }
    },
    close: main.close,
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
  refusesValues: (error) => refusals.has(resultCodeOf(error)),
  isBusy: (error) => contention.has(resultCodeOf(error)),
  // None does: see `synchronous` below.
  commitWithoutWaiting: async () => {},
  // Readers and writers of one file don't wait for each other.
  limitWaiting: async () => {},
  // A transaction that writes has the whole file to itself from its first statement on.
  lockRegistry: async () => {},
  locking: (query) => query,
};

const refusals = new Set([SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH]);
const contention = new Set([SQLITE_BUSY, SQLITE_LOCKED]);

interface OwnConnection extends Connection {
  close(): Promise<void>;
}

function connect(file: string): OwnConnection {
  const database = new DatabaseSync(file, { timeout: patienceMs });
  for (const pragma of pragmas) database.exec(`pragma ${pragma}`);
  const statements = statementsOf(database);
  const kysely = new Kysely<ReadModelTables>({
    dialect: nodeSqliteDialect(database, statements, patienceMs),
  });
  return {
    kysely,
    rows: sqliteRows(statements),
    close: async () => {
      await kysely.destroy();
      // Kysely leaves a database alone that it was never asked to query.
      if (database.isOpen) database.close();
    },
  };
}

// How long to wait for another connection's transaction.
const patienceMs = 10_000;

const pragmas: readonly string[] = [
  'journal_mode = wal',
  // A power cut may undo the last transactions, whole and in order, so rows and position go back together
  // and the log, which loses nothing, is folded again from there. Waiting for the disk would buy nothing.
  'synchronous = normal',
  // 64 MiB: the pages that a projection of accounts or positions updates again and again.
  'cache_size = -65536',
  // In pages of 4 KiB, so 8 MiB. More would copy a page that many batches change back less often; but while
  // a checkpoint waits for the disk, so do the commits of a log beside it, and 16,000 pages take 20 ms.
  'wal_autocheckpoint = 2000',
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
