import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { openSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { SchemaMismatch } from './avro-codec.ts';
import { ContentionError, createCommandHandler } from './command-handler.ts';
import {
  audit,
  cause,
  counter,
  eventTypes,
  one,
  openCounters,
  outcomeOf,
  startedAt,
  two,
} from './counter.fixture.ts';
import { StoreOverloaded } from './group-commit.ts';
import { holdBatches, turn } from './held-batches.fixture.ts';

async function opened(storage: EventStorage = openMemoryStorage()) {
  const store = await openCounters(storage);
  return { storage, store, handler: createCommandHandler(store, counter) };
}

const add = (by: number) => ({ type: 'Add', by }) as const;

describe('LG-09 a command is confirmed', () => {
  test('with the ids of its events, the version of its stream, position and time', async () => {
    const { store, handler } = await opened();
    await handler.handle(two, add(5), { cause });

    const result = await handler.handle(one, { type: 'Count', times: 3 }, { cause });

    const events = await store.readStream(one);
    expect(result).toEqual({
      kind: 'accepted',
      eventIds: events.map(({ eventId }) => eventId),
      version: 3,
      position: 4,
      recordedAt: startedAt,
    });
    expect(events.map(({ position, version }) => [position, version])).toEqual([
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
  });

  test('LG-04 and its events say who caused them, and by what', async () => {
    const { store, handler } = await opened();

    await handler.handle(one, add(5), {
      cause: { userId: 'alice', correlationId: 'request 7', causationId: 'message 3' },
    });

    expect((await store.readStream(one)).map(({ metadata }) => metadata)).toEqual([
      { userId: 'alice', correlationId: 'request 7', causationId: 'message 3' },
    ]);
  });

  test('without an event when things are already so', async () => {
    const { store, handler } = await opened();
    await handler.handle(one, add(5), { cause });

    const result = await handler.handle(one, add(0), { cause });

    expect(result).toEqual({
      kind: 'accepted',
      eventIds: [],
      version: 1,
      position: undefined,
      recordedAt: undefined,
    });
    expect(await store.head()).toMatchObject({ position: 1 });
  });

  test('as rejected, and nothing is written', async () => {
    const { store, handler } = await opened();
    await handler.handle(one, add(5), { cause });

    const result = await handler.handle(one, add(-6), { cause });

    expect(result).toEqual({
      kind: 'rejected',
      rejection: { code: 'BELOW_ZERO', total: 5 },
      eventIds: [],
      version: 1,
      position: undefined,
      recordedAt: undefined,
    });
    expect(await store.head()).toMatchObject({ position: 1 });
  });

  test('as rejected, with the events that keep the refusal', async () => {
    const { store, handler } = await opened();

    const refused = { ...add(-6), recordRefusal: true };
    const result = await handler.handle(one, refused, { cause });

    const [event] = await store.readStream(one);
    expect(event?.type).toBe('Refused');
    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'BELOW_ZERO', total: 0 },
      eventIds: [event?.eventId],
      version: 1,
      position: 1,
      recordedAt: startedAt,
    });
  });
});

