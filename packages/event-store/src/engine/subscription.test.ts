import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { openSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { createCommandHandler } from './command-handler.ts';
import { cause, counter, one, openCounters } from './counter.fixture.ts';
import type { EventLog, EventPage } from './event-log.ts';
import type { EventStore } from './event-store.ts';
import { turn } from './held-batches.fixture.ts';
import { subscribe, type SubscriptionOptions } from './subscription.ts';

async function opened(storage: EventStorage = openMemoryStorage()) {
  const store = await openCounters(storage);
  const handler = createCommandHandler(store, counter);
  return {
    store,
    add: (times: number) => handler.handle(one, { type: 'Count', times }, { cause }),
    refuse: () => handler.handle(one, { type: 'Add', by: -1e9, recordRefusal: true }, { cause }),
  };
}

/** Follows a log, and tells what was seen and how it ended. */
function follow(log: EventLog, options: Partial<SubscriptionOptions> = {}) {
  const ending = new AbortController();
  const pages: EventPage[] = [];
  const subscription = subscribe(log, { after: 0, signal: ending.signal, ...options });
  const ended = (async () => {
    for await (const page of subscription) pages.push(page);
  })();
  onTestFinished(async () => {
    ending.abort();
    await ended.catch(() => undefined);
  });
  return {
    pages,
    seen: () => pages.flatMap(({ events }) => events.map(({ position }) => position)),
    ended,
    end: () => ending.abort(),
  };
}

/** Resolves as soon as the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** A log whose next reads fail in turn; it counts who watches it. */
function failing(store: EventStore, failures: unknown[]) {
  const pauses: number[] = [];
  const state = { watchers: 0 };
  const log: EventLog = {
    ...store,
    readAll: async (query) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return store.readAll(query);
    },
    watch: (listener) => {
      state.watchers += 1;
      const unwatch = store.watch(listener);
      return () => {
        state.watchers -= 1;
        unwatch();
      };
    },
  };
  const pause = async (milliseconds: number): Promise<void> => {
    pauses.push(milliseconds);
    await turn();
  };
  return { log, pause, pauses, state };
}

const outage = new StorageFailure('the line broke', { final: false });

describe('LG-02 a subscription', () => {
  test('gives what is there, then what comes', async () => {
    const { store, add } = await opened();
    await add(3);
    const { pages, seen } = follow(store);
    await until(() => seen().length === 3);
    await add(2);
    await add(1);
    await until(() => seen().length === 6);

    expect(seen()).toEqual(upTo(6));
    expect(pages.map(({ scannedTo }) => scannedTo)).toEqual([3, 5, 6]);
  });

  test('begins behind what the subscriber has seen', async () => {
    const { store, add } = await opened();
    await add(5);
    const { seen } = follow(store, { after: 3 });
    await until(() => seen().length === 2);

    expect(seen()).toEqual([4, 5]);
  });

  test('comes in pages of the size asked for', async () => {
    const { store, add } = await opened();
    await add(7);
    const { pages, seen } = follow(store, { pageSize: 3 });
    await until(() => seen().length === 7);

    expect(pages.map(({ events }) => events.length)).toEqual([3, 3, 1]);
  });

  test('of some types says also how far it has looked without finding one', async () => {
    const { store, add, refuse } = await opened();
    await add(3);
    const looked: number[] = [];
    const log: EventLog = {
      ...store,
      readAll: async (query) => {
        looked.push(query.after);
        return store.readAll(query);
      },
    };
    const { pages, seen } = follow(log, { types: ['Refused'] });
    await until(() => pages.length === 1);
    await refuse();
    await until(() => pages.length === 2);
    await add(1);
    await until(() => pages.length === 3);

    expect(pages.map(({ events, scannedTo }) => [events.length, scannedTo])).toEqual([
      [0, 3],
      [1, 4],
      [0, 5],
    ]);
    expect(seen()).toEqual([4]);
    expect(looked).toEqual([0, 3, 4]);
  });

  test('reads when the doorbell rings, and gives nothing when nobody stood there', async () => {
    const { store, add } = await opened();
    await add(1);
    let reads = 0;
    const listeners: (() => void)[] = [];
    const log: EventLog = {
      ...store,
      readAll: async (query) => {
        reads += 1;
        return store.readAll(query);
      },
      watch: (listener) => {
        listeners.push(listener);
        return () => undefined;
      },
    };
    const { pages } = follow(log);
    await until(() => pages.length === 1);
    await turn();
    expect(reads).toBe(1);

    for (let rings = 0; rings < 3; rings += 1) {
      for (const ring of [...listeners, ...listeners]) ring();
      await turn();
    }
    expect(reads).toBe(4);
    expect(pages).toHaveLength(1);
  });
});

