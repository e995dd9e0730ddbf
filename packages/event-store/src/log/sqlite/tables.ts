import { DatabaseSync } from 'node:sqlite';

/**
 * The tree in an SQLite file of its own beside the log's. `tiles.hashes` are up to 256 hashes of 32 bytes;
 * `seal` is the newest checkpoint. Triggers refuse what would change a hash, or shrink the tree.
 */
const tables = `
  CREATE TABLE tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) % 32 = 0 AND length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE seal (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER tiles_only_grow BEFORE UPDATE ON tiles
    WHEN new.level <> old.level OR new.number <> old.number
      OR substr(new.hashes, 1, length(old.hashes)) <> old.hashes
    BEGIN SELECT RAISE(ABORT, 'a tile of the tree only grows'); END;
  CREATE TRIGGER tiles_are_never_removed BEFORE DELETE ON tiles
    BEGIN SELECT RAISE(ABORT, 'a tile of the tree only grows'); END;
  CREATE TRIGGER the_tree_only_grows BEFORE UPDATE ON seal WHEN new.size < old.size
    BEGIN SELECT RAISE(ABORT, 'the tree only grows'); END;
  CREATE TRIGGER the_seal_is_never_removed BEFORE DELETE ON seal
    BEGIN SELECT RAISE(ABORT, 'the tree only grows'); END;
`;

/** `PRAGMA user_version` of a file with these tables. */
const layout = 1;

/** Marks the file as a tree (PRAGMA application_id): the letters CFTR. */
const applicationId = 0x43465452;

/**
 * Opens the file, and makes it when it is missing. It needs no fsync a seal (in WAL mode NORMAL leaves it
 * out, and the file whole): what is lost when the power fails is made again from the log, which has it.
 */
export function openTreeFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA busy_timeout = 10000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -16384;
    `);
    makeTables(database);
  } catch (cause) {
    database.close();
    throw cause;
  }
  return database;
}

function makeTables(database: DatabaseSync): void {
  if (isTree(database)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    if (!isTree(database)) {
      database.exec(tables);
      database.exec(`PRAGMA user_version = ${layout}; PRAGMA application_id = ${applicationId}`);
    }
    database.exec('COMMIT');
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

/** False for a new file; throws for one of something else. */
function isTree(database: DatabaseSync): boolean {
  const found = pragma(database, 'user_version');
  if (found === 0) return false;
  if (pragma(database, 'application_id') !== applicationId) {
    throw new Error("the file is not the log's tree");
  }
  if (found > layout) {
    throw new Error(`the tree's layout ${found} is newer than this program; start the newer one`);
  }
  return true;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