describe('LG-01 a command that expects a version', () => {
  test('is handled at that version only', async () => {
    const { store, handler } = await opened();

    const at = (expectedVersion: number) =>
      handler.handle(one, add(1), { cause, expectedVersion }).then(({ kind }) => kind);

    expect([await at(1), await at(0), await at(0), await at(2), await at(1)]).toEqual([
      'version-mismatch',
      'accepted',
      'version-mismatch',
      'version-mismatch',
      'accepted',
    ]);
    expect(await audit(store)).toMatchObject({ total: 2 });
  });

  test('learns the version that there is', async () => {
    const { handler } = await opened();
    await handler.handle(one, { type: 'Count', times: 3 }, { cause });

    const result = await handler.handle(one, add(1), { cause, expectedVersion: 2 });

    expect(result).toEqual({ kind: 'version-mismatch', expected: 2, actual: 3 });
  });

  test('is handled at what others on their way to the disk leave', async () => {
    const { handler } = await opened();

    const results = await Promise.all([
      handler.handle(one, add(1), { cause, expectedVersion: 0 }),
      handler.handle(one, add(1), { cause, expectedVersion: 1 }),
      handler.handle(one, add(1), { cause, expectedVersion: 1 }),
    ]);

    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'version-mismatch']);
  });

  test('is not refused for events that never came to be', async () => {
    const storage = holdBatches(openMemoryStorage());
    const { store, handler } = await opened(storage);

    const lost = handler.handle(one, add(1), { cause });
    const second = handler.handle(one, add(2), { cause, expectedVersion: 0 });
    await turn();
    await Promise.all([
      expect(lost).rejects.toThrow('gone'),
      storage.held[0]?.fail(new StorageFailure('gone', { final: false })),
    ]);
    await storage.writeAll();

    await expect(second).resolves.toMatchObject({ kind: 'accepted', version: 1 });
    expect(await audit(store)).toEqual({ total: 2, events: 1, unfounded: [] });
  });

  test('is not refused for what another process has changed since', async () => {
    const { storage, store, handler } = await opened();
    const others = createCommandHandler(await openCounters(storage), counter);
    await handler.handle(one, add(1), { cause });
    await others.handle(one, add(1), { cause });

    const result = await handler.handle(one, add(1), { cause, expectedVersion: 2 });

    expect(result).toMatchObject({ kind: 'accepted', version: 3 });
    expect(await audit(store)).toMatchObject({ total: 3, unfounded: [] });
  });
});

describe('LG-05 a command on a stream that others change too', () => {
  test('is decided again on fresh state, until it stands on it', async () => {
    const { storage, store, handler } = await opened();
    const others = createCommandHandler(await openCounters(storage), counter);
    await handler.load(one);
    await others.handle(one, add(5), { cause });

    const result = await handler.handle(one, add(-5), { cause });

    expect(result).toMatchObject({ kind: 'accepted', version: 2 });
    expect(await audit(store)).toEqual({ total: 0, events: 2, unfounded: [] });
  });

  test('is refused on fresh state only', async () => {
    const { storage, handler } = await opened();
    const others = createCommandHandler(await openCounters(storage), counter);
    await handler.load(one);
    await others.handle(one, add(5), { cause });

    expect(await handler.handle(one, add(-6), { cause })).toMatchObject({
      rejection: { total: 5 },
      version: 1,
    });
    expect(await others.handle(one, add(-6), { cause })).toMatchObject({ version: 1 });
  });

  test('loses no update, of many processes and many at once', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-commands-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = path.join(directory, 'log.sqlite');
    const processes = await Promise.all(
      [1, 2, 3].map(async () => opened(await openSqliteStorage({ file, pollMs: 20 }))),
    );
    onTestFinished(async () => {
      await Promise.all(processes.map(({ store }) => store.close()));
    });
    const tasks = processes.flatMap(({ handler }) =>
      Array.from({ length: 4 }, async () => {
        for (let count = 0; count < 20; count += 1) {
          await untilDone(() => handler.handle(one, add(1), { cause }));
        }
      }),
    );

    await Promise.all(tasks);

    expect(await audit(processes[0]!.store)).toEqual({ total: 240, events: 240, unfounded: [] });
  });

  test('is given up when it was decided so many times in vain', async () => {
    const storage = openMemoryStorage();
    const others = createCommandHandler(await openCounters(storage), counter);
    const overtaken: EventStorage = {
      ...storage,
      append: async (batch, at) => {
        await others.handle(one, add(1), { cause });
        return storage.append(batch, at);
      },
    };
    const store = await openCounters(overtaken);
    const totals: number[] = [];
    const watched: typeof counter = {
      ...counter,
      decide: (command, state) => {
        totals.push(state.total);
        return counter.decide(command, state);
      },
    };
    const handler = createCommandHandler(store, watched, { attemptsMax: 3 });

    const result = handler.handle(one, add(1), { cause });

    await expect(result).rejects.toThrow(ContentionError);
    await expect(result).rejects.toThrow('counter-1 was changed by others 3 times in a row');
    expect(totals).toEqual([0, 1, 2]);
    expect(await audit(store)).toMatchObject({ total: 3, unfounded: [] });
  });
});

