import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { streamId } from '../kernel/identifiers.ts';
import { instantFromMicroseconds, type Instant } from '../kernel/instant.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { openSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { StorageFailure, type Commit, type EventStorage } from '../storage/storage.ts';
import { copyLog, CopyMismatch, type CopyEnd } from './copy-log.ts';

const streams = ['a', 'b', 'c'].map(streamId);
const at = (microseconds: number): Instant => instantFromMicroseconds(microseconds);
const head: CopyEnd = { kind: 'head' };

async function openSqlite(): Promise<EventStorage> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-copy-'));
  const storage = await openSqliteStorage({ file: path.join(directory, 'log.sqlite') });
  onTestFinished(async () => {
    await storage.close();
    await rm(directory, { recursive: true });
  });
  return storage;
}

/** Appends records, each marked by its number, in batches of one time. */
function author(storage: EventStorage) {
  let records = 0;
  return async (microseconds: number, ...commits: readonly Partial<Written>[]): Promise<void> => {
    const [noted = 0, paid = 0] = await storage.registerSchemas([
      { type: 'Noted', version: 1, avro: 'bytes' },
      { type: 'Paid', version: 3, avro: 'string' },
    ]);
    const batch = commits.map(({ counts = [1], claims = [], paid: pays = false }): Commit => ({
      appends: counts.map((count, index) => ({
        stream: streams[index] ?? streamId('rest'),
        expected: 'any',
        records: Array.from({ length: count }, () => {
          records += 1;
          return { schema: pays ? paid : noted, body: Buffer.from(`record ${records}`) };
        }),
      })),
      claims,
    }));
    await storage.append(batch, at(microseconds));
  };
}

interface Written {
  /** How many records on each stream. */
  readonly counts: readonly number[];
  readonly paid: boolean;
  readonly claims: NonNullable<Commit['claims']>;
}

function claim(key: string, note: string, expiresAt?: number) {
  const expiry = expiresAt === undefined ? undefined : at(expiresAt);
  return { key, note: Buffer.from(note), expiresAt: expiry };
}

