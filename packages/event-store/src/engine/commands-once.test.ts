import { describe, expect, test } from 'vitest';
import type { Instant } from '../kernel/instant.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { type EventStorage } from '../storage/storage.ts';
import { createCommandHandler } from './command-handler.ts';
import type { DecidedOutcome } from './command-result.ts';
import {
  audit,
  cause,
  counter,
  one,
  openCounters,
  startedAt,
  two,
  type BelowZero,
  type CounterCommand,
} from './counter.fixture.ts';
import type { OnceOptions } from './handle-options.ts';
import { holdBatches } from './held-batches.fixture.ts';

async function opened(storage: EventStorage = openMemoryStorage()) {
  const store = await openCounters(storage);
  return { storage, store, handler: createCommandHandler(store, counter) };
}

const add = (by: number) => ({ type: 'Add', by }) as const;

describe('LG-09, CA-02 a command that takes effect once', () => {
  const note = Buffer.from('the answer');
  const once = (key: string, more: Partial<OnceOptions<BelowZero>> = {}) => ({
    cause,
    once: [{ key, expiresAt: undefined, note: () => note, ...more }],
  });

  test.each<[string, CounterCommand]>([
    ['accepted', add(5)],
    ['accepted without an event', add(0)],
    ['rejected', add(-5)],
    ['rejected with an event', { ...add(-5), recordRefusal: true }],
  ])('and was %s is answered with its note when it comes again', async (_, command) => {
    const { store, handler } = await opened();

    const first = await handler.handle(one, command, once('k'));
    const again = await handler.handle(one, command, once('k', { note: () => Buffer.of() }));

    const { position } = await store.head();
    expect(first).toMatchObject({ position: position === 0 ? undefined : position });
    expect(again).toMatchObject({ kind: 'already-handled', held: { key: 'k', position } });
    expect(again.kind === 'already-handled' && Buffer.from(again.held.note)).toEqual(note);
    expect(await store.findClaim('k')).toMatchObject({ position });
    expect((await store.readStream(one)).length).toBe('eventIds' in first && first.eventIds.length);
  });

  test('makes its note of the outcome', async () => {
    const { store, handler } = await opened();
    const outcomes: DecidedOutcome<BelowZero>[] = [];
    const noted = once('k', { note: (outcome) => Buffer.of(outcomes.push(outcome)) });

    await handler.handle(two, { type: 'Count', times: 2 }, noted);

    const ids = (await store.readStream(two)).map(({ eventId }) => eventId);
    expect(outcomes).toEqual([{ eventIds: ids, stream: two, version: 2, rejection: undefined }]);
  });

  test('leaves its key free when there is no note of the outcome', async () => {
    const { store, handler } = await opened();
    const onlyAccepted = once('k', {
      note: ({ rejection }) => (rejection === undefined ? note : undefined),
    });

    const results = [
      await handler.handle(one, add(-1), onlyAccepted),
      await handler.handle(one, add(1), onlyAccepted),
      await handler.handle(one, add(1), onlyAccepted),
    ];

    expect(results.map(({ kind }) => kind)).toEqual(['rejected', 'accepted', 'already-handled']);
    expect(await audit(store)).toMatchObject({ total: 1 });
  });

  test('may come again when its key has expired', async () => {
    const { storage } = await opened();
    let now = startedAt;
    const store = await openCounters(storage, { clock: () => now });
    const handler = createCommandHandler(store, counter);
    const forAnHour = once('k', { expiresAt: (startedAt + hour) as Instant });

    await handler.handle(one, add(1), forAnHour);
    now = (startedAt + hour - 1_000n) as Instant;
    const before = await handler.handle(one, add(1), forAnHour);
    now = (startedAt + hour) as Instant;
    const after = await handler.handle(one, add(1), forAnHour);

    expect([before.kind, after.kind]).toEqual(['already-handled', 'accepted']);
  });

  test('has one effect when it comes twice at the same time, and others stand on that one', async () => {
    const { store, handler } = await opened();

    const results = await Promise.all([
      handler.handle(one, add(10), once('k')),
      handler.handle(one, add(10), once('k')),
      handler.handle(one, add(-10), { cause }),
      handler.handle(one, add(-10), { cause }),
    ]);

    expect(results.map(({ kind }) => kind)).toEqual([
      'accepted',
      'already-handled',
      'accepted',
      'rejected',
    ]);
    expect(await audit(store)).toEqual({ total: 0, events: 2, unfounded: [] });
  });

  test('has one effect over all streams, and under each of its keys', async () => {
    const { store, handler } = await opened();
    const [first] = once('first').once;
    const [second] = once('second').once;

    await handler.handle(one, add(1), { cause, once: [first!, second!] });
    const again = await handler.handle(two, add(1), { cause, once: [second!] });

    const [fresh] = once('fresh').once;
    const stale = { cause, once: [fresh!, first!], expectedVersion: 0 };

    expect(again).toMatchObject({ kind: 'already-handled', version: 0, held: { key: 'second' } });
    expect(await handler.handle(one, add(1), stale)).toMatchObject({ held: { key: 'first' } });
    expect(await store.readStream(two)).toEqual([]);
  });

  test('is known by the first of its keys, also when they are taken while it looks', async () => {
    const storage = openMemoryStorage();
    const others = await opened(storage);
    await others.handler.handle(one, add(1), { cause });
    const keys = [...once('first').once, ...once('second').once];
    let looks = 0;
    const { handler } = await opened({
      ...storage,
      findClaim: async (key, at) => {
        const held = await storage.findClaim(key, at);
        looks += 1;
        if (looks === 1) await others.handler.handle(one, add(1), { cause, once: keys });
        return held;
      },
    });

    const again = await handler.handle(one, add(1), { cause, once: keys, expectedVersion: 0 });

    expect(again).toMatchObject({ kind: 'already-handled', held: { key: 'first' } });
  });

  test('is told a version that the stream has had, though it was decided on one that never came', async () => {
    const log = openMemoryStorage();
    const storage = holdBatches(log);
    const [ours, theirs] = [await opened(storage), await opened(log)];
    await theirs.handler.handle(two, add(1), once('k'));

    const first = ours.handler.handle(one, add(1), { cause });
    const repeated = ours.handler.handle(one, add(1), once('k'));
    await theirs.handler.handle(one, { type: 'Count', times: 3 }, { cause });
    await storage.writeAll();

    expect(await repeated).toMatchObject({ kind: 'already-handled', version: 3 });
    expect(await first).toMatchObject({ kind: 'accepted', version: 4 });
  });

  test('is told the version of what it was decided on, when that came to be', async () => {
    const { handler } = await opened();
    await handler.handle(two, add(1), once('k'));

    const [, repeated, later] = await Promise.all([
      handler.handle(one, add(1), { cause }),
      handler.handle(one, add(1), once('k')),
      handler.handle(one, add(1), { cause }),
    ]);

    expect(repeated).toMatchObject({ kind: 'already-handled', version: 1 });
    expect(later).toMatchObject({ kind: 'accepted', version: 2 });
  });

  test('is known again though the first moved the version on that it expects', async () => {
    const { handler } = await opened();
    const conditional = { ...once('k'), expectedVersion: 0 };

    const results = await Promise.all([
      handler.handle(one, add(1), conditional),
      handler.handle(one, add(1), conditional),
    ]);
    const later = await handler.handle(one, add(1), conditional);
    const other = await handler.handle(one, add(1), { ...conditional, ...once('other') });

    expect([...results, later, other].map(({ kind }) => kind)).toEqual([
      'accepted',
      'already-handled',
      'already-handled',
      'version-mismatch',
    ]);
    expect(later).toMatchObject({ version: 1, held: { key: 'k', position: 1 } });
  });
});

const hour = 3_600_000_000_000n;