describe('LG-05 a command that fails', () => {
  test.each([
    ['because its event is not of the schema', add(0.5), SchemaMismatch],
    ['because it can not be decided', { type: 'Unheard of' } as never, Error],
  ])('%s harms nobody else', async (_, command, failure) => {
    const { store, handler } = await opened();

    const results = await Promise.allSettled([
      handler.handle(one, add(1), { cause }),
      handler.handle(one, command, { cause }),
      handler.handle(one, add(1), { cause }),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: expect.any(failure) as Error });
    expect(await audit(store)).toEqual({ total: 2, events: 2, unfounded: [] });
  });

  test('because of a key that nobody may claim harms nobody else', async () => {
    const { store, handler } = await opened();
    await handler.handle(one, add(1), { cause });
    const keyless = { cause, once: [{ key: '', expiresAt: undefined, note: () => Buffer.of() }] };

    const results = await Promise.allSettled([
      handler.handle(one, add(1), { cause }),
      handler.handle(one, add(1), keyless),
      handler.handle(one, add(1), { cause }),
      handler.handle(one, add(-9), { cause }),
    ]);

    expect(results).toMatchObject([
      { status: 'fulfilled', value: { kind: 'accepted', version: 2 } },
      { status: 'rejected', reason: expect.any(RangeError) as Error },
      { status: 'fulfilled', value: { kind: 'accepted', version: 3 } },
      { status: 'fulfilled', value: { kind: 'rejected', rejection: { total: 3 } } },
    ]);
    expect(await audit(store)).toEqual({ total: 3, events: 3, unfounded: [] });
  });

  test('because too many wait leaves those that come later to be decided', async () => {
    const storage = holdBatches(openMemoryStorage());
    const store = await openCounters(storage, { groupCommit: { waitingMax: 1 } });
    const handler = createCommandHandler(store, counter);

    const taken = outcomeOf(handler.handle(one, add(1), { cause }));
    const refused = outcomeOf(handler.handle(one, add(1), { cause }));
    await turn();
    const later = outcomeOf(handler.handle(one, add(1), { cause }));
    await storage.writeAll();

    expect(await Promise.all([taken, refused, later])).toEqual([
      'accepted',
      expect.any(StoreOverloaded),
      'accepted',
    ]);
    // The later one was decided on the one taken, not on what the log held then, in vain.
    expect(storage.sent.flat()).toHaveLength(2);
    expect(await audit(store)).toEqual({ total: 2, events: 2, unfounded: [] });
  });

  test('because the stream can not be read may come again', async () => {
    const memory = openMemoryStorage();
    const failures = [new StorageFailure('busy', { final: false })];
    const { store, handler } = await opened({
      ...memory,
      readStream: async (...parameters) => {
        const failure = failures.pop();
        if (failure !== undefined) throw failure;
        return memory.readStream(...parameters);
      },
    });

    await expect(handler.handle(one, add(1), { cause })).rejects.toThrow('busy');
    await handler.handle(one, add(1), { cause });

    expect(await audit(store)).toMatchObject({ total: 1 });
  });

  test('because of an event type that the store was not opened with', async () => {
    const [Added] = eventTypes;
    const store = await openCounters(openMemoryStorage(), { eventTypes: [Added!] });
    const handler = createCommandHandler(store, counter);

    const refused = handler.handle(one, { ...add(-1), recordRefusal: true }, { cause });

    await expect(refused).rejects.toThrow('event type Refused was not defined');
  });
});

async function untilDone(handle: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await handle();
      return;
    } catch (failure) {
      if (!(failure instanceof ContentionError)) throw failure;
    }
  }
}
