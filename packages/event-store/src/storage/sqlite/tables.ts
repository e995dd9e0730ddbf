import type { DatabaseSync } from 'node:sqlite';

/**
 * The tables of the log in SQLite. One row an event:
 *
 * - `events.stream` and `events.schema` are small integers for the names in `streams` and `schemas`;
 *   `recorded_at` counts microseconds since 1970 (UTC); `body` is what `engine/envelope.ts` describes.
 * - There is no index by type: `schema_ranges` has one row for each schema in each batch, from the first
 *   position to the last at which it occurs there. It costs a row a batch where an index costs one an
 *   event, and reading by type walks only the ranges that hold it.
 * - There is no index by time, because recorded times never run backwards: a moment is found by bisection.
 */
const tables = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE schemas (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    avro TEXT NOT NULL,
    UNIQUE (type, version)
  ) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
  CREATE TABLE schema_ranges (
    schema INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (schema, first)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE snapshots (
    stream TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    format TEXT NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    note BLOB NOT NULL,
    expires_at INTEGER,
    position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX claims_by_expiry ON claims (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX claims_by_position ON claims (position);
  CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
`;

/** Steps from one layout of the file to the next; `PRAGMA user_version` counts those done. */
const migrations: readonly string[] = [tables];

/** Marks the file as ours (PRAGMA application_id): the letters CFLG. */
const applicationId = 0x43464c47;

/** Brings a file, new or old, to the newest layout. Throws when it is not a log, or of a newer program. */
export function migrate(database: DatabaseSync): void {
  // A file that needs nothing is not written to.
  if (standsAt(database) === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of migrations.slice(standsAt(database))) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec('COMMIT');
  } catch (cause) {
    // SQLite has rolled back by itself after some errors, and refuses to do it twice.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

/** How many of the migrations are done. */
function standsAt(database: DatabaseSync): number {
  const done = pragma(database, 'user_version');
  if (done > migrations.length) {
    throw new Error(`the log's layout ${done} is newer than this program; start the newer one`);
  }
  if (done > 0 && pragma(database, 'application_id') !== applicationId) {
    throw new Error('the file is not an event log');
  }
  return done;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
