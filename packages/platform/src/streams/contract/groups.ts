import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { OpenedBus } from './bus-under-test.ts';
import { keyIn, listen, message, orders, until } from './samples.ts';

/** What the port promises of groups and their members. */
export function groupsContract(opened: OpenedBus): void {
  describe('TC-07 a group', () => {
    test('gets every message, whatever other groups have taken', async () => {
      const { bus } = await opened();
      const one = await listen(bus, { group: 'one' });
      await bus.publish(orders, [message('a', '1'), message('b', '2')]);
      await until(() => one.texts().length === 2);

      const other = await listen(bus, { group: 'other' });
      await until(() => other.texts().length === 2);

      expect(other.texts().toSorted()).toEqual(['1', '2']);
      await sleep(50);
      expect(one.texts()).toHaveLength(2);
    });

    test('divides the partitions among its members, each message to one of them', async () => {
      const { bus } = await opened(4);
      const members = [await listen(bus), await listen(bus)];
      const share = async (): Promise<boolean> => {
        await bus.publish(
          orders,
          [0, 1, 2, 3].map((partition) => message(keyIn(partition, 4), 'x')),
        );
        return members.every((member) => member.texts().length > 0);
      };
      // How soon a new member gets its share is up to the bus.
      await until(share);
      const taken = (): number => members.flatMap((member) => member.texts()).length;
      const partitionsOf = (from: readonly number[]): readonly (readonly number[])[] =>
        members.map(({ batches }, index) => [
          ...new Set(
            batches.slice(from[index] ?? 0).flatMap((batch) => batch.map((one) => one.partition)),
          ),
        ]);
      await until(async () => await allTaken(bus));
      const before = members.map(({ batches }) => batches.length);
      const already = taken();

      const texts = Array.from({ length: 400 }, (_, number) => `${number}`);
      await bus.publish(
        orders,
        texts.map((text) => message(keyIn(Number(text) % 4, 4), text)),
      );
      await until(() => taken() >= already + 400);

      expect(taken()).toBe(already + 400);
      expect(partitionsOf(before).map(({ length }) => length)).toEqual([2, 2]);
      expect(new Set(partitionsOf(before).flat()).size).toBe(4);
    });

    test('goes on when a member leaves, behind what that one has taken', async () => {
      const { bus } = await opened(4);
      const first = await listen(bus);
      const texts = Array.from({ length: 40 }, (_, number) => `${number}`);
      await bus.publish(
        orders,
        texts.slice(0, 20).map((text) => message(text, text)),
      );
      await until(() => first.texts().length === 20);
      await first.close();

      const second = await listen(bus);
      await bus.publish(
        orders,
        texts.slice(20).map((text) => message(text, text)),
      );
      await until(() => second.texts().length === 20);

      await sleep(50);
      expect([...first.texts(), ...second.texts()].toSorted()).toEqual(texts.toSorted());
    });

    test('says how far it has come in each partition', async () => {
      const { bus } = await opened(2);
      const key = keyIn(1, 2);
      await bus.publish(orders, [message(key, '1'), message(key, '2')]);
      const lag = async (group: string): Promise<readonly number[]> =>
        (await bus.progress(orders, group)).map(({ end, next }) => end - next);
      expect(await lag('readers')).toEqual([0, 2]);

      const listener = await listen(bus);
      await until(async () => (await lag('readers')).every((behind) => behind === 0));

      expect(listener.texts()).toEqual(['1', '2']);
      expect(await lag('others')).toEqual([0, 2]);
      expect((await bus.progress(orders, 'readers')).map(({ partition }) => partition)).toEqual([
        0, 1,
      ]);
    });

    test('has kept what a member took once that is closed', async () => {
      const { bus } = await opened(1);
      await bus.publish(
        orders,
        Array.from({ length: 60 }, (_, number) => message('k', `${number}`)),
      );
      for (let round = 0; round < 10; round += 1) {
        const listener = await listen(bus, { batchSizeMax: 3 });
        await until(() => listener.texts().length > 0);

        await listener.close();

        const [kept] = await bus.progress(orders, 'readers');
        expect(kept?.next).toBe((listener.batches.at(-1)?.at(-1)?.offset ?? Number.NaN) + 1);
      }
    });

    test('loses none while its only member closes in the middle of a batch', async () => {
      const { bus } = await opened(1);
      await bus.publish(
        orders,
        Array.from({ length: 50 }, (_, number) => message('k', `${number}`)),
      );
      const begun = Promise.withResolvers<void>();
      const first = await listen(bus, {
        batchSizeMax: 10,
        handle: async () => {
          begun.resolve();
          await sleep(20);
        },
      });
      await begun.promise;
      await first.close();
      const taken = first.texts().length;

      const second = await listen(bus);
      await until(() => second.texts().length === 50 - taken);

      expect(taken).toBe(10);
      expect([...first.texts(), ...second.texts()]).toEqual(
        Array.from({ length: 50 }, (_, number) => `${number}`),
      );
    });
  });
}

async function allTaken(bus: {
  progress(
    topic: string,
    group: string,
  ): Promise<readonly { readonly end: number; readonly next: number }[]>;
}): Promise<boolean> {
  return (await bus.progress(orders, 'readers')).every(({ end, next }) => end === next);
}
