import {
  GenericError,
  ListOffsetTimestamps,
  type Consumer,
  type FetchOptions,
} from '@platformatic/kafka';
import { BusFailure, type Message } from '../bus.ts';
import type { Positions } from '../subscriber.ts';

/** A topic as the program calls it, and what Kafka's name of it begins with. */
export interface KafkaTopic {
  readonly name: string;
  readonly prefix: string;
}

export interface FetcherOptions {
  /** How long the broker may wait for messages when there are none. */
  readonly maxWaitMs: number;
}

type FetchRequestTopic = FetchOptions<Buffer, Buffer, Buffer, Buffer>['topics'][number];
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

const bytesOfPartitionMax = 1024 * 1024;

/**
 * Reads messages of a topic from offsets on. What a broker has answered beyond the limit is kept for the
 * next call that goes on from there.
 */
export function createFetcher(
  consumer: Consumer,
  { name, prefix }: KafkaTopic,
  { maxWaitMs }: FetcherOptions,
): (from: Positions, limit: number) => Promise<readonly Message[]> {
  const topic = `${prefix}${name}`;
  /** What was fetched and not asked for yet, and the position that it follows. */
  const ahead = new Map<number, { readonly from: number; readonly messages: readonly Message[] }>();

  const fetchInto = async (from: Positions, waitMs: number): Promise<void> => {
    const metadata = await consumer.metadata({ topics: [topic] });
    const description = metadata.topics.get(topic);
    if (description === undefined) throw new BusFailure(`topic ${topic} is gone`);
    const requests = new Map<number, FetchRequestTopic>();
    for (const [partition, offset] of from) {
      const { leader } = description.partitions[partition] ?? {};
      if (leader === undefined) throw new BusFailure(`${topic} has no partition ${partition}`);
      const request = requests.get(leader) ?? { topicId: description.id, partitions: [] };
      requests.set(leader, request);
      request.partitions.push({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: -1,
        partitionMaxBytes: bytesOfPartitionMax,
      });
    }
    const answers = await Promise.all(
      Array.from(requests, ([node, request]) =>
        consumer.fetch({
          node,
          topics: [request],
          minBytes: 1,
          maxBytes: 16 * bytesOfPartitionMax,
          maxWaitTime: waitMs,
        }),
      ),
    );
    for (const answer of answers) {
      for (const [partition, messages] of messagesOf(answer, name)) {
        const first = from.get(partition) ?? 0;
        // Brokers answer whole batches, which may begin before what was asked for.
        const wanted = messages.filter(({ offset }) => offset >= first);
        if (wanted.length > 0) ahead.set(partition, { from: first, messages: wanted });
      }
    }
  };

  /** The positions, but for those that the broker has no messages at: behind the last, or removed. */
  const withinReach = async (from: Positions): Promise<Positions> => {
    const firsts = await consumer.listOffsets({
      topics: [topic],
      partitions: { [topic]: [...from.keys()] },
      timestamp: ListOffsetTimestamps.EARLIEST,
    });
    return new Map(
      [...from].flatMap(([partition, offset]) => {
        const first = Number(firsts.get(topic)?.[partition] ?? 0n);
        return first > offset ? [[partition, first]] : [];
      }),
    );
  };

  /** As much as there is room for; partitions that had no turn come first the next time. */
  const take = (from: Positions, limit: number): readonly Message[] => {
    const batch: Message[] = [];
    for (const [partition, { from: start, messages }] of Array.from(ahead)) {
      if (start !== from.get(partition)) {
        ahead.delete(partition);
        continue;
      }
      const taken = messages.slice(0, limit - batch.length);
      const last = taken.at(-1);
      if (last === undefined) break;
      batch.push(...taken);
      ahead.delete(partition);
      if (taken.length < messages.length) {
        ahead.set(partition, { from: last.offset + 1, messages: messages.slice(taken.length) });
      }
    }
    return batch;
  };

  return async (from, limit) => {
    const missing = new Map([...from].filter(([partition]) => !ahead.has(partition)));
    if (missing.size > 0) {
      try {
        await fetchInto(missing, ahead.size > 0 ? 0 : maxWaitMs);
      } catch (failure) {
        if (!isOutOfRange(failure)) throw failure;
        const within = await withinReach(missing);
        if (within.size > 0) await fetchInto(within, 0);
        for (const [partition, { messages }] of Array.from(ahead)) {
          const asked = missing.get(partition);
          if (asked !== undefined) ahead.set(partition, { from: asked, messages });
        }
      }
    }
    return take(from, limit);
  };
}

function isOutOfRange(failure: unknown): boolean {
  return (
    GenericError.isGenericError(failure as Error) &&
    (failure as GenericError).findBy('apiId', 'OFFSET_OUT_OF_RANGE') !== null
  );
}

function messagesOf(
  { responses }: FetchResponse,
  topic: string,
): ReadonlyMap<number, readonly Message[]> {
  const found = new Map<number, Message[]>();
  for (const { partitions } of responses) {
    for (const { partitionIndex: partition, records } of partitions) {
      const messages = found.get(partition) ?? [];
      found.set(partition, messages);
      for (const batch of records ?? []) {
        for (const { offsetDelta, key, value, headers } of batch.records) {
          messages.push({
            topic,
            partition,
            offset: Number(batch.firstOffset) + offsetDelta,
            key: key?.toString() ?? '',
            value: value ?? new Uint8Array(),
            headers: Object.fromEntries(
              headers.map(([name, text]) => [name?.toString() ?? '', text?.toString() ?? '']),
            ),
          });
        }
      }
    }
  }
  return found;
}
