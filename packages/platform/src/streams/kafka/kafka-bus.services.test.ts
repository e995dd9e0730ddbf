import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { describeBusContract } from '../bus.contract.ts';
import type { Bus } from '../bus.ts';
import { listen, message, orders, until } from '../contract/samples.ts';
import { openKafkaBus } from './kafka-bus.ts';
import { startKafka, type KafkaServer } from './test-server.ts';

let server: KafkaServer | undefined;

/** A cluster that is there already, when one is named. */
const given = /^kafka:\/\/(.+)$/.exec(process.env['COUNTERFOIL_BUS'] ?? '')?.[1];

beforeAll(async () => {
  if (given === undefined) server = await startKafka();
}, 180_000);
afterAll(async () => server?.stop());

const openBus = (prefix: string): Promise<Bus> =>
  openKafkaBus({
    brokers: given === undefined ? [server?.broker ?? 'nowhere'] : given.split(','),
    clientId: 'test',
    prefix,
  });

describeBusContract('TC-07 the bus on Kafka', async () => {
  // One cluster serves all tests, each with topics and groups of its own.
  const prefix = `${randomUUID()}.`;
  let bus = await openBus(prefix);
  return {
    bus,
    reopen: async () => {
      await bus.close();
      bus = await openBus(prefix);
      return bus;
    },
    destroy: async () => bus.close(),
  };
});

describe('TC-07, OP-11 a broker that is killed', () => {
  test.skipIf(given !== undefined)(
    'has all that was published when it is back, and the bus goes on by itself',
    async () => {
      const bus = await openBus(`${randomUUID()}.`);
      onTestFinished(() => bus.close());
      await bus.ensureTopics([{ name: orders, partitions: 3 }]);
      const listener = await listen(bus);
      const published: string[] = [];
      let publishing = true;
      const publish = async (): Promise<void> => {
        for (let number = 0; publishing; number += 1) {
          const text = `${number}`;
          try {
            await bus.publish(orders, [message(`k${number % 7}`, text)]);
            published.push(text);
          } catch {
            // It may or may not be there: nothing was promised of it.
            await sleep(100);
          }
        }
      };
      const publisher = publish();
      await until(() => listener.texts().length > 50);

      await server?.kill();
      await sleep(500);
      await server?.start();
      const before = published.length;
      await until(() => published.length > before + 50);
      publishing = false;
      await publisher;

      // What was not promised may have come as well, so the count of what came says nothing.
      const missing = (): string[] => {
        const got = new Set(listener.texts());
        return published.filter((text) => !got.has(text));
      };
      await until(() => missing().length === 0);
      expect(missing()).toEqual([]);
      expect(published.length).toBeGreaterThan(100);
    },
  );
});

describe('TC-07, OP-11 the topics of Kafka', () => {
  test('forget what every group has taken, after a while, and nothing else', async () => {
    const prefix = `${randomUUID()}.`;
    const bus = await openKafkaBus({
      brokers: given === undefined ? [server?.broker ?? 'nowhere'] : given.split(','),
      clientId: 'test',
      prefix,
      keepTakenMs: 0,
      trimEveryMs: 200,
    });
    onTestFinished(() => bus.close());
    const letters = `${orders}.dead-letters`;
    await bus.ensureTopics([
      { name: orders, partitions: 2 },
      { name: letters, partitions: 1 },
    ]);
    const kept = async (topic: string): Promise<number> => {
      const counts = await Promise.all(
        (await bus.progress(topic, 'nobody')).map(
          async ({ partition }) =>
            (await bus.read(topic, partition, { from: 0, limit: 100 })).length,
        ),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await bus.publish(letters, [message('k', 'kept for ever')]);
    const quick = await listen(bus, { group: 'quick' });
    const slow = await listen(bus, { group: 'slow', batchSizeMax: 1 });
    const texts = Array.from({ length: 10 }, (_, number) => `${number}`);
    await bus.publish(
      orders,
      texts.map((text) => message(`k${text}`, text)),
    );
    await until(() => quick.texts().length === 10 && slow.texts().length === 10);
    await until(async () => (await kept(orders)) === 0);

    // One of the groups takes no more.
    await slow.close();
    await bus.publish(orders, [message('k', 'late')]);
    await until(() => quick.texts().length === 11);
    await sleep(1_500);
    expect(await kept(orders)).toBe(1);
    expect(await kept(letters)).toBe(1);

    const again = await listen(bus, { group: 'slow' });
    await until(() => again.texts().length === 1);
    await until(async () => (await kept(orders)) === 0);
  });
});
