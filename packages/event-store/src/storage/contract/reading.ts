import { describe, expect, test } from 'vitest';
import { streamId } from '../../kernel/identifiers.ts';
import type { Instant } from '../../kernel/instant.ts';
import { a, at, b, commit, definition, pagesOf, positions, upTo, versions } from './samples.ts';
import type { Opened } from './storage-under-test.ts';

/** What the port promises of readers, one stream or the whole log. */
export function readingContract(opened: Opened): void {
  describe('LG-02 reading', () => {
    streams(opened);
    wholeLog(opened);
    byType(opened);
    byTime(opened);
    following(opened);
  });
}

function streams(opened: Opened): void {
  test('a stream from a version on, in pages', async () => {
    const { storage, schema } = await opened();
    await storage.append(
      [commit(schema, [a, 'any', 3]), commit(schema, [b, 'any', 1]), commit(schema, [a, 'any', 2])],
      at(1),
    );

    const first = await storage.readStream(a, 2, 2);
    const second = await storage.readStream(a, 4, 2);

    expect(first.map(({ version }) => version)).toEqual([2, 3]);
    expect(second.map(({ version, position }) => [version, position])).toEqual([
      [4, 5],
      [5, 6],
    ]);
    expect(await storage.readStream(a, 6, 2)).toEqual([]);
    expect(await storage.readStream(a, 0, 1)).toHaveLength(1);
    expect(await storage.readStream(streamId('nobody'), 1, 10)).toEqual([]);
    expect(await versions(storage, a, b, streamId('nobody'))).toEqual([5, 1, 0]);
  });

  test('any stretch of a long stream whose events lie between those of others', async () => {
    const { storage, schema } = await opened();
    const sizes = Array.from({ length: 60 }, (_, batch) => 1 + (batch % 9));
    for (const size of sizes) {
      await storage.append([commit(schema, [a, 'any', size], [b, 'any', 1])], at(1));
    }
    const all = await storage.readAll({ after: 0, limit: 1_000 });
    const long = all.records.filter(({ stream }) => stream === a);

    const stretches = Array.from({ length: long.length + 2 }, (_, from) =>
      [1, 2, 63, 64, 65, 500].map((limit) => ({ from: from + 1, limit })),
    ).flat();
    expect(long.length).toBe(sum(sizes));
    for (const { from, limit } of stretches) {
      const read = await storage.readStream(a, from, limit);
      expect(read, `${limit} from ${from}`).toEqual(long.slice(from - 1, from - 1 + limit));
    }
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function wholeLog(opened: Opened): void {
  test('the whole log in pages, each saying how far it has looked', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [a, 'any', 6])], at(1));

    const pages = [
      await storage.readAll({ after: 0, limit: 4 }),
      await storage.readAll({ after: 4, limit: 4 }),
      await storage.readAll({ after: 3, limit: 3 }),
      await storage.readAll({ after: 6, limit: 3 }),
      await storage.readAll({ after: 60, limit: 3 }),
    ];

    expect(
      pages.map(({ records, scannedTo, more }) => [positions(records), scannedTo, more]),
    ).toEqual([
      [[1, 2, 3, 4], 4, true],
      [[5, 6], 6, false],
      [[4, 5, 6], 6, false],
      [[], 6, false],
      [[], 60, false],
    ]);
  });

  test('an empty log', async () => {
    const { storage, schema } = await opened();

    for (const filter of [{}, { schemas: [schema] }, { since: at(1) }, { until: at(1) }]) {
      expect(await storage.readAll({ after: 0, limit: 3, ...filter })).toEqual({
        records: [],
        scannedTo: 0,
        more: false,
      });
    }
  });
}

function byType(opened: Opened): void {
  test('by type, however rare, over as many pages as it takes', async () => {
    const { storage, schema } = await opened();
    const [rare = 0, unused = 0] = await storage.registerSchemas([
      definition('Rare'),
      definition('Unused'),
    ]);
    const expected: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      await storage.append([commit(schema, [a, 'any', 700])], at(round));
      // Far apart, and close together.
      if (round % 13 === 0 || (round > 19 && round < 27)) {
        const [verdict] = await storage.append(
          [commit(rare, [b, 'any', 1]), commit(schema, [a, 'any', 1])],
          at(round),
        );
        expected.push(verdict?.kind === 'appended' ? verdict.firstPosition : 0);
      }
    }
    const { position } = await storage.head();
    const found = async (schemas: readonly number[], limit: number): Promise<number[]> => {
      const pages = await pagesOf(storage, { after: 0, limit, schemas });
      expect(pages.every(({ records }) => records.length <= limit)).toBe(true);
      expect(pages.at(-1)?.scannedTo).toBe(position);
      return pages.flatMap(({ records }) => positions(records));
    };

    expect(await found([rare], 2)).toEqual(expected);
    expect(await found([rare, unused], 100)).toEqual(expected);
    expect(await found([rare, schema], 5_000)).toEqual(upTo(position));
    expect(await found([unused], 10)).toEqual([]);
    expect(await found([], 10)).toEqual([]);
  });
}

function byTime(opened: Opened): void {
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
      expect(page.more).toBe(false);
      return positions(page.records);
    };

    expect(await between(20, 40)).toEqual([3, 4, 5]);
    expect(await between(11)).toEqual([3, 4, 5, 6]);
    expect(await between(undefined, 10)).toEqual([]);
    expect(await between(41)).toEqual([]);
    expect(await between(40, 20)).toEqual([]);
    expect(await between(-5, 5_000)).toEqual(upTo(6));
  });

  test('by time, with bounds finer than the microseconds of recorded times', async () => {
    const { storage, schema } = await opened();
    for (const microseconds of [5, 6]) {
      await storage.append([commit(schema, [a, 'any', 1])], at(microseconds));
    }
    const between = async (since: bigint, until: bigint): Promise<number[]> => {
      const bounds = { since: since as Instant, until: until as Instant };
      return positions((await storage.readAll({ after: 0, limit: 9, ...bounds })).records);
    };

    expect(await between(0n, 5_001n)).toEqual([1]);
    expect(await between(5_001n, 6_001n)).toEqual([2]);
    expect(await between(5_000n, 6_000n)).toEqual([1]);
    expect(await between(-1_500n, -1n)).toEqual([]);
  });

  test('by time and in pages, the last of which has reached the end asked for', async () => {
    const { storage, schema } = await opened();
    for (const microseconds of [10, 10, 20, 30, 30, 40]) {
      await storage.append([commit(schema, [a, 'any', 1])], at(microseconds));
    }

    const pages = await pagesOf(storage, { after: 1, limit: 2, until: at(40) });

    expect(
      pages.map(({ records, scannedTo, more }) => [positions(records), scannedTo, more]),
    ).toEqual([
      [[2, 3], 3, true],
      [[4, 5], 5, false],
    ]);
    expect(await storage.readAll({ after: 5, limit: 2, until: at(20) })).toEqual({
      records: [],
      scannedTo: 5,
      more: false,
    });
  });
}

function following(opened: Opened): void {
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
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(before).toBeGreaterThan(0);
    expect(rings).toBe(before);
  });

  test('rings for what another process has appended', async ({ skip }) => {
    const { storage, beside, schema } = await opened();
    if (beside === undefined) return skip('no other process can reach this log');
    const other = await beside();
    const rang = Promise.withResolvers<void>();
    storage.watch(() => {
      void storage.head().then(({ position }) => position === 1 && rang.resolve());
    });

    await other.append([commit(schema, [a, 'any', 1])], at(1));
    await rang.promise;

    expect((await storage.head()).position).toBe(1);
  });
}
