import type { Clock } from '@counterfoil/event-store';
import type { RequestStore } from '../../requests/request-store.ts';
import {
  BusFailure,
  TopicMismatch,
  UnknownTopic,
  type Bus,
  type Message,
  type NewMessage,
  type Subscriber,
} from '../bus.ts';
import { gather } from '../gathering.ts';
import { partitionOf } from '../partition-of.ts';
import { startSubscriber } from '../subscriber.ts';
import { createBell, type Bell } from './bell.ts';
import { openBusReader, type BusReader, type TopicRow } from './bus-reader.ts';
import { openForWriting } from './bus-tables.ts';
import { startBusWriter } from './bus-writer-thread.ts';
import type { BusWrite } from './bus-writer.ts';
import { embeddedRequests } from './embedded-requests.ts';
import { lockFile } from './file-lock.ts';
import { createGroup, type Group } from './group.ts';
import { memberOf } from './member.ts';

export interface EmbeddedBusOptions {
  /** The bus's file; made when it is missing. SQLite keeps `-wal` and `-shm` files beside it. */
  readonly file: string;
  readonly clock: Clock;
  /** How long messages that every group has taken are kept, in milliseconds; a day when not given. */
  readonly keepTakenMs?: number | undefined;
  /** How often those that are kept no longer are looked for, in milliseconds; 1 s when not given. */
  readonly trimEveryMs?: number | undefined;
}

/** A bus with a store of requests whose messages it takes in the same transaction. */
export interface EmbeddedBus extends Bus {
  readonly requests: RequestStore;
}

/**
 * A bus in an SQLite file, for one process: what is published is on the disk, flushed, before `publish`
 * resolves. Writes run in a thread of their own, those of many callers in one transaction; reads run on the
 * calling thread. Rejects with a BusFailure when another process has the file, or when it can't be used.
 */
export async function openEmbeddedBus(options: EmbeddedBusOptions): Promise<EmbeddedBus> {
  const { file, clock, keepTakenMs = 86_400_000, trimEveryMs = 1_000 } = options;
  const unlock = lockFile(file);
  let reader: BusReader;
  try {
    openForWriting(file).close();
    reader = openBusReader(file);
  } catch (cause) {
    unlock();
    throw new BusFailure(`the bus in ${file} can't be opened`, { cause });
  }
  const thread = await startBusWriter(file);
  const writes = gather<BusWrite, unknown>((batch) => thread.write(batch));
  const groups = new Map<string, Group>();
  const subscribers = new Set<Subscriber>();
  const bells = new Map<number, Set<Bell>>();

  const nowMs = (): number => Number(clock() / 1_000_000n);

  const trim = (): void => {
    const publishedBefore = nowMs() - keepTakenMs;
    for (const { id } of reader.topics()) {
      // What could not be removed now is found again the next time.
      writes.add({ kind: 'trim', topic: id, publishedBefore }).catch(() => undefined);
    }
  };
  const trimming = setInterval(trim, trimEveryMs).unref();

  const ring = (topic: number): void => {
    for (const bell of bells.get(topic) ?? []) bell.ring();
  };

  // Topics are for ever as they were made.
  const known = new Map<string, TopicRow>();
  const topicNamed = (name: string): TopicRow => {
    const topic = known.get(name) ?? reader.topic(name);
    if (topic === undefined) throw new UnknownTopic(`there is no topic ${name}`);
    known.set(name, topic);
    return topic;
  };

  const groupOf = (topicId: number, name: string): Group => {
    const key = `${topicId}/${name}`;
    let group = groups.get(key);
    if (group === undefined) {
      const next = reader.progress(topicId, name);
      group = createGroup(new Map(next.map((one) => [one.partition, one.next])), () =>
        ring(topicId),
      );
      groups.set(key, group);
    }
    return group;
  };

  const requests = embeddedRequests({
    write: writes.add,
    reader,
    place: (topic, message) => {
      const { id, partitions } = topicNamed(topic);
      return { topic: id, message: storedMessage(message, partitions) };
    },
    ring,
    clock,
  });

  return {
    requests,
    ensureTopics: async (definitions) => {
      for (const { name, partitions } of definitions) {
        const topic = reader.topic(name) ?? makeTopic(file, name, partitions);
        if (topic.partitions !== partitions) {
          throw new TopicMismatch(
            `topic ${name} has ${topic.partitions} partitions, not ${partitions}`,
          );
        }
      }
    },
    publish: async (name, messages) => {
      const { id, partitions } = topicNamed(name);
      if (messages.length === 0) return;
      const at = nowMs();
      const stored = messages.map((message) => storedMessage(message, partitions));
      await writes.add({ kind: 'publish', topic: id, at, messages: stored });
      ring(id);
    },
    subscribe: async (subscription) => {
      const { topic, group: groupName } = subscription;
      const { id } = topicNamed(topic);
      const bell = createBell();
      const topicBells = bells.get(id) ?? new Set();
      bells.set(id, topicBells.add(bell));
      const inner = await startSubscriber(
        subscription,
        memberOf({
          group: groupOf(id, groupName),
          read: (partition, from, limit) => reader.messages(id, topic, partition, from, limit),
          advance: async (positions) => {
            await writes.add({ kind: 'advance', topic: id, group: groupName, positions });
          },
          bell,
          onFailure: subscription.onFailure,
        }),
      );
      const subscriber: Subscriber = {
        close: async () => {
          if (!subscribers.delete(subscriber)) return;
          await inner.close();
          topicBells.delete(bell);
        },
      };
      subscribers.add(subscriber);
      return subscriber;
    },
    read: async (topic, partition, { from, limit }): Promise<readonly Message[]> =>
      reader.messages(topicNamed(topic).id, topic, partition, from, limit),
    progress: async (topic, group) => reader.progress(topicNamed(topic).id, group),
    close: async () => {
      await requests.close();
      clearInterval(trimming);
      await Promise.all(Array.from(subscribers, (subscriber) => subscriber.close()));
      await writes.drain();
      await thread.close();
      reader.close();
      unlock();
    },
  };
}

function storedMessage({ key, value, headers }: NewMessage, partitions: number) {
  return {
    partition: partitionOf(key, partitions),
    key,
    headers: headers === undefined ? null : JSON.stringify(headers),
    value,
  };
}

function makeTopic(
  file: string,
  name: string,
  partitions: number,
): { readonly id: number; readonly partitions: number } {
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new RangeError(`topic ${name} takes one partition at least, not ${partitions}`);
  }
  const database = openForWriting(file);
  try {
    database.exec('BEGIN IMMEDIATE');
    const { lastInsertRowid } = database.prepare('INSERT INTO topics (name) VALUES (?)').run(name);
    const id = Number(lastInsertRowid);
    const add = database.prepare('INSERT INTO partitions VALUES (?, ?, 0)');
    for (let partition = 0; partition < partitions; partition += 1) add.run(id, partition);
    database.exec('COMMIT');
    return { id, partitions };
  } finally {
    // What was not committed is undone with it.
    database.close();
  }
}
