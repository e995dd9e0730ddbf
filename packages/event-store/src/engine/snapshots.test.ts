import { describe, expect, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { counter, one, openCounterHandler, outcomeOf } from './counter.fixture.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';

const outage = new StorageFailure('the line broke', { final: false });

describe('LG-05 snapshots', () => {
  test('are taken as a stream grows, and spare reading what they include', async () => {
    const log = watched(openMemoryStorage());
    const options = { snapshotEvery: 10 };
    const { add } = await openCounterHandler(log, options);
    for (let number = 1; number <= 25; number += 1) await add(number);
    log.reads.length = 0;

    const { load } = await openCounterHandler(log, options);

    expect(await load()).toEqual({ state: { total: 325, events: 25 }, version: 25 });
    expect(log.reads).toEqual([21]);
  });

  test('are taken once in as many events, however they come', async () => {
    const log = openMemoryStorage();
    const saved: number[] = [];
    const { count } = await openCounterHandler(
      { ...log, saveSnapshot: async (_, { version }) => void saved.push(version) },
      { snapshotEvery: 10 },
    );

    for (const times of [4, 5, 1, 9, 30, 1, 8, 1]) await count(times);
    await turn();

    expect(saved).toEqual([10, 49, 59]);
  });

  test('are not taken of what never became durable', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const { count } = await openCounterHandler(storage, { snapshotEvery: 2 });

    const results = [outcomeOf(count(1)), outcomeOf(count(1)), outcomeOf(count(1))];
    await turn();
    await storage.held[0]?.fail(outage);

    expect(await Promise.all(results)).toEqual([outage, outage, outage]);
    expect(await log.loadSnapshot(one, 'counter-1')).toBeUndefined();
  });

  test('of another format go unused', async () => {
    const log = watched(openMemoryStorage());
    const { count } = await openCounterHandler(log, { snapshotEvery: 2 });
    await count(3);
    const { format, ...rest } = counter.snapshot!;
    log.reads.length = 0;

    const { load } = await openCounterHandler(
      log,
      {},
      { ...counter, snapshot: { ...rest, format: `${format}0` } },
    );

    expect(await load()).toMatchObject({ state: { total: 3 } });
    expect(log.reads).toEqual([1]);
  });

  test.each([
    ['no bytes', Buffer.of()],
    ['too few bytes', Buffer.of(2)],
    ['too many bytes', Buffer.of(2, 2, 2)],
  ])('that are damaged (%s) go unused, and are replaced in time', async (_, bytes) => {
    const log = openMemoryStorage();
    await (await openCounterHandler(log)).count(3);
    await log.saveSnapshot(one, { version: 2, format: 'counter-1', bytes });

    const { add, load } = await openCounterHandler(log, { snapshotEvery: 4 });

    expect(await load()).toEqual({ state: { total: 3, events: 3 }, version: 3 });
    await add(2);
    expect(await load()).toEqual({ state: { total: 5, events: 4 }, version: 4 });
    expect(await log.loadSnapshot(one, 'counter-1')).toMatchObject({ version: 4 });
  });

  test('that the aggregate can make nothing of go unused', async () => {
    const log = openMemoryStorage();
    await (await openCounterHandler(log, { snapshotEvery: 1 })).count(3);
    const { load } = await openCounterHandler(
      log,
      {},
      { ...counter, snapshot: { ...counter.snapshot!, unpack: refuseToUnpack } },
    );

    expect(await load()).toMatchObject({ state: { total: 3 }, version: 3 });
  });

  test('that can not be kept are missed by nobody', async () => {
    const log = openMemoryStorage();
    const { count, load } = await openCounterHandler(
      { ...log, saveSnapshot: () => Promise.reject(outage) },
      { snapshotEvery: 1 },
    );

    expect(await count(3)).toMatchObject({ kind: 'accepted' });
    await turn();
    expect(await load()).toMatchObject({ version: 3 });
  });

  test('are optional', async () => {
    const log = openMemoryStorage();
    const { count } = await openCounterHandler(
      log,
      { snapshotEvery: 1 },
      { ...counter, snapshot: undefined },
    );
    await count(2_500);

    const { load } = await openCounterHandler(log, {}, { ...counter, snapshot: undefined });

    expect(await load()).toEqual({ state: { total: 2_500, events: 2_500 }, version: 2_500 });
  });
});

/** Which events of streams were read, as ranges; the storage under it is left as it is. */
function watched(storage: EventStorage): EventStorage & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    ...storage,
    reads,
    readStream: async (stream, from, limit) => {
      reads.push(from);
      return storage.readStream(stream, from, limit);
    },
  };
}

function refuseToUnpack(): never {
  throw new RangeError('not a counter');
}
