import { setTimeout as sleep } from 'node:timers/promises';
import {
  ContentionError,
  StorageFailure,
  StoreOverloaded,
  type Instant,
} from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ReadModelsUnavailable } from '../queries/failure.ts';
import { BreakerOpen } from '../resilience/breaker.ts';
import { BusFailure, type Bus } from '../streams/bus.ts';
import { until } from '../streams/contract/samples.ts';
import { deadLetterTopic, readDeadLetters, type DeadLetter } from '../streams/dead-letters.ts';
import { openBus } from '../streams/embedded/embedded-bus.fixture.ts';
import { actionsTopic } from './action-message.ts';
import { askOf, nameOf, startQueue } from './action-queue.fixture.ts';
import { SchemaRegistryFailure } from './schema-registry.ts';

async function opened(): Promise<Bus> {
  const { bus, destroy } = await openBus();
  onTestFinished(destroy);
  return bus;
}

async function lettersIn(bus: Bus): Promise<readonly DeadLetter[]> {
  const page = { from: 0, limit: 100 };
  const letters = await Promise.all(
    [0, 1, 2, 3].map((partition) => readDeadLetters(bus, actionsTopic, partition, page)),
  );
  return letters.flat();
}

describe('CA-12 the queue of corporate actions', () => {
  test('hands every action to a worker, once, those of a symbol in the order of asking', async () => {
    const bus = await opened();
    const queue = await startQueue(bus, {
      // As real ones, some take longer than others.
      process: async () => sleep(Math.random() * 3),
    });
    const symbols = ['AAPL', 'MSFT', 'T', 'GE', 'BRK.B'];
    const asks = Array.from({ length: 100 }, (_, place) =>
      askOf(symbols[place % symbols.length] ?? '', place),
    );

    await Promise.all([queue.ask(asks.slice(0, 50)), queue.ask(asks.slice(50))]);
    await until(() => queue.handled.length >= 100);

    for (const symbol of symbols) {
      const own = (name: string): boolean => name.startsWith(`${symbol} `);
      expect(queue.handled.filter(own)).toEqual(asks.map(nameOf).filter(own));
    }
    expect(queue.failures).toEqual([]);
    await until(async () => (await queue.progress()).every(({ next, end }) => next === end));
    const taken = (await queue.progress()).map(({ next }) => next);
    expect(taken).toHaveLength(4);
    expect(taken.reduce((sum, next) => sum + next, 0)).toBe(100);
  });

  test('works on actions of several symbols side by side, of one symbol on one at a time', async () => {
    const atWork = new Set<string>();
    let most = 0;
    const twice: string[] = [];
    const queue = await startQueue(await opened(), {
      // Several would work side by side in any case.
      workers: 1,
      process: async ({ symbol }) => {
        if (atWork.has(symbol)) twice.push(symbol);
        atWork.add(symbol);
        most = Math.max(most, atWork.size);
        await sleep(20);
        atWork.delete(symbol);
      },
    });

    await queue.ask(['A', 'B', 'C', 'A', 'B', 'C', 'A', 'B', 'C'].map((symbol) => askOf(symbol)));
    await until(() => queue.handled.length >= 9);

    expect(most).toBeGreaterThan(1);
    expect(twice).toEqual([]);
  });

  test('has as many workers as are asked for, each with partitions of its own', async () => {
    const bus = await opened();
    const members: string[] = [];
    const counting: Bus = {
      ...bus,
      subscribe: async (subscription) => {
        members.push(subscription.group);
        return bus.subscribe(subscription);
      },
    };
    const queue = await startQueue(counting, { workers: 3 });
    expect(members).toEqual(['corporate-actions', 'corporate-actions', 'corporate-actions']);

    await queue.close();
    await startQueue(counting);
    expect(members).toHaveLength(3 + 2);
  });

  test('leaves no worker behind when it can not start them all', async () => {
    const bus = await opened();
    let [begun, ended] = [0, 0];
    const counting: Bus = {
      ...bus,
      subscribe: async (subscription) => {
        if (begun === 1 && ended === 0) throw new BusFailure('no broker leads the group');
        begun += 1;
        const subscriber = await bus.subscribe(subscription);
        return {
          close: async () => {
            ended += 1;
            await subscriber.close();
          },
        };
      },
    };

    const queue = await startQueue(counting, { workers: 2 });
    expect(begun - ended).toBe(2);
    await queue.ask([askOf('AAPL')]);
    await until(() => queue.handled.length === 1);
    await queue.close();
    expect(begun - ended).toBe(0);
  });

  test('keeps what is asked while it pauses, and goes on when it resumes', async () => {
    const queue = await startQueue(await opened());
    await queue.ask([askOf('AAPL', 1)]);
    await until(() => queue.handled.length === 1);

    await queue.pause();
    await queue.ask([askOf('AAPL', 2)]);
    await sleep(100);
    expect(queue.handled).toEqual(['AAPL 1']);

    await queue.resume();
    await until(() => queue.handled.length === 2);
    expect(queue.handled).toEqual(['AAPL 1', 'AAPL 2']);
  });

  test('finishes what is under way before it is closed, and hands the rest to the next', async () => {
    const bus = await opened();
    const begun = Promise.withResolvers<void>();
    const first = await startQueue(bus, {
      process: async () => {
        begun.resolve();
        await sleep(50);
      },
    });
    await first.ask([askOf('AAPL', 1)]);
    await begun.promise;
    await first.close();
    expect(first.handled).toEqual(['AAPL 1']);

    await first.ask([askOf('AAPL', 2)]);
    const next = await startQueue(bus);
    await until(() => next.handled.length === 1);
    expect(next.handled).toEqual(['AAPL 2']);
  });
});

