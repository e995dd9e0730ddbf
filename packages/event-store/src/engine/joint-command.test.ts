import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  integer,
  oneof,
  record,
  uniqueArray,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamId, type StreamId } from '../kernel/identifiers.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { createCommandHandler } from './command-handler.ts';
import {
  audit,
  cause,
  counter,
  one,
  openCounters,
  type BelowZero,
  type CounterEvent,
  type CounterState,
} from './counter.fixture.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';
import { createJointHandler, type JointDecider } from './joint-command.ts';
import { createStagedStreams } from './staged-streams.ts';

/** Adds to the leading counter what is taken from each of the others; every other time, from the first only. */
interface Move {
  readonly by: number;
  readonly from: readonly StreamId[];
  readonly withPast?: boolean;
  /** Guesses that nothing is there yet. */
  readonly asFirst?: boolean;
}

type Mover = JointDecider<Move, CounterState, CounterEvent, CounterState, CounterEvent, BelowZero>;

const added = (by: number, on: number): CounterEvent => ({ type: 'Added', data: { by, on } });

function sources({ from }: Move, { events }: CounterState): readonly StreamId[] {
  return events % 2 === 0 ? from : from.slice(0, 1);
}

const mover: Mover = {
  isLikelyFirst: ({ asFirst }) => asFirst === true,
  others: sources,
  needsPast: ({ withPast }) => withPast === true,
  decide: (command, lead, others) => {
    const { by, withPast } = command;
    const { total } = lead;
    const from = sources(command, lead);
    if ([...others.keys()].join() !== from.join()) throw new Error('decided with other streams');
    const taken = new Map<StreamId, readonly CounterEvent[]>();
    for (const stream of from) {
      const { state, past } = others.get(stream) ?? { state: counter.initial, past: undefined };
      if (withPast === true && past?.length !== state.events) {
        throw new Error(`decided with ${past?.length} of ${state.events} events`);
      }
      if (state.total < by) {
        const refused: CounterEvent = { type: 'Refused', data: { by, on: total } };
        return {
          events: [refused],
          others: new Map(),
          rejection: { code: 'BELOW_ZERO', total: state.total },
        };
      }
      taken.set(stream, [added(-by, state.total)]);
    }
    return { events: [added(by * from.length, total)], others: taken, rejection: undefined };
  },
};

const left = streamId('counter-left');
const right = streamId('counter-right');

/** One process: a handler of single counters, and one of moves between them. */
async function opened(storage: EventStorage = openMemoryStorage()) {
  const store = await openCounters(storage);
  const beside = createStagedStreams(store.raw, counter, {});
  const single = createCommandHandler(store, counter, {}, beside);
  const leading = createStagedStreams(store.raw, counter, {});
  const joint = createJointHandler({ store, leading, beside, decider: mover });
  return {
    storage,
    store,
    add: (stream: StreamId, by: number) => single.handle(stream, { type: 'Add', by }, { cause }),
    move: (by: number, from: readonly StreamId[], more: Partial<Move> = {}, stream = one) =>
      joint.handle(stream, { by, from, ...more }, { cause }),
    once: (key: string, by: number, from: readonly StreamId[]) =>
      joint.handle(
        one,
        { by, from },
        {
          cause,
          once: [{ key, expiresAt: undefined, note: ({ version }) => Buffer.from(`${version}`) }],
        },
      ),
  };
}

const totals = async ({ store }: Awaited<ReturnType<typeof opened>>, streams: StreamId[]) => {
  const audits = await Promise.all(streams.map((stream) => audit(store, stream)));
  expect(audits.flatMap(({ unfounded }) => unfounded)).toEqual([]);
  return audits.map(({ total }) => total);
};

