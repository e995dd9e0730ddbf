import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * - `wrapping_keys` are those that wrap others, as far as their provider wants that kept; the current one is not
 *   retired.
 * - `data_keys` has a row for each subject: without key and wrapped bytes once it was erased.
 * - `rotation_claim` has a row while a process replaces the current wrapping key.
 */
const tables = `
  CREATE TABLE wrapping_keys (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    kept BLOB NOT NULL,
    retired INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX wrapping_keys_current ON wrapping_keys (retired) WHERE retired = 0;
  CREATE TABLE data_keys (
    subject TEXT NOT NULL PRIMARY KEY,
    key_id BLOB,
    wrapped BLOB,
    wrapped_under TEXT REFERENCES wrapping_keys (id),
    uses INTEGER NOT NULL,
    erased_at INTEGER,
    CHECK ((erased_at IS NULL) = (wrapped IS NOT NULL)),
    CHECK ((erased_at IS NULL) = (key_id IS NOT NULL)),
    CHECK ((erased_at IS NULL) = (wrapped_under IS NOT NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX data_keys_under ON data_keys (wrapped_under) WHERE wrapped_under IS NOT NULL;
  CREATE TRIGGER erased_stays_erased BEFORE UPDATE ON data_keys WHEN OLD.erased_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an erased subject stays erased'); END;
  CREATE TRIGGER no_subject_is_forgotten BEFORE DELETE ON data_keys
    BEGIN SELECT RAISE(ABORT, 'no subject is forgotten'); END;
  CREATE TABLE rotation_claim (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    holder TEXT NOT NULL,
    until_at INTEGER NOT NULL
  ) STRICT;
`;

const layout = 1;

/** The letters CFKY (PRAGMA application_id). */
const applicationId = 0x43464b59;

/**
 * Opens the file for writing, made for its owner alone when it is missing. Each commit is on the disk before it returns, and what
 * is deleted or replaced is overwritten there.
 */
export function openForWriting(file: string): DatabaseSync {
  // SQLite gives the files beside it the mode of this one.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA busy_timeout = 10000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA foreign_keys = ON;
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
  database.exec('PRAGMA busy_timeout = 10000');
  return database;
}

function prepare(database: DatabaseSync): void {
  const found = pragma(database, 'user_version');
  if (found > layout) {
    throw new Error(`the store of keys has layout ${found}, which is newer than this program`);
  }
  if (found > 0 && pragma(database, 'application_id') !== applicationId) {
    throw new Error('the file is not a store of keys');
  }
  if (found === layout) return;
  database.exec('BEGIN IMMEDIATE');
  // Another process may have been faster.
  const made = pragma(database, 'user_version') === layout;
  database.exec(
    made
      ? 'COMMIT'
      : `${tables} PRAGMA user_version = ${layout}; PRAGMA application_id = ${applicationId}; COMMIT`,
  );
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
