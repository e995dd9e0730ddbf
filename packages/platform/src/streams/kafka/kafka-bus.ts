import { setTimeout as pause } from 'node:timers/promises';
import {
  Admin,
  Consumer,
  ListOffsetTimestamps,
  Producer,
  type ClusterTopicMetadata,
} from '@platformatic/kafka';
import {
  BusFailure,
  TopicMismatch,
  UnknownTopic,
  type Bus,
  type NewMessage,
  type Subscriber,
} from '../bus.ts';
import { gather } from '../gathering.ts';
import { partitionOf } from '../partition-of.ts';
import { startSubscriber } from '../subscriber.ts';
import { createFetcher } from './fetcher.ts';
import { memberOf } from './member.ts';
import { trim } from './trimmer.ts';

export interface KafkaBusOptions {
  /** `host:port` of one broker or several of the cluster. */
  readonly brokers: readonly string[];
  /** What this program is called in the cluster's logs. */
  readonly clientId: string;
  /** Precedes the names of topics and groups, where several programs share a cluster. */
  readonly prefix?: string | undefined;
  /** Copies of each partition of topics that are made here; the cluster's default when not given. */
  readonly replicas?: number | undefined;
  /** How long messages that every group has taken are kept, in milliseconds; a day when not given. */
  readonly keepTakenMs?: number | undefined;
  /** How often those that are kept no longer are looked for, in milliseconds; 10 minutes when not given. */
  readonly trimEveryMs?: number | undefined;
}

