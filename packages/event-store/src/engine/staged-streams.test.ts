import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamId } from '../kernel/identifiers.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import type { CommandHandlerOptions } from './command-handler.ts';
import { audit, counter, one, openCounterHandler, outcomeOf, two } from './counter.fixture.ts';
import { collectGarbage } from './garbage.fixture.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';

const outage = new StorageFailure('the line broke', { final: false });

function opened(
  storage: EventStorage = openMemoryStorage(),
  options?: CommandHandlerOptions,
  aggregate?: typeof counter,
): ReturnType<typeof openCounterHandler> {
  return openCounterHandler(storage, options, aggregate);
}

describe('LG-05 a command decides on what is still on its way to the disk', () => {
  test('so that many on one stream share a batch', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, add } = await opened(storage);

    const results = Array.from({ length: 100 }, () => add(1));
    await storage.writeAll();

    expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 100 }, () => 'accepted'),
    );
    expect(storage.sent.map(({ length }) => length)).toEqual([100]);
    expect(await audit(store)).toEqual({ total: 100, events: 100, unfounded: [] });
  });

  test('and in as many batches as it takes, each command decided once', async () => {
    let decided = 0;
    const counting: typeof counter = {
      ...counter,
      decide: (command, state) => {
        decided += 1;
        return counter.decide(command, state);
      },
    };
    const { store, add } = await opened(openMemoryStorage(), {}, counting);

    await Promise.all(Array.from({ length: 20_000 }, () => add(1)));

    expect(decided).toBe(20_000);
    expect(await audit(store)).toEqual({ total: 20_000, events: 20_000, unfounded: [] });
  });

  test('but is answered only when that is durable', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { add, load } = await opened(storage);
    const answered: string[] = [];
    const noting = (name: string, result: Promise<unknown>): Promise<number> =>
      result.then(() => answered.push(name));

    const all = [
      noting('added', add(5)),
      noting('already so', add(0)),
      noting('refused', add(-6)),
      noting('loaded', load()),
    ];
    await turn();
    expect(answered).toEqual([]);
    await storage.writeAll();
    await Promise.all(all);

    expect(answered.toSorted()).toEqual(['added', 'already so', 'loaded', 'refused']);
  });
});

describe('LG-05 a command that adds nothing', () => {
  test('is answered as of a moment after it came, though its stream moves on meanwhile', async () => {
    const log = openMemoryStorage();
    const looking = Promise.withResolvers<void>();
    let decided = 0;
    const { add } = await opened(
      {
        ...log,
        streamVersion: async (stream) => {
          await looking.promise;
          return log.streamVersion(stream);
        },
      },
      {},
      {
        ...counter,
        decide: (command, state) => {
          decided += 1;
          return counter.decide(command, state);
        },
      },
    );
    await add(5);

    const refused = add(-6);
    await add(1);
    looking.resolve();

    await expect(refused).resolves.toMatchObject({ rejection: { total: 5 }, version: 1 });
    expect(decided).toBe(3);
  });

  test('is not answered from what another process has left behind, though as many events are staged', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const [ours, theirs] = [await opened(storage), await opened(log)];
    const balance = ours.add(5);
    await storage.writeAll();
    await balance;
    await theirs.add(3);

    const refused = outcomeOf(ours.add(-6));
    const staged = outcomeOf(ours.add(1));
    await storage.writeAll();

    expect(await Promise.all([refused, staged])).toEqual(['accepted', 'accepted']);
    expect(await audit(theirs.store)).toEqual({ total: 3, events: 4, unfounded: [] });
  });
});