/** All that a copy keeps, as far as a position; schema ids by what they stand for. */
async function contentsOf(storage: EventStorage, upTo = Infinity): Promise<unknown> {
  const types = new Map(
    (await storage.schemas()).map(({ id, type, version }) => [id, [type, version]]),
  );
  const { records } = await storage.readAll({ after: 0, limit: 100_000 });
  const claims = await storage.listClaims(-1, Math.min(upTo, records.length));
  return {
    records: records
      .filter(({ position }) => position <= upTo)
      .map(({ schema, body, ...rest }) => ({
        ...rest,
        schema: types.get(schema),
        body: textOf(body),
      })),
    claims: claims
      .map(({ note, ...rest }) => ({ ...rest, note: textOf(note) }))
      .toSorted((left, right) => (left.key < right.key ? -1 : 1)),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

let source: EventStorage;
let target: EventStorage;
let write: ReturnType<typeof author>;
beforeEach(async () => {
  source = openMemoryStorage();
  target = await openSqlite();
  write = author(source);
});

describe('LG-14 a copy of a log', () => {
  test('has its records, places, times, schemas and claims', async () => {
    await target.registerSchemas([{ type: 'Paid', version: 3, avro: 'string' }]);
    await write(5, { counts: [], claims: [claim('first', 'before any record')] });
    await write(10, { counts: [2, 1] }, { paid: true, claims: [claim('k', 'n', 99)] });
    await write(20, { counts: [1, 0, 3], claims: [claim('l', 'm')] });

    const result = await copyLog(source, target, { end: head });

    expect(result).toEqual({ position: 8, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
    expect(await target.head()).toEqual(await source.head());
    for (const stream of streams) {
      expect(await target.streamVersion(stream)).toBe(await source.streamVersion(stream));
    }
  });

  test('has the claims of any number of commits without records, all taken where one record stands', async () => {
    const claims = Array.from({ length: 300 }, (_, index) => claim(`refused ${index}`, 'n'));
    await write(1, {}, ...claims.map((one) => ({ counts: [], claims: [one] })));

    expect(await copyLog(source, target, { end: head })).toEqual({ position: 1, complete: true });

    expect(await contentsOf(target)).toEqual(await contentsOf(source));
    expect(await target.listClaims(0, 1)).toHaveLength(300);
  });

  test('of nothing is nothing', async () => {
    expect(await copyLog(source, target, { end: head })).toEqual({ position: 0, complete: true });
    expect((await target.head()).position).toBe(0);
  });

  test('is made while the source goes on being written, and ends where it stood', async () => {
    for (let count = 1; count <= 3; count += 1) await write(count, {});
    const busy: EventStorage = {
      ...source,
      readAll: async (query) => {
        await write(100, { claims: [claim(`late ${query.after}`, 'n')] });
        return source.readAll(query);
      },
    };

    expect(await copyLog(busy, target, { end: head })).toEqual({ position: 3, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source, 3));
  });

  test('of more than a page tells how far it is', async () => {
    await write(1, { counts: [1_500] });
    await write(2, { counts: [3_000] });
    const progress: number[][] = [];

    await copyLog(source, target, {
      end: head,
      onProgress: (copied, total) => progress.push([copied, total]),
    });

    expect(progress).toEqual([
      [2_000, 4_500],
      [4_000, 4_500],
      [4_500, 4_500],
    ]);
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });
});

describe('LG-14 a copy ends', () => {
  beforeEach(async () => {
    await write(10, { counts: [2] });
    await write(20, { counts: [1] });
    await write(20, { counts: [1] });
    await write(30, { counts: [3] });
  });

  test.each<[string, CopyEnd, number]>([
    ['at the head', head, 7],
    ['behind a position', { kind: 'position', position: 3 }, 3],
    ['behind the last position', { kind: 'position', position: 7 }, 7],
    ['behind no position', { kind: 'position', position: 0 }, 0],
    ['with all of a moment', { kind: 'time', time: at(20) }, 4],
    ['a nanosecond before that', { kind: 'time', time: (at(20) - 1n) as Instant }, 2],
    ['between two moments', { kind: 'time', time: at(29) }, 4],
    ['before the first', { kind: 'time', time: at(9) }, 0],
    ['at any time to come', { kind: 'time', time: at(9_000_000) }, 7],
  ])('%s', async (_, end, position) => {
    expect(await copyLog(source, target, { end })).toEqual({ position, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source, position));
  });

  test.each([8, -1])('not at position %i, where there is none', async (position) => {
    const copy = copyLog(source, target, { end: { kind: 'position', position } });
    await expect(copy).rejects.toThrow(RangeError);
    await expect(copy).rejects.toThrow(`the log ends at position 7: ${position} is not in it`);
    expect(await target.schemas()).toEqual([]);
  });
});

describe('LG-14 a copy goes on', () => {
  test('where the one before was stopped', async () => {
    await write(1, { counts: [5_000] });
    const ending = new AbortController();

    const first = await copyLog(source, target, {
      end: head,
      signal: ending.signal,
      onProgress: () => ending.abort(),
    });
    const second = await copyLog(source, target, { end: head });

    expect([first, second]).toEqual([
      { position: 2_000, complete: false },
      { position: 5_000, complete: true },
    ]);
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });

  test('where the one before failed', async () => {
    for (let count = 1; count <= 5; count += 1)
      await write(count, { claims: [claim(`${count}`, 'n')] });
    let appends = 0;
    const failing: EventStorage = {
      ...target,
      append: async (batch, time) => {
        appends += 1;
        if (appends === 3) throw new StorageFailure('disk full', { final: false });
        return target.append(batch, time);
      },
    };

    await expect(copyLog(source, failing, { end: head })).rejects.toThrow('disk full');
    expect((await target.head()).position).toBe(2);
    await copyLog(source, target, { end: head });

    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });

  test('with what was written since, and with nothing when that is nothing', async () => {
    await write(1, {}, {});
    await copyLog(source, target, { end: head });
    await write(2, { paid: true });

    expect(await copyLog(source, target, { end: head })).toEqual({ position: 3, complete: true });
    expect(await copyLog(source, target, { end: head })).toEqual({ position: 3, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });

  test('with claims that were taken since by commits without records', async () => {
    await write(1, { claims: [claim('with a record', 'n')] });
    await copyLog(source, target, { end: head });
    await write(2, { counts: [], claims: [claim('without', 'n', 50)] });
    await write(3, { counts: [0, 0], claims: [claim('without either', 'm')] });

    expect(await copyLog(source, target, { end: head })).toEqual({ position: 1, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
    await write(4, {});
    await copyLog(source, target, { end: head });

    expect(await contentsOf(target)).toEqual(await contentsOf(source));
    expect(await target.head()).toEqual(await source.head());
  });

  test('though a key has expired since, and was taken anew', async () => {
    await write(1, { claims: [claim('k', 'old', 5)] });
    await copyLog(source, target, { end: head });
    await write(4, {}, {});
    await write(6, { counts: [], claims: [claim('k', 'new', 9)] });
    await write(8, {});

    const half = await copyLog(source, target, { end: { kind: 'position', position: 3 } });
    expect(await contentsOf(target)).toEqual(await contentsOf(source, 3));
    await write(10, { counts: [], claims: [claim('k', 'newest')] });
    await copyLog(source, target, { end: head });

    expect(half).toEqual({ position: 3, complete: true });
    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });
});

describe('LG-14 a copy goes on with a claim that was taken anew, for it had expired when it was taken,', () => {
  test.each<[string, number, string, number]>([
    ['with another note', 0, 'other', 1],
    ['to expire at another time', 0, 'n', 9],
    ['later in the log', 1, 'n', 1],
  ])('%s', async (_, records, note, expiresAt) => {
    await write(5, { claims: [claim('k', 'n', 1)] });
    await write(6, { counts: [records] });
    await copyLog(source, target, { end: head });
    await write(7, { counts: [], claims: [claim('k', note, expiresAt)] });

    await copyLog(source, target, { end: head });

    expect(await contentsOf(target)).toEqual(await contentsOf(source));
  });
});

describe('LG-14 a target that holds something else is left as it is:', () => {
  beforeEach(() => write(1, {}, {}));

  test('another log', async () => {
    await target.registerSchemas([{ type: 'Other', version: 1, avro: 'bytes' }]);
    const [schema = 0] = await target.registerSchemas([
      { type: 'Noted', version: 1, avro: 'bytes' },
    ]);
    const append = {
      stream: streams[0]!,
      expected: 'any',
      records: [{ schema, body: Buffer.of() }],
    };
    await target.append([{ appends: [{ ...append, expected: 'any' }] }], at(1));
    const before = await contentsOf(target);

    const copy = copyLog(source, target, { end: head });

    await expect(copy).rejects.toThrow(CopyMismatch);
    await expect(copy).rejects.toThrow('the target holds another log: use an empty one');
    expect(await contentsOf(target)).toEqual(before);
    // A schema that its own program does not know would keep that from starting.
    expect((await target.schemas()).map(({ type }) => type)).toEqual(['Other', 'Noted']);
  });

  test.each<[string, Partial<Written>]>([
    ['on another stream', { counts: [0, 1] }],
    ['recorded at another time', {}],
  ])('a log whose last record has the same bytes, %s', async (_, other) => {
    const twin = openMemoryStorage();
    const twinWrite = author(twin);
    await twinWrite(1, other);
    await twinWrite(other.counts === undefined ? 2 : 1, other);

    await expect(copyLog(source, twin, { end: head })).rejects.toThrow(CopyMismatch);
  });

  test('more than is asked for', async () => {
    await copyLog(source, target, { end: head });
    const copy = copyLog(source, target, { end: { kind: 'position', position: 1 } });

    await expect(copy).rejects.toThrow(CopyMismatch);
    await expect(copy).rejects.toThrow(
      'the target holds 2 events already, more than the 1 to copy: use an empty one',
    );
  });

  test('what another program adds meanwhile', async () => {
    await write(2, {});
    await write(3, {}, {}, {});
    const busy: EventStorage = {
      ...target,
      append: async (batch, time) => {
        if (time === at(3)) await author(target)(2, { counts: [0, 0, 1] });
        return target.append(batch, time);
      },
    };

    const copy = copyLog(source, busy, { end: head });

    await expect(copy).rejects.toThrow(CopyMismatch);
    await expect(copy).rejects.toThrow('another program writes to the target');
  });

  test('a key that another program has taken', async () => {
    await copyLog(source, target, { end: head });
    await target.append([{ appends: [], claims: [claim('k', 'theirs')] }], at(1));
    await write(1, { counts: [], claims: [claim('k', 'ours')] });

    await expect(copyLog(source, target, { end: head })).rejects.toThrow(CopyMismatch);
    expect(textOf((await target.findClaim('k', at(1)))?.note ?? Buffer.of())).toBe('theirs');
  });

  test('nor is anything written behind a record that was refused', async () => {
    await write(2, {}, { counts: [0, 1] }, { counts: [0, 0, 1] });
    const others = author(target);
    let added = false;
    const busy: EventStorage = {
      ...target,
      append: async (batch, time) => {
        if (time === at(2) && !added) await others(1, {});
        added = time === at(2);
        return target.append(batch, time);
      },
    };

    await expect(copyLog(source, busy, { end: head })).rejects.toThrow(CopyMismatch);
    expect((await target.head()).position).toBe(3);
  });
});

describe('LG-14 any log, copied in any number of steps', () => {
  const commit = fc.record({
    counts: fc.array(fc.nat(2), { maxLength: 3 }),
    paid: fc.boolean(),
    claims: fc.uniqueArray(
      fc.record({ key: fc.constantFrom('k', 'l', 'm'), expiresIn: fc.option(fc.nat(6)) }),
      { selector: ({ key }) => key, maxLength: 2 },
    ),
  });
  const step = fc.record({
    passes: fc.nat(3),
    commits: fc.array(commit, { maxLength: 3 }),
    copy: fc.constantFrom('no', 'no', 'all', 'half'),
  });

  test('comes out as it went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
        const from = openMemoryStorage();
        const to = openMemoryStorage();
        const append = author(from);
        let now = 1;
        for (const { passes, commits, copy } of steps) {
          now += passes;
          const time = now;
          const batch = commits.map(({ claims, ...rest }) => ({
            ...rest,
            claims: claims.map(({ key, expiresIn }) =>
              claim(key, `taken at ${time}`, expiresIn === null ? undefined : time + expiresIn),
            ),
          }));
          await append(time, ...batch);
          const { position } = await from.head();
          const { position: copied } = await to.head();
          if (copy === 'half') {
            const end = { kind: 'position', position: (position + copied + 1) >> 1 } as const;
            await copyLog(from, to, { end });
          } else if (copy === 'all') {
            await copyLog(from, to, { end: head });
            expect(await contentsOf(to)).toEqual(await contentsOf(from));
          }
        }
        await copyLog(from, to, { end: head });
        expect(await contentsOf(to)).toEqual(await contentsOf(from));
      }),
      { numRuns: 300 },
    );
  });
});
