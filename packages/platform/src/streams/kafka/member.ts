import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer } from '@platformatic/kafka';
import type { SubscriberParts } from '../subscriber.ts';
import { createFetcher, type KafkaTopic } from './fetcher.ts';

/**
 * A member of a consumer group. Which partitions are its own is the group's to say, at any moment: when that
 * changes, it goes on from what the group has committed. A partition may so come to another member while
 * this one still handles messages of it; both then handle those.
 */
export function memberOf(
  consumer: Consumer,
  kafkaTopic: KafkaTopic,
  onFailure: ((failure: unknown) => void) | undefined,
): SubscriberParts {
  const read = createFetcher(consumer, kafkaTopic, { maxWaitMs: 200 });
  const topic = `${kafkaTopic.prefix}${kafkaTopic.name}`;
  /** How often the group has said whose the partitions are. */
  let divisions = 0;
  /** True from when the group begins to divide them anew until it has. */
  let dividing = true;
  let positions = new Map<number, number>();
  let positionsOf = 0;
  consumer.on('consumer:group:rebalance', () => {
    dividing = true;
  });
  consumer.on('consumer:group:join', () => {
    dividing = false;
    divisions += 1;
  });
  // The client has given up joining again, as when the cluster was away for long: it is asked to anew.
  consumer.on('error', (failure) => {
    onFailure?.(failure);
    void rejoin();
  });
  let left = false;
  const rejoin = async (): Promise<void> => {
    while (!left) {
      await pause(1_000);
      try {
        if (!left) await consumer.joinGroup({});
        return;
      } catch (failure) {
        onFailure?.(failure);
      }
    }
  };

  return {
    join: async () => {
      consumer.topics.track(topic);
      await consumer.joinGroup({});
    },
    leave: async () => {
      left = true;
      await consumer.close(true);
    },
    acquire: async () => {
      if (dividing) return new Map();
      if (positionsOf !== divisions) {
        const division = divisions;
        const own = consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
        positions = await committed(consumer, topic, own);
        positionsOf = division;
      }
      return positions;
    },
    release: () => {},
    read: async (from, limit) => {
      const messages = await read(from, limit);
      // While it waited for them, the partitions may have become another's.
      return dividing || positionsOf !== divisions ? [] : messages;
    },
    advance: async (to) => {
      await consumer.commit({
        offsets: Array.from(to, ([partition, next]) => ({
          topic,
          partition,
          offset: BigInt(next),
          leaderEpoch: -1,
        })),
      });
      for (const [partition, next] of to) {
        if (positions.has(partition)) positions.set(partition, next);
      }
    },
    // Reading waits for messages by itself; without partitions there is nothing to wait for but the group.
    idle: () => (dividing || positions.size === 0 ? pause(100) : Promise.resolve()),
    wake: () => {},
  };
}

async function committed(
  consumer: Consumer,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  if (partitions.length === 0) return new Map();
  const offsets = await consumer.listCommittedOffsets({
    topics: [{ topic, partitions: [...partitions] }],
  });
  const next = offsets.get(topic) ?? [];
  return new Map(
    partitions.map((partition) => [partition, Math.max(0, Number(next[partition] ?? -1n))]),
  );
}
