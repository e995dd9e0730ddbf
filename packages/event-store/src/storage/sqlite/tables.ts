import type { DatabaseSync } from 'node:sqlite';

/**
 * The tables of the log in SQLite. One row an event:
 *
 * - `events.stream` and `events.schema` are small integers for the names in `streams` and `schemas`;
 *   `recorded_at` counts microseconds since 1970 (UTC); `body` is what `engine/envelope.ts` describes.
 * - `events.previous` is the position of the event before it in its stream (0 for the first), and
 *   `streams.last` that of the last: a stream is read backwards, from its last event or from the nearest of
 *   those that `events_by_stream` has, one in 64. An index of all of them would be written to at as many
 *   places as a batch has streams, and with a million events that took most of the writer's time.
 * - There is no index by type: `schema_ranges` has one row for each schema in each batch, from the first
 *   position to the last at which it occurs there. It costs a row a batch where an index costs one an
 *   event, and reading by type walks only the ranges that hold it.
 * - There is no index by time, because recorded times never run backwards: a moment is found by bisection.
 */
const tables = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    last INTEGER NOT NULL
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
    previous INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, version) WHERE version % 64 = 0;
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

/** Steps from one layout of the file to the next; `PRAGMA user_version` is the layout. */
const migrations: readonly string[] = [tables];

/** The layout that the first step makes: those before it were never released. */
const firstLayout = 2;
const newestLayout = firstLayout + migrations.length - 1;

/** Marks the file as ours (PRAGMA application_id): the letters CFLG. */
const applicationId = 0x43464c47;

/** Brings a file, new or old, to the newest layout. Throws when it is not a log, or of a newer program. */
export function migrate(database: DatabaseSync): void {
  // A file that needs nothing is not written to.
  if (layoutOf(database) === newestLayout) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const done = Math.max(0, layoutOf(database) - firstLayout + 1);
    for (const migration of migrations.slice(done)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${newestLayout}`);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec('COMMIT');
  } catch (cause) {
    // SQLite has rolled back by itself after some errors, and refuses to do it twice.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

/** 0 for a new file. */
function layoutOf(database: DatabaseSync): number {
  const layout = pragma(database, 'user_version');
  if (layout > newestLayout) {
    throw new Error(`the log's layout ${layout} is newer than this program; start the newer one`);
  }
  if (layout > 0 && pragma(database, 'application_id') !== applicationId) {
    throw new Error('the file is not an event log');
  }
  if (layout > 0 && layout < firstLayout) {
    throw new Error(
      `the log's layout ${layout} is from before the first release and can't be read; start with a new directory`,
    );
  }
  return layout;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
