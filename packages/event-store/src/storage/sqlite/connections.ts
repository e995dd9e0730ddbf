import { DatabaseSync } from 'node:sqlite';
import { migrate } from './tables.ts';

/**
 * The connection that writes. Every commit is on the disk before it returns: in WAL mode that takes
 * `synchronous = FULL` (sqlite.org/pragma.html#pragma_synchronous).
 */
export function openWriterConnection(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA busy_timeout = 10000;
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -131072;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA temp_store = MEMORY;
  `);
  try {
    migrate(database);
  } catch (cause) {
    database.close();
    throw cause;
  }
  return database;
}

/** A connection for reading, beside the one that writes; the file must exist. */
export function openReaderConnection(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true });
  database.exec(`
    PRAGMA busy_timeout = 10000;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 1073741824;
  `);
  return database;
}
