import { DatabaseSync } from 'node:sqlite';
import { BusFailure } from '../bus.ts';

/**
 * Keeps other processes from a file until the function answered is called, or this process ends in whatever
 * way: SQLite's own lock on a file beside it. Throws a BusFailure when another has it.
 */
export function lockFile(file: string): () => void {
  const database = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new BusFailure(
      `another program uses the bus in ${file}: stop it first, or use another data directory`,
      { cause },
    );
  }
  return () => database.close();
}
