import type { EventStore } from '@counterfoil/event-store';

/** What is wrong with a log, in a sentence; or how much there was to find fault with. */
export type LogCheck =
  | { readonly sound: true; readonly events: number; readonly streams: number }
  | { readonly sound: false; readonly problem: string };

export interface LogCheckOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (position: number, head: number) => void;
}

type RawLog = Pick<EventStore, 'raw'>;
type StoredRecord = Awaited<ReturnType<EventStore['raw']['storage']['readAll']>>['records'][number];

const pageSize = 5_000;

/**
 * Reads the whole log as it is stored: positions without a gap, versions of each stream one after the
 * other, recorded times that never run backwards, every event decodable, and the same events found by type
 * as in order. Ends at the first problem; rejects with the signal's reason when it is told to stop.
 */
export async function checkLog(store: RawLog, options: LogCheckOptions): Promise<LogCheck> {
  const { storage } = store.raw;
  const { position: head } = await storage.head();
  const judge = createJudge(store);
  let after = 0;
  while (after < head) {
    options.signal.throwIfAborted();
    const page = await readPage(store, after, Math.min(pageSize, head - after));
    if (typeof page === 'string') return { sound: false, problem: page };
    for (const record of page) {
      const problem = judge.take(record);
      if (problem !== undefined) return { sound: false, problem };
      after = record.position;
    }
    if (page.length === 0) return { sound: false, problem: `Position ${after + 1} is missing` };
    options.onProgress(after, head);
  }
  for (const [schema, expected] of judge.countsBySchema()) {
    const found = await countBySchema(store, schema, head, options.signal);
    if (found === expected) continue;
    const type = await typeOf(store, schema);
    const problem = `Looking for ${type} finds ${found} events, and the log has ${expected}`;
    return { sound: false, problem };
  }
  return { sound: true, events: head, streams: judge.streams() };
}

async function readPage(
  { raw }: RawLog,
  after: number,
  limit: number,
): Promise<readonly StoredRecord[] | string> {
  try {
    return (await raw.storage.readAll({ after, limit })).records;
  } catch (error) {
    return `The log can't be read behind position ${after}: ${String(error)}`;
  }
}

interface Judge {
  /** The problem with a record, after all those before it. */
  take(record: StoredRecord): string | undefined;
  countsBySchema(): Iterable<readonly [schema: number, count: number]>;
  streams(): number;
}

function createJudge({ raw }: RawLog): Judge {
  const versions = new Map<string, number>();
  const counts = new Map<number, number>();
  let last = { position: 0, recordedAt: 0n };
  const undecodable = (record: StoredRecord): string | undefined => {
    try {
      raw.fact(record);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    take: (record) => {
      const { position, stream, version, recordedAt, schema } = record;
      const event = `The event at position ${position} (${stream}, version ${version})`;
      const expected = (versions.get(stream) ?? 0) + 1;
      if (position !== last.position + 1) return `Position ${last.position + 1} is missing`;
      if (version !== expected) return `${event} should have version ${expected}`;
      if (recordedAt < last.recordedAt) return `${event} was recorded before the one before it`;
      const fault = undecodable(record);
      if (fault !== undefined) return `${event} can't be decoded: ${fault}`;
      versions.set(stream, version);
      counts.set(schema, (counts.get(schema) ?? 0) + 1);
      last = { position, recordedAt };
      return undefined;
    },
    countsBySchema: () => counts,
    streams: () => versions.size,
  };
}

/** How many events up to the head a search by schema finds. */
async function countBySchema(
  { raw }: RawLog,
  schema: number,
  head: number,
  signal: AbortSignal,
): Promise<number> {
  let found = 0;
  for (let after = 0; after < head;) {
    signal.throwIfAborted();
    const page = await raw.storage.readAll({ after, limit: pageSize, schemas: [schema] });
    found += page.records.filter(({ position }) => position <= head).length;
    if (!page.more) break;
    after = page.scannedTo;
  }
  return found;
}

async function typeOf({ raw }: RawLog, schema: number): Promise<string> {
  const known = await raw.storage.schemas();
  return known.find(({ id }) => id === schema)?.type ?? `schema ${schema}`;
}
