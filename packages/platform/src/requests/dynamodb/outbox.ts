import {
  ConditionalCheckFailedException,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { OutboxSource, Publish, RoundLimits } from '../outbox-relay.ts';
import type { RequestId } from '../request-store.ts';
import { inParallel } from './in-parallel.ts';
import { messageAttributes, requestKey, shards, unsentOf, type Unsent } from './items.ts';
import { unsentIndex } from './table.ts';

export interface Outbox extends OutboxSource {
  /** The place of the next message: ascending within this process, and by time among all. */
  nextPlace(): string;
  /** Messages that this process has kept in the table, in the order of their places. */
  add(unsent: readonly Unsent[]): void;
}

const removalsAtOnceMax = 32;
/** Most messages held in memory; what comes while the bus takes nothing is then found through the index. */
const heldMax = 10_000;
/** The index follows its table by a moment, and not in order: what is older than this is in it. */
const indexLagMs = 1_000;
/** What another process has kept, but not sent within this time, it has left behind. */
const leftBehindMs = 10_000;
/** How often to look for that. */
const sweepEveryMs = 2_000;

/**
 * The messages that are unsent. Those of this process are held in memory too, and go from there, because the
 * index of the table does not follow it in order. Through the index come those that other processes have left
 * behind, and those that were too many to hold.
 */
export function createOutbox(client: DynamoDBClient, table: string): Outbox {
  let held: Unsent[] = [];
  /**
   * The messages up to this place come from the index, and before those that are held. At the start: what the
   * process before this one has left.
   */
  let indexedUpTo: string | undefined = placeAt(Date.now());
  /** Sent and removed, but perhaps in the index still. */
  const sentLately = new Set<RequestId>();
  let sweptAtMs = 0;
  let number = 0;
  const process = crypto.randomUUID();

  const remove = async (sent: readonly Unsent[]): Promise<void> => {
    await inParallel(sent, removalsAtOnceMax, async ({ id }) => removeMessage(client, table, id));
    for (const { id } of sent) sentLately.add(id);
  };

  const fromIndex = async (
    upTo: string,
    { messagesMax, bytesMax }: RoundLimits,
    publish: Publish,
  ): Promise<number> => {
    const found = await Promise.all(
      Array.from({ length: shards }, (_, shard) => query(client, table, shard, upTo, messagesMax)),
    );
    // Nothing that was sent is left in this part of the index, which what is sent later has yet to reach.
    if (found.every((ofShard) => ofShard.length === 0)) sentLately.clear();
    const heldIds = new Set<RequestId>(held.map(({ id }) => id));
    // A shard that was read in part leaves messages behind those that are sent now, but none of their keys.
    const unsent = found.flat().filter(({ id }) => !heldIds.has(id) && !sentLately.has(id));
    let taken = 0;
    while (taken < unsent.length) {
      const some = firstOf(unsent.slice(taken), { messagesMax, bytesMax });
      const sent = await publish(some);
      await remove(sent);
      taken += some.length;
    }
    return unsent.length;
  };

  const takeUnsent: OutboxSource['takeUnsent'] = async (limits, publish) => {
    const now = Date.now();
    if (indexedUpTo !== undefined) {
      if (Number.parseInt(indexedUpTo, 10) > now - indexLagMs) return 'busy';
      if ((await fromIndex(indexedUpTo, limits, publish)) > 0) return 'some';
      indexedUpTo = undefined;
    }
    if (now - sweptAtMs >= sweepEveryMs) {
      if ((await fromIndex(placeAt(now - leftBehindMs), limits, publish)) > 0) return 'some';
      sweptAtMs = now;
    }
    const first = firstOf(held, limits);
    if (first.length > 0) {
      const sent = await publish(first);
      const gone = new Set(sent.map(({ id }) => id));
      held = held.filter(({ id }) => !gone.has(id));
      // Should the removal fail, they come again from the index as if left behind.
      await remove(sent);
      return 'some';
    }
    return 'none';
  };

  return {
    nextPlace: () => {
      number += 1;
      return `${placeAt(Date.now())} ${String(number).padStart(12, '0')} ${process}`;
    },
    add: (unsent) => {
      held.push(...unsent);
      if (held.length <= heldMax) return;
      indexedUpTo = held.at(-1)?.place;
      held = [];
    },
    takeUnsent,
  };
}

/** Places sort by their texts. */
function placeAt(ms: number): string {
  return String(ms).padStart(15, '0');
}

function firstOf(
  unsent: readonly Unsent[],
  { messagesMax, bytesMax }: RoundLimits,
): readonly Unsent[] {
  let bytes = 0;
  const end = unsent.findIndex(({ message }, index) => {
    bytes += message.value.length;
    return index > 0 && (index === messagesMax || bytes > bytesMax);
  });
  return end === -1 ? unsent.slice() : unsent.slice(0, end);
}

async function query(
  client: DynamoDBClient,
  table: string,
  shard: number,
  upTo: string,
  limit: number,
): Promise<readonly Unsent[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: unsentIndex,
      KeyConditionExpression: 'unsent = :shard AND place <= :upTo',
      ExpressionAttributeValues: { ':shard': { S: `${shard}` }, ':upTo': { S: upTo } },
      Limit: limit,
    }),
  );
  return Items.map(unsentOf);
}

async function removeMessage(client: DynamoDBClient, table: string, id: RequestId): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: requestKey(id),
        UpdateExpression: `REMOVE ${messageAttributes.join(', ')}`,
        // Settled and expired, it must not come into being again.
        ConditionExpression: 'attribute_exists(id)',
      }),
    );
  } catch (cause) {
    if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
  }
}
