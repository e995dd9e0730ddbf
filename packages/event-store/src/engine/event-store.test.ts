import { describe, expect, test } from 'vitest';
import type { Instant } from '../kernel/instant.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure } from '../storage/storage.ts';
import { SchemaMismatch } from './avro-codec.ts';
import { cause, one, openCounters, startedAt, two, type CounterEvent } from './counter.fixture.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';
import { UnknownEventType } from './schema-registry.ts';

const added = (by: number): CounterEvent => ({ type: 'Added', data: { by, on: 0 } });
const refused: CounterEvent = { type: 'Refused', data: { by: 1, on: 0 } };

describe('LG-01 appending events', () => {
  test('to several streams tells their ids, versions, last position and time', async () => {
    const store = await openCounters(openMemoryStorage());
    await store.append({ appends: [{ stream: one, expected: 'none', events: [added(1)] }], cause });

    const result = await store.append({
      appends: [
        { stream: two, expected: 'none', events: [added(2), refused, added(4)] },
        { stream: one, expected: 1, events: [added(3)] },
      ],
      cause,
    });

    const { events } = await store.readAll({ after: 1, limit: 10 });
    expect(result).toEqual({
      kind: 'appended',
      eventIds: events.map(({ eventId }) => eventId),
      versions: [3, 2],
      position: 5,
      recordedAt: startedAt,
    });
    expect(events.map(({ stream, version, type, data }) => [stream, version, type, data])).toEqual([
      [two, 1, 'Added', { by: 2, on: 0 }],
      [two, 2, 'Refused', { by: 1, on: 0 }],
      [two, 3, 'Added', { by: 4, on: 0 }],
      [one, 2, 'Added', { by: 3, on: 0 }],
    ]);
  });

  test('is a conflict, and changes no stream, when one is not at the version expected', async () => {
    const store = await openCounters(openMemoryStorage());

    const result = await store.append({
      appends: [
        { stream: one, expected: 'none', events: [added(1)] },
        { stream: two, expected: 3, events: [added(1)] },
      ],
      cause,
    });

    expect(result).toEqual({ kind: 'conflict', stream: two, expected: 3, actual: 0 });
    expect((await store.head()).position).toBe(0);
  });

  test('LG-09 under a key takes effect once', async () => {
    const store = await openCounters(openMemoryStorage());
    const appends = [{ stream: one, expected: 'any', events: [added(1)] }] as const;
    const claims = [{ key: 'k', note: Buffer.from('n'), expiresAt: undefined }];

    const first = await store.append({ appends, cause, claims });
    const second = await store.append({ appends, cause, claims });

    expect(first).toMatchObject({ kind: 'appended', position: 1 });
    expect(second).toMatchObject({ kind: 'claimed', held: { key: 'k', position: 1 } });
    expect(await store.findClaim('k')).toMatchObject({ key: 'k', position: 1 });
    expect(await store.findClaim('l')).toBeUndefined();
  });

  test('LG-09 a key is free again when it has expired by the clock of the store', async () => {
    let now = startedAt;
    const store = await openCounters(openMemoryStorage(), { clock: () => now });
    const expiresAt = (startedAt + 1_000n) as Instant;
    await store.append({
      appends: [],
      cause,
      claims: [{ key: 'k', note: Buffer.of(), expiresAt }],
    });

    expect(await store.findClaim('k')).toBeDefined();
    now = expiresAt;
    expect(await store.findClaim('k')).toBeUndefined();
  });

  test.each([
    ['data that is not of its schema', { type: 'Added', data: { by: 'one' } }, SchemaMismatch],
    ['a type that was not defined', { type: 'Bought', data: {} }, UnknownEventType],
  ])('LG-03 refuses %s before anything is written', async (_, wrong, failure) => {
    const store = await openCounters(openMemoryStorage());

    const append = store.append({
      appends: [
        { stream: one, expected: 'any', events: [added(1)] },
        { stream: two, expected: 'any', events: [added(1), wrong] },
      ],
      cause,
    });

    await expect(append).rejects.toThrow(failure);
    expect((await store.head()).position).toBe(0);
  });

  test('without waiting happens in the order of the calls', async () => {
    const store = await openCounters(openMemoryStorage());

    await Promise.all(
      Array.from({ length: 500 }, (_, by) =>
        store.append({ appends: [{ stream: one, expected: by, events: [added(by)] }], cause }),
      ),
    );

    const events = await store.readStream(one);
    expect(events.map(({ data }) => (data as { by: number }).by)).toEqual(
      Array.from({ length: 500 }, (_, by) => by),
    );
  });
});

/** Four appends of two events each, at 1 to 4 microseconds. */
async function opened() {
  let now = 0n;
  const store = await openCounters(openMemoryStorage(), { clock: () => now as Instant });
  for (let count = 1; count <= 4; count += 1) {
    now = BigInt(count) * 1_000n;
    const events = [added(count), refused];
    await store.append({ appends: [{ stream: one, expected: 'any', events }], cause });
  }
  return store;
}

describe('LG-02 reading events', () => {
  test('of a stream: from its beginning, or so many from a version on', async () => {
    const store = await opened();
    const versionsOf = async (options?: Parameters<typeof store.readStream>[1]) =>
      (await store.readStream(one, options)).map(({ version }) => version);

    expect(await versionsOf()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await versionsOf({ from: 7 })).toEqual([7, 8]);
    expect(await versionsOf({ from: 3, limit: 2 })).toEqual([3, 4]);
    expect(await versionsOf({ limit: 1 })).toEqual([1]);
    expect(await versionsOf({ from: 9 })).toEqual([]);
    expect(await store.readStream(two)).toEqual([]);
  });

  test('of a stream: a thousand, unless it is asked for more', async () => {
    const store = await openCounters(openMemoryStorage());
    const events = Array.from({ length: 1_001 }, () => added(1));
    await store.append({ appends: [{ stream: one, expected: 'any', events }], cause });

    expect(await store.readStream(one)).toHaveLength(1_000);
    expect(await store.readStream(one, { limit: 2_000 })).toHaveLength(1_001);
  });

  test('of the log: by type and time, in pages', async () => {
    const store = await opened();
    const since = 2_000n as Instant;
    const until = 4_000n as Instant;

    const page = await store.readAll({ after: 0, limit: 1, types: ['Added'], since, until });
    const rest = await store.readAll({ after: page.scannedTo, limit: 9, types: ['Added'], until });

    expect(page).toMatchObject({ events: [{ type: 'Added', data: { by: 2 } }], more: true });
    expect(rest).toMatchObject({ events: [{ type: 'Added', data: { by: 3 } }], more: false });
    expect(rest.events).toHaveLength(1);
  });

  test('LG-03 of a type that was not defined is refused', async () => {
    const store = await opened();
    const read = store.readAll({ after: 0, limit: 1, types: ['Bought'] });
    await expect(read).rejects.toThrow(UnknownEventType);
  });
});

describe('OP-11 closing a store', () => {
  test('waits for what is under way, then closes its storage', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const store = await openCounters(storage);
    const events = [added(1)];

    const append = store.append({ appends: [{ stream: one, expected: 'any', events }], cause });
    let closed = false;
    const closing = store.close().finally(() => {
      closed = true;
    });
    await turn();
    expect(closed).toBe(false);
    await storage.writeAll();
    await closing;

    await expect(append).resolves.toMatchObject({ kind: 'appended', position: 1 });
    await expect(log.append([], startedAt)).rejects.toThrow(StorageFailure);
  });
});
