import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BusFailure, type Bus } from '../streams/bus.ts';
import { until } from '../streams/contract/samples.ts';
import { openKafkaBus } from '../streams/kafka/kafka-bus.ts';
import { startKafka, type KafkaServer } from '../streams/kafka/test-server.ts';
import { askOf, nameOf, startQueue } from './action-queue.fixture.ts';
import { startRegistry } from './confluent-registry.fixture.ts';
import { openConfluentRegistry } from './confluent-registry.ts';

let server: KafkaServer | undefined;

/** A cluster that is there already, when one is named. */
const given = /^kafka:\/\/(.+)$/.exec(process.env['COUNTERFOIL_BUS'] ?? '')?.[1];

beforeAll(async () => {
  if (given === undefined) server = await startKafka();
}, 180_000);
afterAll(async () => server?.stop());

const openBus = async (prefix: string): Promise<Bus> => {
  const bus = await openKafkaBus({
    brokers: given === undefined ? [server?.broker ?? 'nowhere'] : given.split(','),
    clientId: 'test',
    prefix,
  });
  onTestFinished(() => bus.close());
  return bus;
};

const symbols = ['AAPL', 'MSFT', 'T', 'GE', 'BRK.B', 'IBM', 'WBD'];

describe('CA-12 the queue of corporate actions on Kafka', () => {
  test('is shared by the workers of two programs, and no action is left out', async () => {
    const prefix = `${randomUUID()}.`;
    const registry = await startRegistry();
    onTestFinished(registry.close);
    const schemas = openConfluentRegistry({ url: registry.url, subjectPrefix: prefix });
    const one = await startQueue(await openBus(prefix), { registry: schemas });
    const other = await startQueue(await openBus(prefix), { registry: schemas });
    const asks = Array.from({ length: 300 }, (_, number) =>
      askOf(symbols[number % symbols.length] ?? '', number),
    );
    const handled = (): Set<string> => new Set([...one.handled, ...other.handled]);

    for (let from = 0; from < asks.length; from += 10) await one.ask(asks.slice(from, from + 10));
    await until(() => handled().size === 300);

    expect([...handled()].toSorted()).toEqual(asks.map(nameOf).toSorted());
    expect(registry.requests).toContain(
      `POST /subjects/${prefix}corporate-actions-events-value/versions`,
    );
    await until(async () =>
      (await one.progress()).every(({ next, end }) => next === end && end >= 0),
    );
    expect([one.failures, other.failures]).toEqual([[], []]);

    // What one leaves behind, the other takes, each symbol in its order.
    await one.close();
    const before = other.handled.length;
    const more = asks.slice(0, 70);
    await other.ask(more);
    await until(() => other.handled.length >= before + 70);
    const last = other.handled.slice(before);
    for (const symbol of symbols) {
      const own = (name: string): boolean => name.startsWith(`${symbol} `);
      expect(last.filter(own)).toEqual(more.map(nameOf).filter(own));
    }
  });

  test.skipIf(given !== undefined)(
    'goes on by itself after the broker was killed, with all that it had promised',
    async () => {
      const queue = await startQueue(await openBus(`${randomUUID()}.`));
      await queue.ask([askOf('AAPL', 1)]);
      await until(() => queue.handled.length === 1);
      await queue.pause();
      await queue.ask([askOf('AAPL', 2)]);

      await server?.kill();
      await expect(queue.ask([askOf('AAPL', 3)])).rejects.toThrow(BusFailure);
      expect(queue.breakers.states().bus.failures).toBeGreaterThan(0);
      await server?.start();
      await queue.resume();
      await until(() => queue.handled.includes('AAPL 2'));
      await until(async () => {
        await queue.ask([askOf('AAPL', 4)]).catch(() => undefined);
        return queue.handled.includes('AAPL 4');
      });
      expect(queue.breakers.states().bus.state).toBe('CLOSED');
    },
  );
});