describe('LG-05, OP-11 when what is on its way fails', () => {
  test('commands that stand on it fail with it, and later ones begin afresh', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, add } = await opened(storage);

    const first = outcomeOf(add(5));
    await turn();
    const onFirst = outcomeOf(add(-5));
    const elsewhere = outcomeOf(add(1, two));
    await storage.held[0]?.fail(outage);
    await storage.writeAll();
    const after = outcomeOf(add(3));
    await storage.writeAll();

    expect(await Promise.all([first, onFirst, elsewhere, after])).toEqual([
      outage,
      outage,
      'accepted',
      'accepted',
    ]);
    expect(await audit(store)).toEqual({ total: 3, events: 1, unfounded: [] });
  });

  test('those that add nothing to it are decided again on what there is', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { add, load } = await opened(storage);
    const balance = add(5);
    await storage.writeAll();
    await balance;

    const lost = outcomeOf(add(-5));
    const refused = add(-6);
    const state = load();
    await turn();
    await storage.held[0]?.fail(outage);
    await storage.writeAll();

    expect(await lost).toBe(outage);
    await expect(refused).resolves.toMatchObject({ kind: 'rejected', rejection: { total: 5 } });
    await expect(state).resolves.toEqual({ state: { total: 5, events: 1 }, version: 1 });
  });

  test('whoever lost only the answer finds the event when trying again', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, add } = await opened(storage);

    const lost = outcomeOf(add(5));
    await turn();
    await storage.held[0]?.loseAnswer(outage);
    const after = outcomeOf(add(-5));
    await storage.writeAll();

    expect(await Promise.all([lost, after])).toEqual([outage, 'accepted']);
    expect(await audit(store)).toEqual({ total: 0, events: 2, unfounded: [] });
  });

  test('others may bring the stream to the same version, and nothing is written on that', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const [ours, theirs] = [await opened(storage), await opened(log)];

    const first = outcomeOf(ours.add(5));
    await turn();
    const onFirst = outcomeOf(ours.add(-5));
    await turn();
    await theirs.add(7);
    await storage.held[0]?.fail(outage);
    await storage.writeAll();

    expect(await Promise.all([first, onFirst])).toEqual([outage, outage]);
    expect(await audit(theirs.store)).toEqual({ total: 7, events: 1, unfounded: [] });
  });

  test('nor when they were quicker: the whole chain is decided again', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const [ours, theirs] = [await opened(storage), await opened(log)];

    const results = [ours.add(5)];
    await turn();
    results.push(ours.add(1), ours.add(-6));
    await theirs.add(7);
    await storage.writeAll();

    const accepted = await Promise.all(results);
    expect(accepted.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await audit(theirs.store)).toEqual({ total: 7, events: 4, unfounded: [] });
  });

  test('in any order of things, no event stands on another state than it was decided on', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(
          fc.constantFrom('ours', 'theirs'),
          fc.integer({ min: -4, max: 5 }),
          fc.nat(2),
        ),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom('write', 'write', 'fail', 'loseAnswer'), fc.nat(1)),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.nat(2),
        async (steps, room) => {
          const log = openMemoryStorage();
          const storage = holdBatches(log);
          const options = { cachedStreamsMax: room, snapshotEvery: 2 };
          const parties = {
            ours: await opened(storage, options),
            theirs: await opened(log, options),
          };
          const results: Promise<unknown>[] = [];
          for (const [what, number, turns = 0] of steps) {
            switch (what) {
              case 'ours':
              case 'theirs':
                results.push(outcomeOf(parties[what].add(number)));
                break;
              case 'write':
                await storage.held[number]?.write();
                break;
              case 'fail':
                await storage.held[number]?.fail(outage);
                break;
              case 'loseAnswer':
                await storage.held[number]?.loseAnswer(outage);
                break;
            }
            for (let count = 0; count < turns; count += 1) await turn();
          }
          await storage.writeAll();
          await Promise.all(results);

          const found = await audit(parties.theirs.store);
          expect(found.unfounded).toEqual([]);
          expect(found.total).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('LG-05 streams in memory', () => {
  test('make room for others, the least recently used first', async () => {
    const log = openMemoryStorage();
    const loaded: StreamId[] = [];
    const { add } = await opened(
      {
        ...log,
        readStream: async (stream, ...range) => {
          loaded.push(stream);
          return log.readStream(stream, ...range);
        },
      },
      { cachedStreamsMax: 2 },
    );
    const three = 'counter-3' as StreamId;

    for (const stream of [one, two, one, three, one, two, two]) await add(1, stream);

    expect(loaded).toEqual([one, two, three, two]);
  });

  test('are loaded once for all who ask at the same time', async () => {
    const log = openMemoryStorage();
    let loads = 0;
    const { add } = await opened({
      ...log,
      readStream: async (...parameters) => {
        loads += 1;
        return log.readStream(...parameters);
      },
    });

    await Promise.all([add(1), add(1), add(1)]);

    expect(loads).toBe(1);
  });

  test('may be forgotten while their events are under way', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, add } = await opened(storage, { cachedStreamsMax: 0 });

    const results: Promise<unknown>[] = [];
    for (let count = 0; count < 5; count += 1) {
      results.push(outcomeOf(add(1)));
      await turn();
    }
    await storage.writeAll();

    expect(await Promise.all(results)).toEqual(Array.from({ length: 5 }, () => 'accepted'));
    expect(await audit(store)).toEqual({ total: 5, events: 5, unfounded: [] });
  });

  test('hold on to no commit that is durable', async () => {
    const log = openMemoryStorage();
    const written: WeakRef<ArrayBufferLike>[] = [];
    let begun = 0;
    const { add } = await opened({
      ...log,
      append: async (batch, at) => {
        const records = batch.flatMap(({ appends }) => appends).flatMap((append) => append.records);
        written.push(...records.map(({ body }) => new WeakRef(body.buffer)));
        begun += records.filter(({ body }) => body.byteOffset === 0).length;
        return log.append(batch, at);
      },
    });

    // Events lie one behind the other in large buffers, of which these fill several.
    const streams = Array.from({ length: 30_000 }, (_, number) => `counter-${number}` as StreamId);
    await Promise.all(streams.map((stream) => add(1, stream)));
    await collectGarbage();

    const kept = new Set(written.flatMap((buffer) => buffer.deref() ?? []));
    expect(written).toHaveLength(30_000);
    expect(begun).toBeGreaterThan(3);
    // The one that is being filled, and one that the machine may not have let go of yet.
    expect(kept.size).toBeLessThanOrEqual(2);
  });
});
