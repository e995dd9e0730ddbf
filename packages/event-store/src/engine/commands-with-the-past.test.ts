import { describe, expect, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import type { CommandHandlerOptions } from './command-handler.ts';
import { audit, counter, openCounterHandler, openCounters, outcomeOf } from './counter.fixture.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';

const outage = new StorageFailure('the line broke', { final: false });

function opened(
  storage: EventStorage = openMemoryStorage(),
  options?: CommandHandlerOptions,
  aggregate?: typeof counter,
): ReturnType<typeof openCounterHandler> {
  return openCounterHandler(storage, options, aggregate);
}

describe('LG-05 a command that needs the past', () => {
  test('gets all of it, also what is on its way', async () => {
    const { store, count, addPast } = await opened();

    const [, result] = await Promise.all([count(2_345), addPast(), count(1)]);

    expect(result).toMatchObject({ kind: 'accepted', version: 2_346 });
    expect(await audit(store)).toEqual({ total: 2 * 2_345 + 1, events: 2_347, unfounded: [] });
  });

  test('has its turn: whoever comes meanwhile decides behind it', async () => {
    const log = openMemoryStorage();
    const reading = Promise.withResolvers<void>();
    let slow = false;
    const { store, count, add, addPast } = await opened({
      ...log,
      readStream: async (...parameters) => {
        if (slow) await reading.promise;
        return log.readStream(...parameters);
      },
    });
    await count(2);
    slow = true;

    const first = addPast();
    await turn();
    const meanwhile = [add(1), add(1), addPast()];
    await turn();
    expect((await store.head()).position).toBe(2);
    reading.resolve();

    await expect(first).resolves.toMatchObject({ version: 3 });
    const results = await Promise.all(meanwhile);
    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await audit(store)).toMatchObject({ events: 6, unfounded: [] });
  });

  test('ends its turn when the past can not be read', async () => {
    const log = openMemoryStorage();
    let broken = false;
    const { store, count, add, addPast } = await opened({
      ...log,
      readStream: async (...parameters) => {
        if (broken) throw outage;
        return log.readStream(...parameters);
      },
    });
    await count(2);
    broken = true;

    const [failed, next] = await Promise.all([outcomeOf(addPast()), outcomeOf(add(1))]);

    expect([failed, next]).toEqual([outage, 'accepted']);
    expect(await audit(await openCounters(log))).toMatchObject({ total: 3 });
    expect((await store.head()).position).toBe(3);
  });

  test('is decided again when what is on its way fails, and so is whoever waits for its turn', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, count, add, addPast } = await opened(storage);
    const before = count(3);
    await storage.writeAll();
    await before;

    const lost = outcomeOf(count(1));
    const result = addPast();
    const behind = outcomeOf(add(1));
    await turn();
    await storage.held[0]?.fail(outage);
    await storage.writeAll();

    expect(await Promise.all([lost, behind])).toEqual([outage, 'accepted']);
    await expect(result).resolves.toMatchObject({ kind: 'accepted' });
    expect(await audit(store)).toMatchObject({ events: 5, unfounded: [] });
  });
});

describe('LG-05 the past of a stream', () => {
  test('is read once, and after that what is new since', async () => {
    const memory = openMemoryStorage();
    const reads: number[] = [];
    const storage: EventStorage = {
      ...memory,
      readStream: (stream, from, limit) => {
        reads.push(from);
        return memory.readStream(stream, from, limit);
      },
    };
    const { store, addPast, count } = await opened(storage);
    await count(5);
    reads.length = 0;

    await addPast();
    await addPast();
    await count(3);
    await addPast();

    expect(reads).toEqual([1, 6, 7]);
    // Five, then as many as there were: 5, 6, three ones, 10.
    expect(await audit(store)).toEqual({ total: 29, events: 11, unfounded: [] });
  });
});
