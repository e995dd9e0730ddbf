import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs work that nobody else runs meanwhile who names the same lock, in this process or another. The lock is that
 * of an empty SQLite file, so that the system lets go of it for a process that dies, which no file with the id of
 * a process in it can do for another container. Rejects when the lock can't be had within ten seconds.
 */
export async function exclusively<Result>(
  lock: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(path.dirname(lock), { recursive: true, mode: 0o700 });
  makePrivately(lock);
  const database = new DatabaseSync(lock);
  try {
    await takeLock(database, lock);
    return await work();
  } finally {
    // What it has locked goes with it.
    database.close();
  }
}

const waitMsMax = 10_000;
const betweenMs = 10;

// sqlite.org/rescode.html
const busy = 5;

async function takeLock(database: DatabaseSync, lock: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += betweenMs) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return;
    } catch (cause) {
      if ((Number((cause as { errcode?: unknown }).errcode) & 0xff) !== busy) throw cause;
      if (waitedMs >= waitMsMax) {
        throw new Error(`another process has held ${lock} for long: try again`, { cause });
      }
    }
    await pause(betweenMs);
  }
}

/**
 * Without a pause between opening and closing: a process that closes any handle of a file loses its locks on it
 * (POSIX.1-2017, fcntl), so that a file that is there is not opened here at all.
 */
function makePrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}
