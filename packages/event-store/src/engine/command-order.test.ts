import { describe, expect, test } from 'vitest';
import { streamId, type StreamId } from '../kernel/identifiers.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { createCommandHandler, type CommandHandlerOptions } from './command-handler.ts';
import {
  cause,
  counter,
  one,
  openCounters,
  outcomeOf,
  two,
  type CounterCommand,
} from './counter.fixture.ts';
import { turn } from './held-batches.fixture.ts';

type Send = (command: CounterCommand, stream?: StreamId) => Promise<{ readonly kind: string }>;

async function opened(storage: EventStorage, options: CommandHandlerOptions = {}) {
  const decided: CounterCommand[] = [];
  const watched: typeof counter = {
    ...counter,
    decide: (command, state) => {
      decided.push(command);
      return counter.decide(command, state);
    },
  };
  const handler = createCommandHandler(await openCounters(storage), watched, options);
  const send: Send = (command, stream = one) => handler.handle(stream, command, { cause });
  return { decided, send };
}

const add = (by: number): CounterCommand => ({ type: 'Add', by });
const counts = Array.from({ length: 100 }, (_, index) => index + 1);

/** Sends one command in each microtask, so that some come at every moment of what is under way. */
async function sendOneByOne(send: Send): Promise<void> {
  const results: Promise<unknown>[] = [];
  for (const count of counts) {
    results.push(send(add(count)));
    await Promise.resolve();
  }
  await Promise.all(results);
}

describe('LG-09 commands on one stream are decided in the order in which they were given', () => {
  test.each([1, 0])('while the stream is loaded, with room for %i', async (cachedStreamsMax) => {
    const { decided, send } = await opened(openMemoryStorage(), { cachedStreamsMax });

    await sendOneByOne(send);

    expect(decided.slice(0, counts.length)).toEqual(counts.map(add));
  });

  test('while it is loaded slowly, and when that has just ended', async () => {
    const log = openMemoryStorage();
    const reading = Promise.withResolvers<void>();
    const { decided, send } = await opened({
      ...log,
      readStream: async (...range) => {
        await reading.promise;
        return log.readStream(...range);
      },
    });

    const before = [1001, 1002, 1003].map((count) => send(add(count)));
    await turn();
    reading.resolve();
    await sendOneByOne(send);
    await Promise.all(before);

    expect(decided).toEqual([1001, 1002, 1003, ...counts].map(add));
  });

  test('while one of them reads the past', async () => {
    const { decided, send } = await opened(openMemoryStorage());
    await send({ type: 'Count', times: 2 });

    const past = send({ type: 'AddPast' });
    await sendOneByOne(send);
    await past;

    expect(decided.slice(1)).toEqual([{ type: 'AddPast', past: 2 }, ...counts.map(add)]);
  });

  test('though some can not be decided', async () => {
    const { decided, send } = await opened(openMemoryStorage());
    const wrong = { type: 'Unheard of' } as never;

    const results = [send(add(1)), outcomeOf(send(wrong)), send(add(2)), outcomeOf(send(wrong))];
    await Promise.all([...results, sendOneByOne(send)]);

    expect(decided).toEqual([add(1), wrong, add(2), wrong, ...counts.map(add)]);
  });

  test('before the call returns, when nobody has to wait', async () => {
    const { decided, send } = await opened(openMemoryStorage());
    await Promise.all([send(add(1)), send(add(2))]);

    const result = send(add(3));
    expect(decided).toEqual([1, 2, 3].map(add));

    await expect(result).resolves.toMatchObject({ kind: 'accepted' });
  });
});

describe('LG-05, OP-11 commands that wait for one stream', () => {
  test('hold nobody up on another', async () => {
    const log = openMemoryStorage();
    const reading = Promise.withResolvers<void>();
    const { send } = await opened({
      ...log,
      readStream: async (stream, ...range) => {
        if (stream === one) await reading.promise;
        return log.readStream(stream, ...range);
      },
    });

    const waiting = [send(add(1)), send(add(2))];
    await expect(send(add(1), two)).resolves.toMatchObject({ kind: 'accepted' });
    await expect(send(add(1), streamId('counter-3'))).resolves.toMatchObject({ kind: 'accepted' });
    reading.resolve();

    const results = await Promise.all(waiting);
    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
  });

  test('are told together that it can not be read, and later ones try again', async () => {
    const log = openMemoryStorage();
    const outage = new StorageFailure('busy', { final: false });
    const failures = [outage];
    let reads = 0;
    const { decided, send } = await opened({
      ...log,
      readStream: async (...range) => {
        reads += 1;
        await turn();
        const failure = failures.pop();
        if (failure !== undefined) throw failure;
        return log.readStream(...range);
      },
    });

    const together = await Promise.all([1, 2, 3].map((count) => outcomeOf(send(add(count)))));
    expect([together, reads, decided]).toEqual([[outage, outage, outage], 1, []]);

    const later = await Promise.all([4, 5].map((count) => outcomeOf(send(add(count)))));
    expect([later, reads, decided]).toEqual([['accepted', 'accepted'], 2, [add(4), add(5)]]);
  });
});
