import {
  BatchWriteItemCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Acceptance, NewRequest, OnceKey, RequestId } from '../request-store.ts';
import { chunksOf, inParallel } from './in-parallel.ts';
import { onceItem, requestItem, textOf } from './items.ts';
import { untilAllDone } from './retrying.ts';

/** A request that is to be kept, and how it ends. */
export interface Placed {
  readonly request: NewRequest;
  /** Of its message among those that are unsent: ascending in the order of the calls. */
  readonly place: string;
  /** Undefined while it is under way. */
  end: Acceptance | { readonly kind: 'unknown'; readonly cause: unknown } | undefined;
}

const batchMax = 25;
const callsAtOnceMax = 16;
/** An item of DynamoDB has 400 kB at most, all its names and values counted. */
const messageBytesMax = 390_000;

/** Keeps requests, each by itself; never rejects. */
export async function keepAll(
  client: DynamoDBClient,
  table: string,
  placed: readonly Placed[],
): Promise<void> {
  const fitting = placed.filter(fits);
  const plain = fitting.filter(({ request }) => request.once === undefined);
  // Those of one key follow each other; different keys have nothing to do with each other.
  const keyed = Map.groupBy(
    fitting.filter(({ request }) => request.once !== undefined),
    ({ request }) => request.once?.key,
  );
  const work = [
    ...chunksOf(plain, batchMax).map((chunk) => () => keepPlain(client, table, chunk)),
    ...Array.from(keyed.values(), (ofKey) => () => keepKeyed(client, table, ofKey)),
  ];
  await inParallel(work, callsAtOnceMax, (one) => one());
}

/** A message that is too large for an item ends its own request alone. */
function fits(one: Placed): boolean {
  const { key, value, headers } = one.request.message;
  const bytes =
    Buffer.byteLength(key) + value.length + Buffer.byteLength(JSON.stringify(headers ?? {}));
  if (bytes <= messageBytesMax) return true;
  const cause = new RangeError(
    `a message of ${bytes} bytes is more than an item of DynamoDB holds`,
  );
  one.end = { kind: 'unknown', cause };
  return false;
}

async function keepPlain(
  client: DynamoDBClient,
  table: string,
  chunk: readonly Placed[],
): Promise<void> {
  try {
    const puts = chunk.map(({ request, place }) => ({
      PutRequest: { Item: requestItem(request, place) },
    }));
    await untilAllDone({ [table]: puts }, async (RequestItems) => {
      const { UnprocessedItems: left = {} } = await client.send(
        new BatchWriteItemCommand({ RequestItems }),
      );
      return Object.keys(left).length === 0 ? undefined : (left as typeof RequestItems);
    });
    for (const one of chunk) one.end = { kind: 'accepted' };
  } catch (cause) {
    for (const one of chunk) one.end = { kind: 'unknown', cause };
  }
}

async function keepKeyed(
  client: DynamoDBClient,
  table: string,
  ofKey: readonly Placed[],
): Promise<void> {
  for (const one of ofKey) {
    const { once } = one.request;
    if (once === undefined) continue;
    try {
      await untilAllDone(one, async () => {
        one.end = await keepUnderKey(client, table, one, once);
        return one.end === undefined ? one : undefined;
      });
    } catch (cause) {
      one.end = { kind: 'unknown', cause };
    }
  }
}

/** Undefined when another transaction was in the way. */
async function keepUnderKey(
  client: DynamoDBClient,
  table: string,
  { request, place }: Placed,
  once: OnceKey,
): Promise<Acceptance | undefined> {
  try {
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: table, Item: requestItem(request, place) } },
          {
            Put: {
              TableName: table,
              Item: onceItem(once, request.id),
              ConditionExpression: 'attribute_not_exists(id) OR expiresAtMs <= :acceptedAtMs',
              ExpressionAttributeValues: { ':acceptedAtMs': { N: `${request.acceptedAtMs}` } },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      }),
    );
    return { kind: 'accepted' };
  } catch (cause) {
    if (!(cause instanceof TransactionCanceledException)) throw cause;
    const reasons = cause.CancellationReasons ?? [];
    const holder = reasons[1]?.Code === 'ConditionalCheckFailed' ? reasons[1].Item : undefined;
    if (holder !== undefined) {
      return {
        kind: 'repeated',
        id: textOf(holder, 'requestId') as RequestId,
        fingerprint: textOf(holder, 'fingerprint'),
      };
    }
    if (reasons.some(({ Code }) => Code !== undefined && passing.has(Code))) return undefined;
    throw cause;
  }
}

/** Why a transaction is refused that may succeed a moment later. */
const passing: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