describe('LG-02 between the past and the live nothing is lost', () => {
  test('that is appended while the last page of the past is read', async () => {
    const { store, add } = await opened();
    await add(2);
    let late = 3;
    const { seen } = follow({
      ...store,
      readAll: async (query) => {
        const page = await store.readAll(query);
        // Behind what the page shows, and before the subscriber waits.
        late -= 1;
        if (late >= 0) await add(1);
        return page;
      },
    });
    await until(() => seen().length === 5);

    expect(seen()).toEqual(upTo(5));
  });

  test('that is appended while the subscriber is at work on a page', async () => {
    const { store, add } = await opened();
    await add(2);
    const ending = new AbortController();
    const seen: number[] = [];
    for await (const { events } of subscribe(store, { after: 0, signal: ending.signal })) {
      seen.push(...events.map(({ position }) => position));
      if (seen.length < 6) await add(1);
      await turn();
      if (seen.length === 6) ending.abort();
    }

    expect(seen).toEqual(upTo(6));
  });

  test.each<[string, () => Promise<EventStorage[]>]>([
    [
      'in memory',
      async () => {
        const storage = openMemoryStorage();
        return [storage, storage];
      },
    ],
    [
      'in SQLite, by another process',
      async () => {
        const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-subscription-'));
        onTestFinished(() => rm(directory, { recursive: true }));
        const file = path.join(directory, 'log.sqlite');
        const open = (): Promise<EventStorage> => openSqliteStorage({ file, pollMs: 5 });
        const storages = [await open(), await open()];
        onTestFinished(async () => {
          await Promise.all(storages.map((storage) => storage.close()));
        });
        return storages;
      },
    ],
  ])('and nothing doubled, whatever is appended meanwhile: %s', async (_, open) => {
    const [near, far] = (await open()) as [EventStorage, EventStorage];
    const [ours, theirs] = [await opened(near), await opened(far)];
    const writes = fc.array(
      fc.record({ far: fc.boolean(), times: fc.integer({ min: 1, max: 5 }), wait: fc.boolean() }),
      { minLength: 1, maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(
        writes,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(20),
        async (plan, pageSize, back) => {
          const { position: head } = await ours.store.head();
          const after = Math.max(0, head - back);
          const ending = new AbortController();
          const seen: number[] = [];
          const following = (async () => {
            const options = { after, pageSize, signal: ending.signal };
            for await (const page of subscribe(ours.store, options)) {
              seen.push(...page.events.map(({ position }) => position));
            }
          })();
          const appended = plan.map(async ({ far: byOthers, times }) => {
            await (byOthers ? theirs : ours).add(times);
          });
          for (const { wait } of plan) if (wait) await turn();
          await Promise.all(appended);
          const last = head + plan.reduce((sum, { times }) => sum + times, 0);
          await until(() => seen.length >= last - after);
          ending.abort();
          await following;

          expect(seen).toEqual(upTo(last, after + 1));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('OP-11 a subscription in an outage', () => {
  test('waits, longer each time, and goes on where it was', async () => {
    const { store, add } = await opened();
    await add(2);
    const failures: unknown[] = [];
    const { log, pause, pauses } = failing(store, failures);
    const { seen } = follow(log, { pause });
    await until(() => seen().length === 2);
    failures.push(...Array.from({ length: 8 }, () => outage));
    await add(1);
    await until(() => seen().length === 3);
    failures.push(outage);
    await add(1);
    await until(() => seen().length === 4);

    expect(seen()).toEqual(upTo(4));
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 50]);
  });

  test.each([
    ['a failure that is final', new StorageFailure('the disk broke', { final: true })],
    ['a defect', new TypeError('not a function')],
  ])('ends with %s, and watches no more', async (_, failure) => {
    const { store, add } = await opened();
    await add(1);
    const { log, pause, pauses, state } = failing(store, [outage, failure]);
    const { ended } = follow(log, { pause });

    await expect(ended).rejects.toBe(failure);
    expect(pauses).toEqual([50]);
    expect(state.watchers).toBe(0);
  });

  test('can be stopped', async () => {
    const { store } = await opened();
    const { log, state } = failing(
      store,
      Array.from({ length: 100 }, () => outage),
    );
    const ending = new AbortController();
    const pause = async (): Promise<void> => ending.abort();
    const { ended } = follow(log, { pause, signal: ending.signal });

    await expect(ended).resolves.toBeUndefined();
    expect(state.watchers).toBe(0);
  });

  describe('LG-02 stops', () => {
    test('while it waits for what comes', async () => {
      const { store, add } = await opened();
      await add(1);
      const { log, state } = failing(store, []);
      const { pages, ended, end } = follow(log);
      await until(() => pages.length === 1);
      await turn();
      expect(state.watchers).toBe(1);
      end();

      await expect(ended).resolves.toBeUndefined();
      expect(state.watchers).toBe(0);
    });

    test('before it has begun', async () => {
      const { store, add } = await opened();
      await add(1);
      const { log, state } = failing(store, []);
      const { pages, ended } = follow(log, { signal: AbortSignal.abort() });

      await ended;
      expect(pages).toEqual([]);
      expect(state.watchers).toBe(0);
    });

    test('behind the page at hand, though there are more', async () => {
      const { store, add } = await opened();
      await add(3);
      const ending = new AbortController();
      const pages: EventPage[] = [];
      const options = { after: 0, pageSize: 1, signal: ending.signal };
      for await (const page of subscribe(store, options)) {
        pages.push(page);
        ending.abort();
      }

      expect(pages).toHaveLength(1);
    });

    test('when the subscriber leaves its loop', async () => {
      const { store, add } = await opened();
      await add(3);
      const { log, state } = failing(store, []);
      for await (const page of subscribe(log, { after: 0 })) {
        expect(page.scannedTo).toBe(3);
        expect(state.watchers).toBe(1);
        break;
      }

      expect(state.watchers).toBe(0);
    });
  });
});