describe('CA-03 an action that fails', () => {
  test('is attempted three times, then put aside, and those behind it go on', async () => {
    const bus = await opened();
    const attempts: [string, number, boolean][] = [];
    const queue = await startQueue(bus, {
      process: async (ask, { number, last }) => {
        attempts.push([nameOf(ask), number, last]);
        if (nameOf(ask) === 'AAPL 1') throw new RangeError(`no terms, attempt ${number}`);
      },
    });

    await queue.ask([askOf('AAPL', 1), askOf('AAPL', 2)]);
    await until(() => queue.handled.length === 1);

    expect(attempts).toEqual([
      ['AAPL 1', 1, false],
      ['AAPL 1', 2, false],
      ['AAPL 1', 3, true],
      ['AAPL 2', 1, false],
    ]);
    expect(await lettersIn(bus)).toMatchObject([
      { key: 'AAPL', attempts: 3, cause: 'RangeError: no terms, attempt 3' },
    ]);
    expect(queue.failures.map(String)).toEqual([
      'RangeError: no terms, attempt 1',
      'RangeError: no terms, attempt 2',
      'RangeError: no terms, attempt 3',
    ]);
  });

  test.each([
    new StorageFailure('the log is away', { final: false }),
    new StoreOverloaded('too much waits'),
    new ContentionError('it changed again and again'),
    new ReadModelsUnavailable('a query failed'),
    new BusFailure('Kafka could not do what it was asked'),
    new BreakerOpen('prices', 0n as Instant, null),
  ])('waits for as long as an outage takes, and is not put aside for it: $name', async (outage) => {
    const bus = await opened();
    let calls = 0;
    const queue = await startQueue(bus, {
      process: async () => {
        calls += 1;
        if (calls <= 4) throw outage;
      },
    });

    await queue.ask([askOf('AAPL')]);
    await until(() => queue.handled.length === 1);

    expect(calls).toBe(5);
    expect(await lettersIn(bus)).toEqual([]);
    expect(queue.failures).toHaveLength(4);
  });

  test.each([
    ['that can not be read', { key: 'AAPL', value: Buffer.from('{"actionId":7}') }],
    ['of a schema that nobody knows', { key: 'AAPL', value: Buffer.from('0000000007aaaa', 'hex') }],
  ])('is a message %s put aside, and no outage', async (_, message) => {
    const bus = await opened();
    const queue = await startQueue(bus);

    await bus.publish(actionsTopic, [message]);
    await queue.ask([askOf('AAPL', 2)]);
    await until(() => queue.handled.length === 1);

    const letters = await lettersIn(bus);
    expect(letters.map(({ cause }) => cause)).toEqual([expect.stringMatching(/^UnreadableAsk: /)]);
    expect(letters.map(({ value }) => Buffer.from(value))).toEqual([message.value]);
  });
});

