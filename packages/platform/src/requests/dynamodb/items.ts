import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { partitionOf } from '../../streams/partition-of.ts';
import type { UnsentMessage } from '../outbox-relay.ts';
import type { NewRequest, OnceKey, Outcome, Request, RequestId } from '../request-store.ts';

export type Item = Record<string, AttributeValue>;

/** Messages that are unsent lie in so many parts of the index, those of one key in one, to spread the load. */
export const shards = 8;

export function requestKey(id: RequestId): { readonly id: AttributeValue.SMember } {
  return { id: { S: `request ${id}` } };
}

function onceItemKey(key: string): { readonly id: AttributeValue.SMember } {
  return { id: { S: `key ${key}` } };
}

/** A pending request with its message, which is in its place among those that are unsent. */
export function requestItem(request: NewRequest, place: string): Item {
  const { id, acceptedAtMs, expiresAtMs, topic, message } = request;
  return {
    ...requestKey(id),
    acceptedAtMs: { N: `${acceptedAtMs}` },
    expiresAtMs: { N: `${expiresAtMs}` },
    // Becomes `expires` when it is settled: DynamoDB then removes it by itself, and never before.
    expiresOnceSettled: { N: secondsOf(expiresAtMs) },
    unsent: { S: `${partitionOf(message.key, shards)}` },
    place: { S: place },
    topic: { S: topic },
    messageKey: { S: message.key },
    messageValue: { B: message.value },
    ...(message.headers === undefined ? {} : { headers: { S: JSON.stringify(message.headers) } }),
  };
}

export const messageAttributes = [
  'unsent',
  'place',
  'topic',
  'messageKey',
  'messageValue',
  'headers',
] as const;

export function onceItem({ key, fingerprint, expiresAtMs }: OnceKey, id: RequestId): Item {
  return {
    ...onceItemKey(key),
    fingerprint: { S: fingerprint },
    requestId: { S: id },
    expiresAtMs: { N: `${expiresAtMs}` },
    expires: { N: secondsOf(expiresAtMs) },
  };
}

/** DynamoDB counts in whole seconds: not before the time is up. */
function secondsOf(ms: number): string {
  return `${Math.ceil(ms / 1_000)}`;
}

export function requestIdOf(item: Item): RequestId {
  return textOf(item, 'id').replace('request ', '') as RequestId;
}

/** Undefined when it is settled and its time is up: DynamoDB may take days to remove it. */
export function requestOf(item: Item, nowMs: number): Request | undefined {
  const outcome = item['outcome']?.S;
  const expiresAtMs = Number(item['expiresAtMs']?.N);
  if (outcome !== undefined && expiresAtMs < nowMs) return undefined;
  return {
    id: requestIdOf(item),
    acceptedAtMs: Number(item['acceptedAtMs']?.N),
    expiresAtMs,
    outcome: outcome === undefined ? undefined : (JSON.parse(outcome) as Outcome),
    heldBecause: item['held']?.S,
  };
}

/** A message that is not on the bus yet, and whose it is. */
export interface Unsent extends UnsentMessage {
  readonly id: RequestId;
  readonly place: string;
}

export function unsentOf(item: Item): Unsent {
  const headers = item['headers']?.S;
  return {
    id: requestIdOf(item),
    place: textOf(item, 'place'),
    topic: textOf(item, 'topic'),
    message: {
      key: textOf(item, 'messageKey'),
      value: item['messageValue']?.B ?? new Uint8Array(),
      headers:
        headers === undefined
          ? undefined
          : (JSON.parse(headers) as Readonly<Record<string, string>>),
    },
  };
}

export function textOf(item: Item, attribute: string): string {
  const text = item[attribute]?.S;
  if (text === undefined) throw new Error(`an item of the table lacks ${attribute}`);
  return text;
}
