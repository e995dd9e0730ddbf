import { describe, expect, test } from 'vitest';
import { streamId, type StreamId } from '../../kernel/identifiers.ts';
import type { EventStorage, StoredRecord } from '../storage.ts';
import {
  a,
  at,
  claim,
  commit,
  definition,
  noted,
  positions,
  text,
  upTo,
  versions,
} from './samples.ts';
import { secondWriter, type Opened } from './storage-under-test.ts';

/** What the port promises when several write and read at once, from other processes too where that can be. */
export function concurrencyContract(opened: Opened): void {
  describe('LG-01 with many at once', () => {
    races(opened);
    crowd(opened);
  });
}

function races(opened: Opened): void {
  test('of several who create a stream, one succeeds', async () => {
    const under = await opened();
    const writers = [under.storage, await secondWriter(under)];
    const streams = upTo(10).map((number) => streamId(`new-${number}`));

    const answers = await Promise.all(
      streams.flatMap((stream) =>
        [...writers, ...writers].map((writer) =>
          writer.append([commit(under.schema, [stream, 'none', 1])], at(1)),
        ),
      ),
    );

    expect(answers.flat().filter(({ kind }) => kind === 'appended')).toHaveLength(streams.length);
    expect(await versions(under.storage, ...streams)).toEqual(streams.map(() => 1));
  });

  test('of several who claim a key, one succeeds and the others learn who', async () => {
    const under = await opened();
    const writers = [under.storage, await secondWriter(under)];

    const answers = await Promise.all(
      upTo(20).map((number) =>
        (writers[number % 2] ?? under.storage).append(
          // Two in one batch, too.
          [number, number + 100].map((writer) => ({
            ...noted(under.schema, a, 'any', `by ${writer}`),
            claims: [claim('k', `by ${writer}`)],
          })),
          at(1),
        ),
      ),
    );

    const [winner, ...others] = answers.flat().filter(({ kind }) => kind === 'appended');
    expect(winner).toBeDefined();
    expect(others).toEqual([]);
    const records = await under.storage.readStream(a, 1, 100);
    const holders = answers
      .flat()
      .map((verdict) => (verdict.kind === 'claimed' ? text(verdict.held.note) : undefined));
    expect(new Set(holders)).toEqual(
      new Set([undefined, ...records.map(({ body }) => text(body))]),
    );
    expect(records).toHaveLength(1);
  });

  test('LG-03 of several who register the same schemas, all learn the same ids', async () => {
    const under = await opened();
    const writers = [under.storage, await secondWriter(under)];
    const definitions = upTo(5).map((number) => definition(`Type ${number}`));

    const ids = await Promise.all(
      [...writers, ...writers].map((writer) => writer.registerSchemas(definitions)),
    );

    expect(new Set(ids[0]).size).toBe(5);
    expect(ids).toEqual(ids.map(() => ids[0]));
    expect(await under.storage.schemas()).toHaveLength(6);
  });
}

const writersAtOnce = 50;
const eventsOfEach = 12;

function crowd(opened: Opened): void {
  test('50 on 4 streams lose no update, leave no gap, write nothing twice, in one order', async () => {
    const under = await opened();
    const { storage, schema } = under;
    const other = await secondWriter(under);
    const [rare = 0] = await storage.registerSchemas([definition('Rare')]);
    const streams = ['w-1', 'w-2', 'w-3', 'w-4'].map(streamId);
    const readers = [follow(storage), follow(other), follow(storage, [rare])];

    await Promise.all(
      upTo(writersAtOnce).map((writer) =>
        writeUntilDone(
          writer % 2 === 0 ? storage : other,
          writer % 10 === 0 ? rare : schema,
          streams,
          writer,
        ),
      ),
    );

    const { position } = await storage.head();
    const [seen = [], seenBeside = [], seenRare = []] = await Promise.all(
      readers.map((reader) => reader.until(position)),
    );
    expect(position).toBe(writersAtOnce * eventsOfEach);
    expect(positions(seen)).toEqual(upTo(position));
    expect(positions(seenBeside)).toEqual(upTo(position));
    expect(positions(seenRare)).toEqual(positions(seen.filter((record) => record.schema === rare)));
    expect(new Set(seen.map(({ body }) => text(body))).size).toBe(position);
    for (const stream of streams) {
      const own = seen.filter((record) => record.stream === stream);
      expect(own.map(({ version }) => version)).toEqual(upTo(own.length));
      expect(own).toEqual(await storage.readStream(stream, 1, position));
    }
  }, 120_000);
}

/**
 * A reader that never stops reading, and would be caught by a position that shows after a later one. What
 * the head names must be there to read, and the head never goes back.
 */
function follow(
  storage: EventStorage,
  schemas?: readonly number[],
): { until(position: number): Promise<readonly StoredRecord[]> } {
  const seen: StoredRecord[] = [];
  let goal = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    for (let after = 0, last = 0; after < goal;) {
      const { position } = await storage.head();
      expect(position).toBeGreaterThanOrEqual(last);
      last = position;
      const page = await storage.readAll({ after, limit: 100, schemas });
      if (!page.more) expect(page.scannedTo).toBeGreaterThanOrEqual(position);
      seen.push(...page.records);
      after = page.scannedTo;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  // Told of by `until`, which may come later.
  reading.catch(() => undefined);
  return {
    until: async (position) => {
      goal = position;
      await reading;
      return seen;
    },
  };
}

/** Reads a stream's version and appends on it, over and over: on conflict it reads again. */
async function writeUntilDone(
  storage: EventStorage,
  schema: number,
  streams: readonly StreamId[],
  writer: number,
): Promise<void> {
  for (let done = 0; done < eventsOfEach;) {
    const stream = streams[(writer + done) % streams.length] ?? a;
    const expected = await storage.streamVersion(stream);
    const [verdict] = await storage.append(
      [noted(schema, stream, expected === 0 ? 'none' : expected, `${writer}/${done}`)],
      at(done),
    );
    if (verdict?.kind === 'appended') done += 1;
  }
}