describe('LG-09 a command that concerns several streams', () => {
  test('adds to all of them in one commit', async () => {
    const process = await opened();
    await process.add(left, 10);
    await process.add(right, 20);

    const result = await process.move(3, [left, right]);

    expect(result).toMatchObject({ kind: 'accepted', version: 1, position: 5 });
    expect(await totals(process, [one, left, right])).toEqual([6, 7, 17]);
    const { events } = await process.store.readAll({ after: 2, limit: 10 });
    expect(events.map(({ stream }) => stream)).toEqual([one, left, right]);
    expect(new Set(events.map(({ recordedAt }) => recordedAt)).size).toBe(1);
  });

  test('adds to none but its own when one of them refuses', async () => {
    const process = await opened();
    await process.add(left, 10);

    const result = await process.move(3, [left, right]);

    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'BELOW_ZERO', total: 0 },
      version: 1,
    });
    expect(await totals(process, [one, left, right])).toEqual([0, 10, 0]);
    expect((await process.store.readStream(one)).map(({ type }) => type)).toEqual(['Refused']);
  });

  test('takes effect once for a key', async () => {
    const process = await opened();
    await process.add(left, 10);
    await process.once('a', 3, [left]);

    const again = await process.once('a', 3, [left]);

    expect(again).toMatchObject({ kind: 'already-handled', version: 1 });
    expect(Buffer.from((again as { held: { note: Uint8Array } }).held.note).toString()).toBe('1');
    expect(await process.move(1, [left])).toMatchObject({ kind: 'accepted', version: 2 });
    expect(await totals(process, [one, left])).toEqual([4, 6]);
  });

  test('is decided with the past of those that need it, all of it', async () => {
    const process = await opened();
    const adds = Array.from({ length: 5 }, () => process.add(left, 10));
    const moved = process.move(3, [left], { withPast: true });
    const more = Array.from({ length: 5 }, () => process.add(left, 10));

    expect((await moved).kind).toBe('accepted');

    await Promise.all([...adds, ...more]);
    expect(await totals(process, [one, left])).toEqual([3, 97]);
  });

  test('is decided on what is still on its way, and falls with it', async () => {
    const storage = holdBatches(openMemoryStorage());
    const process = await opened(storage);
    const before = process.add(left, 10);
    await turn();
    const moved = process.move(3, [left]);
    await turn();
    const outcomes = Promise.allSettled([before, moved]);
    const outage = new StorageFailure('gone', { final: false });

    await storage.held[0]?.fail(outage);
    await storage.writeAll();

    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: outage },
      { status: 'rejected', reason: outage },
    ]);
    const again = process.add(left, 1);
    await storage.writeAll();
    expect((await again).kind).toBe('accepted');
    expect(await totals(process, [one, left])).toEqual([0, 1]);
  });

  test('is told a version that its stream has had when it comes again', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const [ours, theirs] = [await opened(storage), await opened(log)];
    await theirs.add(left, 10);
    await theirs.once('a', 1, [left]);
    const balance = ours.move(1, [left]);
    await storage.writeAll();
    await balance;

    const first = ours.move(1, [left]);
    const repeated = ours.once('a', 1, [left]);
    for (let count = 0; count < 3; count += 1) await theirs.move(1, [left]);
    await storage.writeAll();

    expect(await repeated).toMatchObject({ kind: 'already-handled', version: 5 });
    expect(await first).toMatchObject({ kind: 'accepted', version: 6 });
  });

  test('with a key that nobody may claim harms nobody else', async () => {
    const process = await opened();
    await process.add(left, 10);
    await process.move(1, [left]);

    const results = await Promise.allSettled([
      process.move(1, [left]),
      process.once('', 1, [left]),
      process.move(1, [left]),
      process.add(left, 1),
    ]);

    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await totals(process, [one, left])).toEqual([3, 8]);
  });

  test.each([
    ['while streams are loaded', {}],
    ['while the past is read', { withPast: true }],
  ])('is decided in the order of the calls for its stream, %s', async (_, more) => {
    const process = await opened();
    const places = ['a', 'b', 'c', 'd', 'e'].map((name) => streamId(`counter-${name}`));
    for (const place of places) await process.add(place, 10_000);
    const fresh = await opened(process.storage);

    const results: Promise<unknown>[] = [];
    for (let by = 1; by <= 100; by += 1) {
      const from = [places[by % places.length] ?? left];
      results.push(fresh.move(by, from, by % 7 === 1 ? more : {}));
      await Promise.resolve();
    }
    await Promise.all(results);

    const events = await fresh.store.readStream(one);
    expect(events.map(({ data }) => (data as { by: number }).by)).toEqual(
      Array.from({ length: 100 }, (__, index) => index + 1),
    );
    expect((await totals(fresh, [one])).at(0)).toBe(5_050);
  });

  test('waits while it would stand on two that are on their way', async () => {
    const storage = holdBatches(openMemoryStorage());
    const process = await opened(storage);
    const adds = [process.add(left, 10), process.add(right, 10)];
    await turn();
    const onOne = process.move(1, [left]);
    const onBoth = process.move(2, [left, right], {}, streamId('counter-2'));
    await turn();

    await storage.held[0]?.write();
    await Promise.all(adds);
    await storage.writeAll();

    expect(await Promise.all([onOne, onBoth])).toMatchObject([
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
    expect(await totals(process, [one, left, right])).toEqual([1, 7, 8]);
  });
});

