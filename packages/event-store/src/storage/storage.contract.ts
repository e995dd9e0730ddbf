import { afterEach, describe, expect, test } from 'vitest';
import { streamId, type StreamId } from '../kernel/identifiers.ts';
import { instantFromMicroseconds, type Instant } from '../kernel/instant.ts';
import {
  SchemaConflict,
  StorageFailure,
  type Commit,
  type EventStorage,
  type Expectation,
  type StoredRecord,
  type Verdict,
} from './storage.ts';

/** A storage under test. */
export interface StorageUnderTest {
  readonly storage: EventStorage;
  /** Closes it and opens the same log anew; absent where nothing outlives the process. */
  readonly reopen?: () => Promise<EventStorage>;
  /** Another storage on the same log, as another process would have it; absent where there can't be. */
  readonly beside?: () => Promise<EventStorage>;
  /** Closes whatever is open and removes the log. */
  destroy(): Promise<void>;
}

/** The suite that every implementation of the port passes, each against the real thing. */
export function describeStorageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the storage contract`, () => {
    let current: StorageUnderTest | undefined;

    const opened = async (): Promise<StorageUnderTest & { readonly schema: number }> => {
      current = await open();
      const [schema] = await current.storage.registerSchemas([definition('Noted')]);
      return { ...current, schema: schema ?? 0 };
    };

    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    appending(opened);
    reading(opened);
    concurrency(opened);
    keeping(opened);
  });
}

type Opened = () => Promise<StorageUnderTest & { readonly schema: number }>;

function appending(opened: Opened): void {
  describe('LG-01 appending', () => {
    test('numbers records by stream and over the whole log, and reads them back byte for byte', async () => {
      const { storage, schema } = await opened();
      const bodies = [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.alloc(1_000_000, 7)];

      const [verdict] = await storage.append(
        [
          {
            appends: [
              { stream: a, expected: 'none', records: bodies.map((body) => ({ schema, body })) },
            ],
          },
        ],
        at(5),
      );

      expect(verdict).toEqual({
        kind: 'appended',
        firstPosition: 1,
        count: 3,
        versions: [3],
        recordedAt: at(5),
      });
      const records = await storage.readStream(a, 1, 10);
      expect(records.map(({ position, version }) => [position, version])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(
        records.every((record, index) => Buffer.compare(record.body, bodies[index] ?? never) === 0),
      ).toBe(true);
    });

    test('writes a commit to all of its streams or to none', async () => {
      const { storage, schema } = await opened();
      await storage.append([commit(schema, [b, 'none', 1])], at(1));

      const [refused, passed] = await storage.append(
        [commit(schema, [a, 'none', 2], [b, 'none', 1]), commit(schema, [a, 'none', 1], [b, 1, 2])],
        at(2),
      );

      expect(refused).toEqual({ kind: 'conflict', stream: b, expected: 'none', actual: 1 });
      expect(passed).toMatchObject({ firstPosition: 2, count: 3, versions: [1, 3] });
      expect(await versions(storage, a, b)).toEqual([1, 3]);
      expect((await storage.head()).position).toBe(4);
    });

    test('judges commits in order, each on what those accepted before it have left', async () => {
      const { storage, schema } = await opened();

      const verdicts = await storage.append(
        [
          commit(schema, [a, 3, 1]),
          commit(schema, [a, 1, 1]),
          commit(schema, [a, 'none', 1]),
          commit(schema, [a, 1, 1]),
          commit(schema, [a, 'any', 1]),
          commit(schema, [a, 'none', 1]),
          commit(schema, [a, 3, 1]),
        ],
        at(1),
      );

      expect(verdicts.map(({ kind }) => kind)).toEqual([
        'conflict',
        'conflict',
        'appended',
        'appended',
        'appended',
        'conflict',
        'appended',
      ]);
      expect(verdicts[6]).toMatchObject({ firstPosition: 4, versions: [4] });
    });

    test('a commit without records checks versions and leaves no trace', async () => {
      const { storage, schema } = await opened();
      await storage.append([commit(schema, [a, 'none', 2])], at(1));

      const verdicts = await storage.append(
        [commit(schema, [a, 2, 0], [b, 'none', 0]), commit(schema, [a, 1, 0]), { appends: [] }],
        at(2),
      );

      expect(verdicts.map(({ kind }) => kind)).toEqual(['appended', 'conflict', 'appended']);
      expect(verdicts[0]).toMatchObject({ count: 0, versions: [2, 0] });
      expect(await storage.head()).toEqual({ position: 2, recordedAt: at(1) });
    });

    test.each<[string, Commit]>([
      ['a stream named twice', commit(1, [streamId('a'), 'any', 1], [streamId('a'), 'any', 1])],
      ['a version below zero', commit(1, [streamId('a'), -1, 1])],
      ['half a version', commit(1, [streamId('a'), 1.5, 1])],
      ['a claim without a key', { appends: [], claims: [claim('')] }],
      ['one key claimed twice', { appends: [], claims: [claim('k'), claim('k')] }],
    ])('refuses %s before anything of the batch is written', async (_, malformed) => {
      const { storage, schema } = await opened();

      await expect(
        storage.append([commit(schema, [b, 'any', 1]), malformed], at(1)),
      ).rejects.toThrow(RangeError);
      expect((await storage.head()).position).toBe(0);
    });

    test('recorded times never run backwards, even if the clock does', async () => {
      const { storage, schema } = await opened();

      for (const microseconds of [10, 5, 20]) {
        await storage.append([commit(schema, [a, 'any', 1])], at(microseconds));
      }

      const records = await storage.readStream(a, 1, 10);
      expect(records.map(({ recordedAt }) => recordedAt)).toEqual([at(10), at(10), at(20)]);
      expect(await storage.head()).toEqual({ position: 3, recordedAt: at(20) });
    });

    test('OP-11 after it was closed, nothing is taken in', async () => {
      const { storage, schema } = await opened();
      await storage.close();

      await expect(storage.append([commit(schema, [a, 'any', 1])], at(1))).rejects.toThrow(
        StorageFailure,
      );
    });
  });
}

function reading(opened: Opened): void {
  describe('LG-02 reading', () => {
    test('a stream from a version on, in pages', async () => {
      const { storage, schema } = await opened();
      await storage.append(
        [
          commit(schema, [a, 'any', 3]),
          commit(schema, [b, 'any', 1]),
          commit(schema, [a, 'any', 2]),
        ],
        at(1),
      );

      const first = await storage.readStream(a, 2, 2);
      const second = await storage.readStream(a, 4, 2);

      expect(first.map(({ version }) => version)).toEqual([2, 3]);
      expect(second.map(({ version, position }) => [version, position])).toEqual([
        [4, 5],
        [5, 6],
      ]);
      expect(await storage.readStream(streamId('nobody'), 1, 10)).toEqual([]);
      expect(await versions(storage, a, streamId('nobody'))).toEqual([5, 0]);
    });

    test('the whole log in pages, each saying how far it has looked', async () => {
      const { storage, schema } = await opened();
      await storage.append([commit(schema, [a, 'any', 5])], at(1));

      const first = await storage.readAll({ after: 0, limit: 3 });
      const second = await storage.readAll({ after: first.scannedTo, limit: 3 });
      const third = await storage.readAll({ after: second.scannedTo, limit: 3 });

      expect(
        [first, second, third].map(({ records, scannedTo, more }) => [
          positions(records),
          scannedTo,
          more,
        ]),
      ).toEqual([
        [[1, 2, 3], 3, true],
        [[4, 5], 5, false],
        [[], 5, false],
      ]);
    });

    test('by type, however rare, over as many pages as it takes', async () => {
      const { storage, schema } = await opened();
      const [rare = 0, unused = 0] = await storage.registerSchemas([
        definition('Rare'),
        definition('Unused'),
      ]);
      const expected: number[] = [];
      for (let round = 0; round < 40; round += 1) {
        await storage.append([commit(schema, [a, 'any', 700])], at(round));
        if (round % 13 === 0) {
          const [verdict] = await storage.append(
            [commit(rare, [b, 'any', 1]), commit(schema, [a, 'any', 1])],
            at(round),
          );
          expected.push(verdict?.kind === 'appended' ? verdict.firstPosition : 0);
        }
      }

      expect(await followed(storage, { schemas: [rare], limit: 2 })).toEqual(expected);
      expect((await followed(storage, { schemas: [rare, schema], limit: 5_000 })).length).toBe(
        (await storage.head()).position,
      );
      expect(await storage.readAll({ after: 0, limit: 10, schemas: [unused] })).toEqual({
        records: [],
        scannedTo: (await storage.head()).position,
        more: false,
      });
    });

    test('by time: from a moment included to a moment excluded', async () => {
      const { storage, schema } = await opened();
      for (const microseconds of [10, 10, 20, 30, 30, 40]) {
        await storage.append([commit(schema, [a, 'any', 1])], at(microseconds));
      }

      const between = async (since?: number, until?: number): Promise<number[]> => {
        const page = await storage.readAll({
          after: 0,
          limit: 100,
          since: since === undefined ? undefined : at(since),
          until: until === undefined ? undefined : at(until),
        });
        return positions(page.records);
      };

      expect(await between(20, 40)).toEqual([3, 4, 5]);
      expect(await between(11)).toEqual([3, 4, 5, 6]);
      expect(await between(undefined, 10)).toEqual([]);
      expect(await between(41)).toEqual([]);
      const page = await storage.readAll({ after: 0, limit: 100, until: at(30) });
      expect([page.scannedTo, page.more]).toEqual([3, false]);
    });

    test('rings after an append, and no more once the watch has ended', async () => {
      const { storage, schema } = await opened();
      let rings = 0;
      const first = Promise.withResolvers<void>();
      const unwatch = storage.watch(() => {
        rings += 1;
        first.resolve();
      });
      await storage.append([commit(schema, [a, 'any', 1])], at(1));
      await first.promise;
      unwatch();
      const before = rings;

      await storage.append([commit(schema, [a, 'any', 1])], at(2));

      expect(before).toBeGreaterThan(0);
      expect(rings).toBe(before);
    });

    test('rings for what another process has appended', async () => {
      const { storage, beside, schema } = await opened();
      if (beside === undefined) return expect(beside).toBeUndefined();
      const other = await beside();
      const rang = Promise.withResolvers<void>();
      const unwatch = storage.watch(() => {
        void storage.head().then(({ position }) => position === 1 && rang.resolve());
      });

      await other.append([commit(schema, [a, 'any', 1])], at(1));
      await rang.promise;
      unwatch();

      expect((await storage.head()).position).toBe(1);
      await other.close();
    });
  });
}

function concurrency(opened: Opened): void {
  describe('LG-01 with many writers at once', () => {
    test('of two who create a stream, one succeeds', async () => {
      const { storage, beside, schema } = await opened();
      const other = (await beside?.()) ?? storage;

      const verdicts = await Promise.all(
        [storage, other, storage, other].map((writer) =>
          writer.append([commit(schema, [a, 'none', 1])], at(1)),
        ),
      );

      expect(verdicts.flat().filter(({ kind }) => kind === 'appended')).toHaveLength(1);
      expect(await versions(storage, a)).toEqual([1]);
      if (other !== storage) await other.close();
    });

    test('50 on 4 streams lose no update, leave no gap, write nothing twice, in one order', async () => {
      const { storage, beside, schema } = await opened();
      const other = (await beside?.()) ?? storage;
      const streams = ['w-1', 'w-2', 'w-3', 'w-4'].map(streamId);
      const reader = follow(storage);

      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          writeUntilDone(index % 2 === 0 ? storage : other, schema, streams, index, 20),
        ),
      );
      const { position } = await storage.head();
      const seen = await reader.until(position);

      expect(position).toBe(50 * 20);
      expect(positions(seen)).toEqual(Array.from({ length: position }, (_, index) => index + 1));
      expect(new Set(seen.map(({ body }) => Buffer.from(body).toString())).size).toBe(position);
      for (const stream of streams) {
        const own = seen.filter((record) => record.stream === stream);
        expect(own.map(({ version }) => version)).toEqual(own.map((_, index) => index + 1));
        expect(own).toEqual(await storage.readStream(stream, 1, position));
      }
      if (other !== storage) await other.close();
    }, 120_000);

    test('the same as a model that does one thing after the other', async () => {
      const { storage, schema } = await opened();
      const model = new Map<StreamId, number>();
      const random = randomNumbers(20_261_120);
      let head = 0;
      for (let round = 0; round < 60; round += 1) {
        const batch = Array.from({ length: 1 + random(6) }, () =>
          randomCommit(schema, model, random),
        );
        const verdicts = await storage.append(batch, at(round));
        batch.forEach((one, index) => {
          const expected = modelVerdict(one, model, head, at(round));
          expect(verdicts[index]).toEqual(expected);
          if (expected.kind === 'appended') head += expected.count;
        });
      }
      expect(head).toBeGreaterThan(50);
      expect((await storage.head()).position).toBe(head);
    });
  });
}

function keeping(opened: Opened): void {
  describe('LG-03, LG-05 keeping what is beside the log', () => {
    test('a schema keeps its id, and a changed one under an old version is refused', async () => {
      const { storage, schema } = await opened();
      const [again, next] = await storage.registerSchemas([
        definition('Noted'),
        definition('Noted', 2),
      ]);

      expect(again).toBe(schema);
      expect(next).not.toBe(schema);
      await expect(
        storage.registerSchemas([definition('Other'), { ...definition('Noted'), avro: 'int' }]),
      ).rejects.toThrow(SchemaConflict);
      expect((await storage.schemas()).map(({ type, version }) => `${type} ${version}`)).toEqual([
        'Noted 1',
        'Noted 2',
      ]);
    });

    test('a snapshot is found in its format, the newest in place of the older', async () => {
      const { storage } = await opened();
      await storage.saveSnapshot(a, { version: 5, format: 'f1', bytes: Buffer.from('five') });
      await storage.saveSnapshot(a, { version: 9, format: 'f1', bytes: Buffer.from('nine') });

      const found = await storage.loadSnapshot(a, 'f1');

      expect(found?.version).toBe(9);
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe('nine');
      expect(await storage.loadSnapshot(a, 'f2')).toBeUndefined();
      expect(await storage.loadSnapshot(b, 'f1')).toBeUndefined();
    });

    test('a claim lets one commit through, until it expires', async () => {
      const { storage, schema } = await opened();
      const claiming = { ...commit(schema, [a, 'any', 1]), claims: [claim('k', 'first', 100)] };

      const [first] = await storage.append([claiming], at(1));
      const [second] = await storage.append(
        [{ ...claiming, claims: [claim('k', 'second', 200)] }],
        at(99),
      );
      const [third] = await storage.append(
        [{ ...claiming, claims: [claim('k', 'third', 200)] }],
        at(100),
      );

      expect([first?.kind, second?.kind, third?.kind]).toEqual(['appended', 'claimed', 'appended']);
      expect(
        second?.kind === 'claimed' && [
          second.held.key,
          text(second.held.note),
          second.held.position,
        ],
      ).toEqual(['k', 'first', 1]);
      expect(text((await storage.findClaim('k', at(150)))?.note)).toBe('third');
      expect(await storage.findClaim('k', at(200))).toBeUndefined();
      expect((await storage.head()).position).toBe(2);
    });

    test('a claim is looked at before any stream, and not taken by a commit that fails', async () => {
      const { storage, schema } = await opened();

      const verdicts = await storage.append(
        [
          { ...commit(schema, [a, 7, 1]), claims: [claim('k')] },
          { ...commit(schema, [a, 'none', 1]), claims: [claim('k'), claim('l')] },
          { ...commit(schema, [a, 7, 1]), claims: [claim('l')] },
        ],
        at(1),
      );

      expect(verdicts.map(({ kind }) => kind)).toEqual(['conflict', 'appended', 'claimed']);
      expect(verdicts[2]?.kind === 'claimed' && verdicts[2].held.position).toBe(1);
    });

    test('claims are listed by where the log stood, for ever those without an end', async () => {
      const { storage, schema } = await opened();
      await storage.append([{ appends: [], claims: [claim('zero')] }], at(1));
      for (const key of ['one', 'two', 'three']) {
        await storage.append([{ ...commit(schema, [a, 'any', 1]), claims: [claim(key)] }], at(2));
      }

      const listed = await storage.listClaims(0, 2);
      const all = await storage.listClaims(-1, 9);

      expect(listed.map(({ key, position }) => [key, position])).toEqual([
        ['one', 1],
        ['two', 2],
      ]);
      expect(all.map(({ key }) => key)).toEqual(['zero', 'one', 'two', 'three']);
      expect(all.map(({ expiresAt }) => expiresAt)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });

    test('OP-11 all of it is there when the log is opened again', async () => {
      const { storage, reopen, schema } = await opened();
      if (reopen === undefined) return expect(reopen).toBeUndefined();
      await storage.append(
        [{ ...commit(schema, [a, 'none', 3]), claims: [claim('k', 'kept')] }],
        at(7),
      );
      const before = await storage.readAll({ after: 0, limit: 10 });

      const again = await reopen();

      expect(await again.readAll({ after: 0, limit: 10 })).toEqual(before);
      expect(await again.head()).toEqual({ position: 3, recordedAt: at(7) });
      expect(text((await again.findClaim('k', at(8)))?.note)).toBe('kept');
      const [conflict, next] = await again.append(
        [commit(schema, [a, 'none', 1]), commit(schema, [a, 3, 1])],
        at(1),
      );
      expect(conflict?.kind).toBe('conflict');
      expect(next).toMatchObject({ firstPosition: 4, versions: [4], recordedAt: at(7) });
    });
  });
}

const a = streamId('a');
const b = streamId('b');
const never = Buffer.from('never');

function at(microseconds: number): Instant {
  return instantFromMicroseconds(microseconds);
}

function definition(type: string, version = 1): { type: string; version: number; avro: string } {
  return { type, version, avro: 'bytes' };
}

function commit(schema: number, ...appends: readonly [StreamId, Expectation, number][]): Commit {
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

function claim(key: string, note = '', expiresAt?: number): NonNullable<Commit['claims']>[number] {
  return {
    key,
    note: Buffer.from(note),
    expiresAt: expiresAt === undefined ? undefined : at(expiresAt),
  };
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}

function positions(records: readonly StoredRecord[]): number[] {
  return records.map(({ position }) => position);
}

async function versions(storage: EventStorage, ...streams: readonly StreamId[]): Promise<number[]> {
  return Promise.all(streams.map((stream) => storage.streamVersion(stream)));
}

async function followed(
  storage: EventStorage,
  { schemas, limit }: { readonly schemas: readonly number[]; readonly limit: number },
): Promise<number[]> {
  const found: number[] = [];
  for (let after = 0; ;) {
    const page = await storage.readAll({ after, limit, schemas });
    found.push(...positions(page.records));
    after = page.scannedTo;
    if (!page.more) return found;
  }
}

/** A reader that never stops reading, and would be caught by a position that shows after a later one. */
function follow(storage: EventStorage): {
  until(position: number): Promise<readonly StoredRecord[]>;
} {
  const seen: StoredRecord[] = [];
  let goal = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    for (let after = 0; after < goal;) {
      const page = await storage.readAll({ after, limit: 100 });
      seen.push(...page.records);
      after = page.scannedTo;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    until: async (position) => {
      goal = position;
      await reading;
      return seen;
    },
  };
}

async function writeUntilDone(
  storage: EventStorage,
  schema: number,
  streams: readonly StreamId[],
  writer: number,
  count: number,
): Promise<void> {
  for (let done = 0; done < count;) {
    const stream = streams[(writer + done) % streams.length] ?? a;
    const expected = await storage.streamVersion(stream);
    const body = Buffer.from(`${writer}/${done}`);
    const [verdict] = await storage.append(
      [{ appends: [{ stream, expected, records: [{ schema, body }] }] }],
      at(done),
    );
    if (verdict?.kind === 'appended') done += 1;
  }
}

/** Numbers from 0 up to a limit, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function randomCommit(
  schema: number,
  model: ReadonlyMap<StreamId, number>,
  random: (limit: number) => number,
): Commit {
  const streams = ['m-1', 'm-2', 'm-3'].map(streamId).filter(() => random(2) === 0);
  return commit(
    schema,
    ...streams.map((stream): [StreamId, Expectation, number] => {
      const likely = (model.get(stream) ?? 0) + random(3);
      const expected = (['any', 'none', likely, likely] as const)[random(4)] ?? 'any';
      return [stream, expected, random(3)];
    }),
  );
}

function modelVerdict(
  { appends }: Commit,
  model: Map<StreamId, number>,
  head: number,
  recordedAt: Instant,
): Verdict {
  for (const { stream, expected } of appends) {
    const actual = model.get(stream) ?? 0;
    if (expected !== 'any' && (expected === 'none' ? 0 : expected) !== actual) {
      return { kind: 'conflict', stream, expected, actual };
    }
  }
  let count = 0;
  for (const { stream, records } of appends) {
    model.set(stream, (model.get(stream) ?? 0) + records.length);
    count += records.length;
  }
  const after = appends.map(({ stream }) => model.get(stream) ?? 0);
  return { kind: 'appended', firstPosition: head + 1, count, versions: after, recordedAt };
}
