import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { OpenedBus } from './bus-under-test.ts';
import { listen, message, orders, textOf, until } from './samples.ts';

/** What the port promises of a bus that is closed and opened again. */
export function keepingContract(opened: OpenedBus): void {
  describe('TC-06, OP-11 a bus that is opened again', () => {
    test('has what was published, and knows what was taken', async () => {
      const { bus, reopen } = await opened();
      const before = await listen(bus);
      await bus.publish(orders, [message('a', '1'), message('b', '2')]);
      await until(() => before.texts().length === 2);
      await before.close();
      await bus.publish(orders, [message('a', '3')]);

      const again = await reopen();
      const after = await listen(again);
      await until(() => after.texts().length === 1);
      await again.publish(orders, [message('b', '4')]);
      await until(() => after.texts().length === 2);

      expect(after.texts()).toEqual(['3', '4']);
      const all = await listen(again, { group: 'all' });
      await until(() => all.texts().length === 4);
    });

    test('has what was still being published when it was closed', async () => {
      const { bus, reopen } = await opened(1);
      const numbers = Array.from({ length: 50 }, (_, number) => `${number}`);
      const publishing: Promise<void>[] = [];
      for (const text of numbers) {
        publishing.push(bus.publish(orders, [message('k', text)]));
        // Some are on their way by the time that others are handed in.
        if (publishing.length % 10 === 0) await setImmediate();
      }

      const again = await reopen();

      await Promise.all(publishing);
      const found = await again.read(orders, 0, { from: 0, limit: 100 });
      expect(found.map(textOf)).toEqual(numbers);
    });

    test('hands over again what was not taken to the end', async () => {
      const { bus, reopen } = await opened(1);
      await bus.publish(orders, [message('a', '1'), message('a', '2')]);
      const failing = await listen(bus, {
        handle: async () => {
          throw new Error('never');
        },
      });
      await until(() => failing.failures.length > 0);

      const after = await listen(await reopen());
      await until(() => after.texts().length === 2);

      expect(after.texts()).toEqual(['1', '2']);
    });

    test('has ended its subscribers, each behind a whole batch', async () => {
      const { bus, reopen } = await opened(1);
      const numbers = Array.from({ length: 30 }, (_, number) => `${number}`);
      await bus.publish(
        orders,
        numbers.map((text) => message('k', text)),
      );
      const first = await listen(bus, { batchSizeMax: 10 });
      await until(() => first.texts().length > 0);

      const again = await reopen();
      const second = await listen(again);
      await until(() => first.texts().length + second.texts().length >= 30);

      expect([...first.texts(), ...second.texts()]).toEqual(numbers);
    });
  });
}