/**
 * A bus on Apache Kafka. Messages are acknowledged by all replicas in sync before `publish` resolves, and
 * the producer is idempotent, so that what it tries again is not there twice. Progress is committed after
 * each batch. Topics that are made here keep their messages until every group has taken them, and some time longer.
 */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { brokers, clientId, prefix = '', replicas = -1 } = options;
  const { keepTakenMs = 86_400_000, trimEveryMs = 600_000 } = options;
  const connection = {
    clientId,
    bootstrapBrokers: [...brokers],
    retries: 5,
    retryDelay: 200,
    timeout: 10_000,
    autocreateTopics: false,
  };
  const admin = new Admin(connection);
  const producer = new Producer({ ...connection, idempotent: true });
  const subscribers = new Set<Subscriber>();
  let readers: Consumer | undefined;

  const described = async (name: string): Promise<ClusterTopicMetadata | undefined> => {
    const full = `${prefix}${name}`;
    const names = await reaching(admin.listTopics());
    if (!names.includes(full)) return undefined;
    const { topics } = await reaching(admin.metadata({ topics: [full], forceUpdate: true }));
    return topics.get(full);
  };

  // As promises, so that calls which wait for one lookup go on in their order.
  const partitionsOf = new Map<string, Promise<number>>();
  const partitionCount = (name: string): Promise<number> => {
    const known = partitionsOf.get(name) ?? lookUpPartitions(name);
    partitionsOf.set(name, known);
    return known;
  };
  const lookUpPartitions = async (name: string): Promise<number> => {
    try {
      const topic = await described(name);
      if (topic === undefined) throw new UnknownTopic(`there is no topic ${name}`);
      return topic.partitionsCount;
    } catch (failure) {
      partitionsOf.delete(name);
      throw failure;
    }
  };

  const makeTopic = async (name: string, partitions: number): Promise<number> => {
    await reaching(
      admin.createTopics({
        topics: [`${prefix}${name}`],
        partitions,
        replicas,
        // Whoever takes messages late must still find them.
        configs: [{ name: 'retention.ms', value: '-1' }],
      }),
    );
    // Brokers learn of it one after the other.
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await described(name)) !== undefined) return partitions;
      await pause(50);
    }
    throw new BusFailure(`Kafka made topic ${name} but does not know it`);
  };

  // One request at a time: several would not keep the order of the calls.
  const sending = gather<readonly SentMessage[], unknown>(async (batch) => {
    await reaching(producer.send({ messages: batch.flat(), acks: -1 }));
    return [];
  });

  let trimming: Promise<unknown> = Promise.resolve();
  const trimmer = setInterval(() => {
    // What could not be removed now is found again the next time.
    trimming = trim(admin, { prefix, keepTakenMs }, Date.now()).catch(() => undefined);
  }, trimEveryMs).unref();

  const publishing = new Set<Promise<void>>();
  const publish = async (topic: string, messages: readonly NewMessage[]): Promise<void> => {
    const partitions = await partitionCount(topic);
    if (messages.length === 0) return;
    await sending.add(
      messages.map((message) => sentMessage(`${prefix}${topic}`, message, partitions)),
    );
  };

  return {
    ensureTopics: async (definitions) => {
      for (const { name, partitions } of definitions) {
        const found =
          (await described(name))?.partitionsCount ?? (await makeTopic(name, partitions));
        if (found !== partitions) {
          throw new TopicMismatch(`topic ${name} has ${found} partitions, not ${partitions}`);
        }
      }
    },
    publish: (topic, messages) => {
      const published = publish(topic, messages).finally(() => publishing.delete(published));
      publishing.add(published);
      return published;
    },
    subscribe: async (subscription) => {
      await partitionCount(subscription.topic);
      const consumer = new Consumer({
        ...connection,
        groupId: `${prefix}${subscription.group}`,
        sessionTimeout: 10_000,
        rebalanceTimeout: 15_000,
        heartbeatInterval: 500,
      });
      const inner = await startSubscriber(
        subscription,
        memberOf(consumer, { name: subscription.topic, prefix }, subscription.onFailure),
      );
      const subscriber: Subscriber = {
        close: async () => {
          if (subscribers.delete(subscriber)) await inner.close();
        },
      };
      subscribers.add(subscriber);
      return subscriber;
    },
    read: async (topic, partition, { from, limit }) => {
      await partitionCount(topic);
      readers ??= new Consumer({ ...connection, groupId: `${prefix}${clientId}-readers` });
      const read = createFetcher(readers, { name: topic, prefix }, { maxWaitMs: 0 });
      return read(new Map([[partition, from]]), limit);
    },
    progress: async (topic, group) => {
      const partitions = Array.from({ length: await partitionCount(topic) }, (_, index) => index);
      const [ends] = await reaching(
        admin.listOffsets({
          topics: [
            {
              name: `${prefix}${topic}`,
              partitions: partitions.map((partitionIndex) => ({
                partitionIndex,
                timestamp: ListOffsetTimestamps.LATEST,
              })),
            },
          ],
        }),
      );
      const [committed] = await reaching(
        admin.listConsumerGroupOffsets({
          groups: [
            {
              groupId: `${prefix}${group}`,
              topics: [{ name: `${prefix}${topic}`, partitionIndexes: [...partitions] }],
            },
          ],
        }),
      );
      return partitions.map((partition) => {
        const end = ends?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
        const own = committed?.topics[0]?.partitions.find(
          ({ partitionIndex }) => partitionIndex === partition,
        );
        return {
          partition,
          end: Number(end?.offset ?? 0),
          // -1 where nothing was ever committed.
          next: Math.max(0, Number(own?.committedOffset ?? 0)),
        };
      });
    },
    close: async () => {
      clearInterval(trimmer);
      await trimming;
      await Promise.all(Array.from(subscribers, (subscriber) => subscriber.close()));
      await Promise.allSettled(publishing);
      await Promise.all([producer.close(), admin.close(), readers?.close(true)]);
    },
  };
}

interface SentMessage {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

function sentMessage(
  topic: string,
  { key, value, headers = {} }: NewMessage,
  partitions: number,
): SentMessage {
  return {
    topic,
    partition: partitionOf(key, partitions),
    key: Buffer.from(key),
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers: new Map(
      Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
    ),
  };
}

async function reaching<Result>(request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (cause) {
    throw new BusFailure('Kafka could not do what it was asked', { cause });
  }
}
