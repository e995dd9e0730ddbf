import type { Instant } from '@counterfoil/event-store';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { describeBusContract } from '../bus.contract.ts';
import { BusFailure, type Message } from '../bus.ts';
import type { BusUnderTest } from '../contract/bus-under-test.ts';
import { keyIn, listen, message, orders, textOf, until } from '../contract/samples.ts';
import { openBus } from './embedded-bus.fixture.ts';
import { openEmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';

describeBusContract('TC-07 the embedded bus', openBus);

describe('TC-07 the groups of the embedded bus', () => {
  test('give a partition to nobody else while a batch of it is handled', async () => {
    const { bus, destroy } = await openBus();
    onTestFinished(destroy);
    await bus.ensureTopics([{ name: orders, partitions: 2 }]);
    const handled = new Map<number, number>();
    let doubled = 0;
    const handle = async (batch: readonly Message[]): Promise<void> => {
      const partitions = [...new Set(batch.map(({ partition }) => partition))];
      for (const partition of partitions) {
        const others = handled.get(partition) ?? 0;
        if (others > 0) doubled += 1;
        handled.set(partition, others + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const partition of partitions) {
        handled.set(partition, (handled.get(partition) ?? 0) - 1);
      }
    };
    const texts = Array.from({ length: 60 }, (_, number) => `${number}`);
    await bus.publish(
      orders,
      texts.map((text) => message(text, text)),
    );

    // One after the other joins and leaves, so that the partitions are divided anew under way.
    const members = [await listen(bus, { batchSizeMax: 2, handle })];
    const taken = (): readonly string[] => members.flatMap((member) => member.texts());
    while (taken().length < texts.length) {
      members.push(await listen(bus, { batchSizeMax: 2, handle }));
      await new Promise((resolve) => setTimeout(resolve, 7));
      if (members.length % 3 === 0) await members.at(-2)?.close();
    }

    expect(doubled).toBe(0);
    expect(taken().toSorted()).toEqual(texts.toSorted());
  });

  test('let every partition have its turn, however small the batches', async () => {
    const { bus, destroy } = await openBus();
    onTestFinished(destroy);
    await bus.ensureTopics([{ name: orders, partitions: 3 }]);
    await bus.publish(
      orders,
      Array.from({ length: 100 }, () => message(keyIn(0, 3), 'many')),
    );
    await bus.publish(orders, [message(keyIn(1, 3), 'few'), message(keyIn(2, 3), 'few')]);
    const listener = await listen(bus, { batchSizeMax: 1 });

    await until(() => listener.texts().length === 102);

    expect(listener.texts().lastIndexOf('few')).toBeLessThan(6);
  });
});

describe('TC-07 the file of the embedded bus', () => {
  let current: BusUnderTest | undefined;
  afterEach(async () => {
    await current?.destroy();
    current = undefined;
  });

  const opened = async (options?: Partial<EmbeddedBusOptions>) => {
    const under = await openBus(options);
    current = under;
    await under.bus.ensureTopics([{ name: orders, partitions: 1 }]);
    return under;
  };

  test('is one program’s at a time', async () => {
    const { bus, file } = await opened();

    await expect(openEmbeddedBus({ file, clock: () => 0n as Instant })).rejects.toThrow(
      new BusFailure(
        `another program uses the bus in ${file}: stop it first, or use another data directory`,
      ),
    );

    await bus.publish(orders, [message('k', 'still mine')]);
    expect((await bus.read(orders, 0, { from: 0, limit: 1 })).map(textOf)).toEqual(['still mine']);
  });

  test('forgets what every group has taken, after a while, and nothing else', async () => {
    let nowMs = 1_000;
    const { bus } = await opened({
      clock: () => (BigInt(nowMs) * 1_000_000n) as Instant,
      keepTakenMs: 500,
      trimEveryMs: 5,
    });
    const quick = await listen(bus, { group: 'quick' });
    const slow = await listen(bus, { group: 'slow', batchSizeMax: 1 });
    await bus.publish(orders, [message('k', '1'), message('k', '2')]);
    await until(() => quick.texts().length === 2 && slow.texts().length === 2);
    await slow.close();
    nowMs = 1_400;
    await bus.publish(orders, [message('k', '3')]);
    nowMs = 1_600;
    await bus.publish(orders, [message('k', '4')]);
    const kept = async (): Promise<readonly string[]> =>
      (await bus.read(orders, 0, { from: 0, limit: 10 })).map(textOf);

    await until(async () => (await kept()).length < 4);
    expect(await kept()).toEqual(['3', '4']);

    // Old enough now, but one group has not taken them yet.
    nowMs = 9_000;
    await until(() => quick.texts().length === 4);
    await bus.publish(orders, [message('k', '5')]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await kept()).toEqual(['3', '4', '5']);

    const again = await listen(bus, { group: 'slow' });
    await until(() => again.texts().length === 3);
    await until(async () => (await kept()).length === 1);
    expect(await bus.progress(orders, 'slow')).toEqual([{ partition: 0, end: 5, next: 5 }]);
  });
});
