import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bus, Message } from './bus.ts';
import { message, textOf } from './contract/samples.ts';
import {
  deadLetterTopic,
  puttingAside,
  readDeadLetters,
  reprocess,
  type DeadLetter,
} from './dead-letters.ts';
import { openBus } from './embedded/embedded-bus.fixture.ts';

class Outage extends Error {
  override readonly name = 'Outage';
}

const isOutage = (failure: unknown): boolean => failure instanceof Outage;

const opened = async (): Promise<Bus> => {
  const { bus, destroy } = await openBus();
  onTestFinished(destroy);
  await bus.ensureTopics([
    { name: 'orders', partitions: 1 },
    { name: deadLetterTopic('orders'), partitions: 1 },
  ]);
  return bus;
};

const lettersIn = (bus: Bus): Promise<readonly DeadLetter[]> =>
  readDeadLetters(bus, 'orders', 0, { from: 0, limit: 10 });

function batchOf(...texts: readonly string[]): readonly Message[] {
  return texts.map((text, offset) => ({
    ...message('k', text),
    headers: { source: 'desk' },
    topic: 'orders',
    partition: 2,
    offset,
  }));
}

describe('TC-07 messages that can not be handled', () => {
  test('are put aside with their cause, and the others are handled in order', async () => {
    const bus = await opened();
    const handled: string[] = [];
    const aside: string[] = [];
    const handle = puttingAside(bus, {
      isOutage,
      onDeadLetter: (one) => aside.push(textOf(one)),
      handle: async (batch) => {
        for (const one of batch) {
          if (textOf(one).startsWith('bad')) {
            throw new RangeError(`no ${textOf(one)}`, { cause: new Error('at the root') });
          }
        }
        handled.push(...batch.map(textOf));
      },
    });

    await handle(batchOf('1', 'bad 2', '3', 'bad 4', '5'));

    expect(handled).toEqual(['1', '3', '5']);
    expect(aside).toEqual(['bad 2', 'bad 4']);
    const letters = await lettersIn(bus);
    expect(letters).toMatchObject([
      {
        id: '0-0',
        topic: 'orders',
        partition: 2,
        offset: 1,
        key: 'k',
        headers: { source: 'desk' },
        cause: 'RangeError: no bad 2 <- Error: at the root',
        attempts: 3,
      },
      { id: '0-1', offset: 3, cause: 'RangeError: no bad 4 <- Error: at the root' },
    ]);
  });

  test('are tried alone as often as is said, and may yet be handled', async () => {
    const bus = await opened();
    let attempts = 0;
    const handle = puttingAside(bus, {
      isOutage,
      attemptsMax: 4,
      handle: async (batch) => {
        if (batch.length > 1) throw new Error('together');
        attempts += 1;
        if (textOf(batch[0] as Message) === 'never' || attempts < 3) throw new Error('alone');
      },
    });

    await handle(batchOf('late', 'never'));

    expect(attempts).toBe(3 + 4);
    const letters = await lettersIn(bus);
    expect(letters.map(({ offset, attempts: made }) => [offset, made])).toEqual([[1, 4]]);
  });

  test('are not taken for such while something is away: together or alone', async () => {
    const bus = await opened();
    let calls = 0;
    const handle = puttingAside(bus, {
      isOutage,
      handle: async () => {
        calls += 1;
        throw calls === 1 ? new Error('together') : new Outage('the database is away');
      },
    });

    await expect(handle(batchOf('1', '2'))).rejects.toThrow(Outage);
    await expect(handle(batchOf('1', '2'))).rejects.toThrow(Outage);
    expect(await lettersIn(bus)).toEqual([]);
    expect(calls).toBe(3);
  });

  test('keep their batch untaken when they can not be put aside', async () => {
    const handle = puttingAside(
      { publish: async () => Promise.reject(new Error('the bus is away')) },
      { isOutage, handle: async () => Promise.reject(new Error('bad')) },
    );

    await expect(handle(batchOf('1'))).rejects.toThrow('the bus is away');
  });

  test('can be published again as they were', async () => {
    const bus = await opened();
    const handle = puttingAside(bus, {
      isOutage,
      handle: async () => Promise.reject(new Error('bad')),
    });
    await handle(batchOf('1'));
    const [letter] = await lettersIn(bus);

    if (letter !== undefined) await reprocess(bus, letter);

    const [again] = await bus.read('orders', 0, { from: 0, limit: 10 });
    expect(again).toMatchObject({ key: 'k', headers: { source: 'desk' } });
    expect(again && textOf(again)).toBe('1');
    expect(await lettersIn(bus)).toHaveLength(1);
  });
});
