import { describe, expect, test } from 'vitest';
import { TopicMismatch, UnknownTopic } from '../bus.ts';
import { partitionOf } from '../partition-of.ts';
import type { OpenedBus } from './bus-under-test.ts';
import { keyIn, message, orders, textOf } from './samples.ts';

/** What the port promises of those who publish. */
export function publishingContract(opened: OpenedBus): void {
  describe('TC-06, TC-07 what is published', () => {
    test('is kept as it is: key, headers and any bytes', async () => {
      const { bus } = await opened(1);
      const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const headers = { cause: 'Überlauf', empty: '' };
      await bus.publish(orders, [
        { key: 'schlüssel', value, headers },
        { key: '', value: new Uint8Array() },
      ]);

      const [first, second] = await bus.read(orders, 0, { from: 0, limit: 10 });

      expect(first).toMatchObject({ topic: orders, partition: 0, key: 'schlüssel', headers });
      expect(Buffer.from(first?.value ?? []).equals(value)).toBe(true);
      expect(second).toMatchObject({ key: '', headers: {} });
      expect(second?.value).toHaveLength(0);
      expect(second?.offset).toBeGreaterThan(first?.offset ?? Number.NaN);
    });

    test('lies in the partition of its key, in the order of the calls', async () => {
      const { bus } = await opened(4);
      const texts = Array.from({ length: 200 }, (_, number) => `${number % 17}:${number}`);

      await Promise.all(
        texts.map((text) => bus.publish(orders, [message(text.split(':')[0] ?? '', text)])),
      );

      for (let partition = 0; partition < 4; partition += 1) {
        const found = await bus.read(orders, partition, { from: 0, limit: 1_000 });
        expect(found.map(textOf)).toEqual(
          texts.filter((text) => partitionOf(text.split(':')[0] ?? '', 4) === partition),
        );
      }
    });

    test('is read from an offset on, so many at most', async () => {
      const { bus } = await opened(1);
      await bus.publish(
        orders,
        ['a', 'b', 'c', 'd'].map((text) => message('k', text)),
      );
      const all = await bus.read(orders, 0, { from: 0, limit: 10 });
      const from = all[1]?.offset ?? Number.NaN;

      const part = await bus.read(orders, 0, { from, limit: 2 });

      expect(all.map(textOf)).toEqual(['a', 'b', 'c', 'd']);
      expect(part).toEqual(all.slice(1, 3));
      expect(await bus.read(orders, 0, { from: from + 100, limit: 2 })).toEqual([]);
    });

    test('may be a megabyte, and may be nothing', async () => {
      const { bus } = await opened(2);
      const large = Buffer.alloc(900_000, 'x');
      await bus.publish(orders, [{ key: keyIn(1, 2), value: large }]);
      await bus.publish(orders, []);

      const [found] = await bus.read(orders, 1, { from: 0, limit: 10 });

      expect(Buffer.from(found?.value ?? []).equals(large)).toBe(true);
      expect(await bus.read(orders, 0, { from: 0, limit: 10 })).toEqual([]);
    });

    test('needs a topic that is there', async () => {
      const { bus } = await opened();

      await expect(bus.publish('nothing', [message('k', 'v')])).rejects.toThrow(UnknownTopic);
      await expect(bus.read('nothing', 0, { from: 0, limit: 1 })).rejects.toThrow(UnknownTopic);
      await expect(bus.progress('nothing', 'readers')).rejects.toThrow(UnknownTopic);
      await expect(
        bus.subscribe({ topic: 'nothing', group: 'g', batchSizeMax: 1, handle: async () => {} }),
      ).rejects.toThrow(UnknownTopic);
    });

    test('keeps its partition, as a topic keeps its partitions', async () => {
      const { bus } = await opened(3);

      await bus.ensureTopics([{ name: orders, partitions: 3 }]);

      await expect(bus.ensureTopics([{ name: orders, partitions: 4 }])).rejects.toThrow(
        TopicMismatch,
      );
      expect(await bus.progress(orders, 'nobody')).toHaveLength(3);
    });
  });
}
