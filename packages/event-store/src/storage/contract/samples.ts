import { streamId, type StreamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds, type Instant } from '../../kernel/instant.ts';
import type {
  Claim,
  Commit,
  EventStorage,
  Expectation,
  LogPage,
  LogQuery,
  SchemaDefinition,
  StoredRecord,
} from '../storage.ts';

export const a = streamId('a');
export const b = streamId('b');

export function at(microseconds: number): Instant {
  return instantFromMicroseconds(microseconds);
}

export function definition(type: string, version = 1): SchemaDefinition {
  return { type, version, avro: 'bytes' };
}

/** Adds this many records of one byte to each stream. */
export function commit(
  schema: number,
  ...appends: readonly (readonly [StreamId, Expectation, number])[]
): Commit {
  return {
    appends: appends.map(([stream, expected, count]) => ({
      stream,
      expected,
      records: Array.from({ length: count }, (_, index) => ({
        schema,
        body: Buffer.from([index % 256]),
      })),
    })),
  };
}

/** Adds one record with this text to a stream. */
export function noted(
  schema: number,
  stream: StreamId,
  expected: Expectation,
  content: string,
): Commit {
  return { appends: [{ stream, expected, records: [{ schema, body: Buffer.from(content) }] }] };
}

export function claim(key: string, note = '', expiresAtMicroseconds?: number): Claim {
  return {
    key,
    note: Buffer.from(note),
    expiresAt: expiresAtMicroseconds === undefined ? undefined : at(expiresAtMicroseconds),
  };
}

export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}

export function positions(records: readonly StoredRecord[]): number[] {
  return records.map(({ position }) => position);
}

/** 1, 2, … up to and with the last. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

export async function versions(
  storage: EventStorage,
  ...streams: readonly StreamId[]
): Promise<number[]> {
  return Promise.all(streams.map((stream) => storage.streamVersion(stream)));
}

/** Every page that a query leads to, each beginning where the one before said that it had looked to. */
export async function pagesOf(storage: EventStorage, query: LogQuery): Promise<readonly LogPage[]> {
  const pages: LogPage[] = [];
  for (let { after } = query; ;) {
    const page = await storage.readAll({ ...query, after });
    pages.push(page);
    after = page.scannedTo;
    if (!page.more) return pages;
  }
}
