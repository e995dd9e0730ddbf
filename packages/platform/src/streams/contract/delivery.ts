import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../bus.ts';
import type { OpenedBus } from './bus-under-test.ts';
import { keyIn, listen, message, orders, textOf, until } from './samples.ts';

/** What the port promises of how messages come to a subscriber. */
export function deliveryContract(opened: OpenedBus): void {
  describe('TC-06, TC-07 a subscriber', () => {
    test('gets what was published before it came and what is published after', async () => {
      const { bus } = await opened();
      await bus.publish(orders, [message('a', '1'), message('b', '2')]);
      const listener = await listen(bus);
      await until(() => listener.texts().length === 2);
      await bus.publish(orders, [message('c', '3')]);

      await until(() => listener.texts().length === 3);

      expect(listener.texts().toSorted()).toEqual(['1', '2', '3']);
      expect(listener.failures).toEqual([]);
    });

    test('gets the messages of a partition in their order, so many at once at most', async () => {
      const { bus } = await opened(3);
      const texts = Array.from({ length: 500 }, (_, number) => `${number % 3}:${number}`);
      await bus.publish(
        orders,
        texts.map((text) => message(keyIn(Number(text[0]), 3), text)),
      );
      const listener = await listen(bus, { batchSizeMax: 7 });

      await until(() => listener.texts().length === 500);

      for (const partition of ['0', '1', '2']) {
        const ofPartition = (text: string): boolean => text.startsWith(partition);
        expect(listener.texts().filter(ofPartition)).toEqual(texts.filter(ofPartition));
      }
      expect(Math.max(...listener.batches.map(({ length }) => length))).toBeLessThanOrEqual(7);
      expect(Math.max(...listener.batches.map(({ length }) => length))).toBeGreaterThan(1);
    });

    test('is not kept from one partition by how much there is in another', async () => {
      const { bus } = await opened(2);
      await bus.publish(
        orders,
        Array.from({ length: 300 }, () => message(keyIn(0, 2), 'many')),
      );
      await bus.publish(orders, [message(keyIn(1, 2), 'few')]);
      const listener = await listen(bus, { batchSizeMax: 50 });

      await until(() => listener.texts().includes('few'));

      expect(listener.batches.findIndex((batch) => batch.map(textOf).includes('few'))).toBeLessThan(
        3,
      );
    });

    test('that fails gets the same messages again, and none behind them before', async () => {
      const { bus } = await opened(1);
      await bus.publish(
        orders,
        ['1', '2', '3', '4', '5'].map((text) => message('k', text)),
      );
      const seen: string[] = [];
      let failing = 3;
      const listener = await listen(bus, {
        batchSizeMax: 2,
        handle: async (batch) => {
          seen.push(batch.map(textOf).join());
          if (batch.some((one) => textOf(one) === '3') && failing-- > 0) throw new Error('not yet');
        },
      });

      await until(() => listener.texts().length === 5);

      expect(listener.texts()).toEqual(['1', '2', '3', '4', '5']);
      expect(listener.failures).toEqual(Array.from({ length: 3 }, () => new Error('not yet')));
      expect(seen.filter((texts) => texts.includes('3'))).toHaveLength(4);
      expect(seen.findIndex((texts) => texts.includes('5'))).toBeGreaterThan(
        seen.findLastIndex((texts) => texts.includes('3')),
      );
    });

    test('has one batch at a time', async () => {
      const { bus } = await opened(3);
      let atOnce = 0;
      let most = 0;
      const listener = await listen(bus, {
        batchSizeMax: 5,
        handle: async () => {
          atOnce += 1;
          most = Math.max(most, atOnce);
          await new Promise((resolve) => setTimeout(resolve, 2));
          atOnce -= 1;
        },
      });
      for (let round = 0; round < 10; round += 1) {
        await bus.publish(
          orders,
          Array.from({ length: 10 }, (_, number) => message(`k${number}`, `${round}.${number}`)),
        );
      }

      await until(() => listener.texts().length === 100);

      expect(most).toBe(1);
    });

    test('whatever fails and whoever comes and goes, misses nothing and gets nothing out of order', async () => {
      const { bus } = await opened(3);
      let run = 0;
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 9 }) }) },
        { weight: 1, arbitrary: fc.record({ failNext: fc.integer({ min: 1, max: 2 }) }) },
        { weight: 1, arbitrary: fc.constant('join' as const) },
        { weight: 1, arbitrary: fc.constant('leave' as const) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          run += 1;
          const name = `run-${run}`;
          const sent = new Map<string, string[]>();
          const got: Message[] = [];
          let failing = 0;
          let number = 0;
          const join = () =>
            listen(bus, {
              group: name,
              batchSizeMax: 4,
              handle: async (batch) => {
                await Promise.resolve();
                if (failing > 0) {
                  failing -= 1;
                  throw new Error('as told');
                }
                // What earlier runs have sent is no concern of this one.
                got.push(...batch.filter((one) => textOf(one).startsWith(`${name}:`)));
              },
            });
          const members = [await join()];
          for (const one of steps) {
            if (one === 'join') members.push(await join());
            else if (one === 'leave') await members.shift()?.close();
            else if ('failNext' in one) failing = one.failNext;
            else {
              const batch = Array.from({ length: one.publish }, () => {
                const key = `k${number % 5}`;
                const text = `${name}:${(number += 1)}`;
                sent.set(key, [...(sent.get(key) ?? []), text]);
                return message(key, text);
              });
              await bus.publish(orders, batch);
            }
          }
          failing = 0;
          members.push(await join());
          await until(() => new Set(got.map(textOf)).size === number);
          await Promise.all(members.map((member) => member.close()));

          for (const [key, texts] of sent) {
            const ofKey = got.filter((one) => one.key === key).map(textOf);
            // What is handed over twice comes with all that follows it.
            expect(firstsOf(ofKey)).toEqual(texts);
          }
        }),
        { numRuns: 15 },
      );
      expect(run).toBeGreaterThan(0);
    });
  });
}

/** The texts in the order in which each came first. */
function firstsOf(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
