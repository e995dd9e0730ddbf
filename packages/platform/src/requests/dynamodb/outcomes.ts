import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  UpdateItemCommand,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Hold, Outcome, Request, RequestId, Settlement } from '../request-store.ts';
import { chunksOf, inParallel } from './in-parallel.ts';
import { requestIdOf, requestKey, requestOf, type Item } from './items.ts';
import { untilAllDone } from './retrying.ts';

const updatesAtOnceMax = 32;
const batchMax = 100;
const batchesAtOnceMax = 8;

export async function settleAll(
  client: DynamoDBClient,
  table: string,
  settlements: readonly Settlement[],
): Promise<void> {
  const firsts = new Map<RequestId, Outcome>();
  for (const { id, outcome } of settlements) if (!firsts.has(id)) firsts.set(id, outcome);
  await inParallel([...firsts], updatesAtOnceMax, ([id, outcome]) =>
    changePending(client, table, id, {
      UpdateExpression: 'SET outcome = :outcome, expires = expiresOnceSettled REMOVE held',
      ExpressionAttributeValues: { ':outcome': { S: JSON.stringify(outcome) } },
    }),
  );
}

export async function holdAll(
  client: DynamoDBClient,
  table: string,
  holds: readonly Hold[],
): Promise<void> {
  const lasts = new Map(holds.map(({ id, because }) => [id, because]));
  await inParallel([...lasts], updatesAtOnceMax, ([id, because]) =>
    changePending(
      client,
      table,
      id,
      because === undefined
        ? { UpdateExpression: 'REMOVE held' }
        : {
            UpdateExpression: 'SET held = :because',
            ExpressionAttributeValues: { ':because': { S: because } },
          },
    ),
  );
}

async function changePending(
  client: DynamoDBClient,
  table: string,
  id: RequestId,
  change: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ExpressionAttributeValues'>,
): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: requestKey(id),
        ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(outcome)',
        ...change,
      }),
    );
  } catch (cause) {
    // Unknown, or settled before: nothing changes.
    if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
  }
}

export async function findAll(
  client: DynamoDBClient,
  table: string,
  ids: readonly RequestId[],
): Promise<readonly (Request | undefined)[]> {
  const found = new Map<RequestId, Item>();
  const chunks = chunksOf([...new Set(ids)], batchMax);
  await inParallel(chunks, batchesAtOnceMax, (chunk) => {
    const asked = {
      Keys: chunk.map(requestKey),
      ConsistentRead: true,
      // The messages stay where they are.
      ProjectionExpression: 'id, acceptedAtMs, expiresAtMs, outcome, held',
    };
    return untilAllDone({ [table]: asked }, async (RequestItems) => {
      const { Responses, UnprocessedKeys: left = {} } = await client.send(
        new BatchGetItemCommand({ RequestItems }),
      );
      for (const item of Responses?.[table] ?? []) found.set(requestIdOf(item), item);
      return Object.keys(left).length === 0 ? undefined : (left as typeof RequestItems);
    });
  });
  const nowMs = Date.now();
  return ids.map((id) => {
    const item = found.get(id);
    return item === undefined ? undefined : requestOf(item, nowMs);
  });
}