describe('CA-05 the queue of corporate actions while something is away', () => {
  test('refuses asks at once after five outages of the bus, without trying it', async () => {
    let away = false;
    const bus = interrupted(await opened(), () => away);
    const queue = await startQueue(bus);
    const asking = (): Promise<void> => queue.ask([askOf('AAPL')]);
    away = true;
    for (let time = 0; time < 5; time += 1) await expect(asking()).rejects.toThrow(BusFailure);
    expect(queue.breakers.states().bus.state).toBe('OPEN');
    const before = bus.tried.length;

    await expect(asking()).rejects.toThrow(BreakerOpen);

    expect(bus.tried).toHaveLength(before);
    expect(queue.handled).toEqual([]);
  });

  test('starts without the bus, and begins by itself when that is there', async () => {
    let away = true;
    const bus = interrupted(await opened(), () => away);
    // The breaker must not make the test wait.
    const breakers = { run: <Result>(_: string, work: () => Promise<Result>) => work() };
    const queue = await startQueue(bus, { breakers, startMsMax: 1 });
    await expect(queue.ask([askOf('AAPL')])).rejects.toThrow(BusFailure);

    away = false;
    await queue.ask([askOf('AAPL')]);
    await until(() => queue.handled.length === 1);
    expect(queue.failures[0]).toBeInstanceOf(BusFailure);
  });

  test('starts without the schema registry, and begins by itself when that is there', async () => {
    let away = true;
    const registry = {
      register: async () => {
        if (away) throw new SchemaRegistryFailure('the schema registry could not be asked');
        return 12;
      },
      find: async () => undefined,
    };
    const queue = await startQueue(await opened(), { registry, startMsMax: 1 });
    await expect(queue.ask([askOf('AAPL')])).rejects.toThrow(SchemaRegistryFailure);

    away = false;
    await queue.ask([askOf('AAPL')]);
    await until(() => queue.handled.length === 1);
  });

  test('waits with a message whose schema can not be asked for, in place of putting it aside', async () => {
    const bus = await opened();
    let away = true;
    const registry = {
      register: async () => 12,
      find: async () => {
        if (away) throw new SchemaRegistryFailure('the schema registry could not be asked');
        return undefined;
      },
    };
    const queue = await startQueue(bus, { registry });

    await bus.publish(actionsTopic, [{ key: 'AAPL', value: Buffer.from('0000000007aaaa', 'hex') }]);
    await until(() => queue.failures.length > 1);
    expect(await lettersIn(bus)).toEqual([]);

    away = false;
    await until(async () => (await lettersIn(bus)).length === 1);
    expect(queue.failures[0]).toBeInstanceOf(SchemaRegistryFailure);
  });

  test('keeps a message that can be put aside nowhere', async () => {
    const real = await opened();
    let away = false;
    const letters = deadLetterTopic(actionsTopic);
    const bus: Bus = {
      ...real,
      publish: async (topic, messages) => {
        if (away && topic === letters) throw new BusFailure('Kafka could not do what it was asked');
        await real.publish(topic, messages);
      },
    };
    const queue = await startQueue(bus, {
      process: async () => Promise.reject(new RangeError('no terms')),
    });
    away = true;
    await queue.ask([askOf('AAPL')]);
    await until(() => queue.failures.some((failure) => failure instanceof BusFailure));
    expect((await queue.progress()).map(({ next }) => next)).toEqual([0, 0, 0, 0]);

    away = false;
    await until(async () => (await lettersIn(real)).length === 1);
  });
});

/** A bus that fails while `away` says so. */
function interrupted(bus: Bus, away: () => boolean): Bus & { readonly tried: number[] } {
  const tried: number[] = [];
  const through =
    <Given extends unknown[], Result>(work: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      tried.push(1);
      if (away()) throw new BusFailure('Kafka could not do what it was asked');
      return work(...given);
    };
  return {
    ...bus,
    tried,
    publish: through(bus.publish),
    subscribe: through(bus.subscribe),
    ensureTopics: through(bus.ensureTopics),
  };
}
