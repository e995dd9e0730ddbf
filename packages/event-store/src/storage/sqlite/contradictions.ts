import type { DatabaseSync } from 'node:sqlite';
import type { Contradiction } from '../storage.ts';
import { openReaderConnection } from './connections.ts';
import { storageFailure } from './failures.ts';

/** See `EventStorage.findContradiction`. Synchronous, and as long as the log: not for the thread that decides. */
export function findContradiction(file: string): Contradiction | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = openReaderConnection(file);
    return inFile(database) ?? inStreams(database) ?? inRanges(database);
  } catch (cause) {
    throw storageFailure(cause);
  } finally {
    database?.close();
  }
}

function inFile(database: DatabaseSync): Contradiction | undefined {
  const [first] = database.prepare('PRAGMA integrity_check(1)').all();
  const finding = String(Object.values(first ?? {})[0]);
  if (finding === 'ok') return undefined;
  return { position: undefined, what: `the file is damaged: ${finding.split('\n').at(-1)}` };
}

interface Tail {
  last: number;
  version: number;
}

/** The chain of each stream, and where the table of streams says that it ends. */
function inStreams(database: DatabaseSync): Contradiction | undefined {
  const tails = new Map<number, Tail>();
  const events = database.prepare(
    'SELECT position, stream, version, previous FROM events ORDER BY position',
  );
  events.setReturnArrays(true);
  for (const row of events.iterate() as unknown as Iterable<[number, number, number, number]>) {
    const [position, stream, version, previous] = row;
    const tail = tails.get(stream) ?? { last: 0, version: 0 };
    if (previous !== tail.last || version !== tail.version + 1) {
      return { position, what: 'it does not follow the event before it in its stream' };
    }
    tails.set(stream, { last: position, version });
  }
  const streams = database.prepare('SELECT id, name, version, last FROM streams');
  for (const row of streams.iterate()) {
    const { id, name, version, last } = row as unknown as Tail & { id: number; name: string };
    const tail = tails.get(id) ?? { last: 0, version: 0 };
    if (tail.version !== version || tail.last !== last) {
      return {
        position: tail.last || undefined,
        what: `it is not where the end of ${name} is kept`,
      };
    }
  }
  return undefined;
}

/** Whether a search by type finds every event. */
function inRanges(database: DatabaseSync): Contradiction | undefined {
  const row = database
    .prepare(
      `SELECT position FROM events WHERE position > coalesce(
        (SELECT last FROM schema_ranges
         WHERE schema = events.schema AND first <= position ORDER BY first DESC LIMIT 1), 0)
       ORDER BY position LIMIT 1`,
    )
    .get() as { position: number } | undefined;
  return row && { position: row.position, what: 'a search by its type does not find it' };
}
