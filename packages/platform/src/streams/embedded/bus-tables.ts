import { DatabaseSync } from 'node:sqlite';

/**
 * The tables of the embedded bus:
 *
 * - `messages` is ordered by partition, so that what is published lands behind the last of its partition.
 * - `partitions.next` is the offset that the next message of a partition will have: it outlives messages
 *   that are removed.
 * - `progress.next` is the first offset that a group has not taken.
 * - `requests` are what was accepted together with a message (see `requests/`): ids sort by time, so that
 *   new ones land behind all others. `outcome` is JSON, null while pending; `held` says why it is held.
 * - `request_keys` let a request be accepted once.
 */
const tables = `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE partitions (
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT,
    value BLOB NOT NULL,
    PRIMARY KEY (topic, partition, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE progress (
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, "group")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE requests (
    id BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    outcome TEXT,
    held TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX requests_by_expiry ON requests (expires_at);
  CREATE TABLE request_keys (
    key TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    request BLOB NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX request_keys_by_expiry ON request_keys (expires_at);
`;

const layout = 1;

/** The letters CFBS (PRAGMA application_id). */
const applicationId = 0x43464253;

/** Opens the file for writing, made when it is missing. Each commit is on the disk before it returns. */
export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA busy_timeout = 10000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -65536;
      PRAGMA wal_autocheckpoint = 4000;
    `);
    prepare(database);
  } catch (cause) {
    database.close();
    throw cause;
  }
  return database;
}

export function openForReading(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true });
  database.exec('PRAGMA busy_timeout = 10000; PRAGMA cache_size = -32768;');
  return database;
}

function prepare(database: DatabaseSync): void {
  const found = pragma(database, 'user_version');
  if (found > layout) {
    throw new Error(`the bus's layout ${found} is newer than this program; start the newer one`);
  }
  if (found > 0 && pragma(database, 'application_id') !== applicationId) {
    throw new Error('the file is not a bus');
  }
  if (found === layout) return;
  database.exec(`BEGIN IMMEDIATE; ${tables}
    PRAGMA user_version = ${layout}; PRAGMA application_id = ${applicationId}; COMMIT`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