const streamIndex = integer({ min: 0, max: 2 });
const act = oneof(
  record({ kind: constant('add' as const), at: streamIndex, process: boolean() }),
  record({
    kind: constant('move' as const),
    by: integer({ min: 1, max: 4 }),
    from: uniqueArray(streamIndex, { minLength: 1, maxLength: 3 }),
    lead: integer({ min: 0, max: 1 }),
    withPast: boolean(),
    asFirst: boolean(),
    process: boolean(),
    pause: boolean(),
  }),
);

describe('LG-02, LG-09 commands that concern several streams, from two processes at once', () => {
  test('are each decided on what there was, and lose and make nothing', async () => {
    await assert(
      asyncProperty(array(act, { maxLength: 40 }), async (acts) => {
        const storage = openMemoryStorage();
        const processes = [await opened(storage), await opened(storage)] as const;
        const places = [left, right, streamId('counter-middle')];
        const leads = [one, streamId('counter-lead')];
        const running: Promise<{ readonly kind: string }>[] = [];
        for (const each of acts) {
          const process = processes[each.process ? 1 : 0];
          if (each.kind === 'add') {
            running.push(process.add(places[each.at] ?? left, 5));
            continue;
          }
          const from = each.from.map((index) => places[index] ?? left);
          const { by, withPast, asFirst } = each;
          running.push(process.move(by, from, { withPast, asFirst }, leads[each.lead]));
          if (each.pause) await turn();
        }
        const kinds = (await Promise.all(running)).map(({ kind }) => kind);

        const adds = acts.filter(({ kind }) => kind === 'add').length;
        expect(kinds.filter((kind) => kind !== 'accepted' && kind !== 'rejected')).toEqual([]);
        const all = await totals(processes[0], [...places, ...leads]);
        expect(all.reduce((sum, total) => sum + total, 0)).toBe(adds * 5);
      }),
      { numRuns: 200 },
    );
  });
});

describe('LG-09 a command that is taken for the first on its stream', () => {
  test('is decided without looking there, and anew when it was not the first', async () => {
    const storage = openMemoryStorage();
    const read: StreamId[] = [];
    const watched: EventStorage = {
      ...storage,
      readStream: (stream, from, limit) => {
        read.push(stream);
        return storage.readStream(stream, from, limit);
      },
    };
    const process = await opened(watched);
    await process.add(left, 10);
    read.length = 0;

    expect(await process.move(1, [left], { asFirst: true })).toMatchObject({ version: 1 });
    expect(read).toEqual([]);

    const other = await opened(watched);
    expect(await other.move(1, [left], { asFirst: true })).toMatchObject({ version: 2 });
    expect(read).toContain(one);
    expect(await totals(process, [one, left])).toEqual([2, 8]);
  });
});

describe('LG-09, OP-11 many commands that were handled before', () => {
  test('are all answered so, and keep nobody between them from coming through', async () => {
    const process = await opened();
    await process.add(left, 1_000);
    const keys = Array.from({ length: 200 }, (_, number) => `key ${number}`);
    const firstKeys = keys.filter((_, number) => number % 3 > 0);
    for (const key of firstKeys) await process.once(key, 1, [left]);

    const results = await Promise.all(keys.map((key) => process.once(key, 1, [left])));

    expect(results.map(({ kind }) => kind)).toEqual(
      keys.map((key) => (firstKeys.includes(key) ? 'already-handled' : 'accepted')),
    );
    expect(await totals(process, [one, left])).toEqual([200, 800]);
  });
});
