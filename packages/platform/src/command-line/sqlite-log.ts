import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// What the command line has to know of logs that are SQLite files: of backups and of the embedded store.

/** Where the embedded store keeps its log. */
export function embeddedLog(dataDirectory: string): string {
  return path.join(dataDirectory, 'log.sqlite');
}

/** Whether a file is the log of a data directory, by whatever name. */
export function isEmbeddedLog(file: string, dataDirectory: string): boolean {
  const log = embeddedLog(dataDirectory);
  return existsSync(file) && existsSync(log) && realpathSync(file) === realpathSync(log);
}

/** What stands in a file's header as its application id (sqlite.org/fileformat.html, offset 68). */
const applicationId = Buffer.from('CFLG');

export type LogFileKind = 'absent' | 'log' | 'other';

/** Whether a file is a log of ours, without opening it: opening would make one of it. */
export function logFileKind(file: string): LogFileKind {
  if (!existsSync(file)) return 'absent';
  if (!statSync(file).isFile()) return 'other';
  const found = Buffer.alloc(applicationId.length);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, found, 0, found.length, 68);
  } finally {
    closeSync(handle);
  }
  return found.equals(applicationId) ? 'log' : 'other';
}

/** Makes of a log that nobody has open one file, all of it on the disk. */
export function settleLogFile(file: string): void {
  const database = new DatabaseSync(file);
  try {
    // Leaving WAL mode writes what is in the -wal file back, and removes it.
    database.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE');
  } finally {
    database.close();
  }
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

/** Whether another connection, of whatever process, has the log open. */
export function isLogInUse(file: string): boolean {
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file);
  try {
    // Only the last connection can leave WAL mode (sqlite.org/wal.html, "Ways Of Leaving WAL").
    database.exec('PRAGMA busy_timeout = 0');
    const [row] = database.prepare('PRAGMA journal_mode = DELETE').all();
    return Object.values(row ?? {})[0] !== 'delete';
  } catch (error) {
    if (resultCodeOf(error) === busy) return true;
    throw error;
  } finally {
    database.close();
  }
}

const busy = 5;

function resultCodeOf(error: unknown): number {
  return Number((error as { errcode?: unknown }).errcode) & 0xff;
}

/** Removes a database that nobody has open, with what SQLite keeps beside it. */
export function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}
