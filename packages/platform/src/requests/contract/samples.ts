import { v7 } from 'uuid';
import type { Bus, Message, NewMessage } from '../../streams/bus.ts';
import type { Failed, NewRequest, RequestId, Succeeded } from '../request-store.ts';

export const hourMs = 3_600_000;

export function newId(): RequestId {
  return v7() as RequestId;
}

/** A request that was accepted now and is kept for an hour; its message says `text`, its id otherwise. */
export function request(
  topic: string,
  {
    text,
    key = 'k',
    headers,
    ...changes
  }: Partial<NewRequest> & {
    readonly text?: string;
    readonly key?: string;
    readonly headers?: NewMessage['headers'];
  } = {},
): NewRequest {
  const now = changes.acceptedAtMs ?? Date.now();
  const id = changes.id ?? (v7({ msecs: now }) as RequestId);
  return {
    id,
    acceptedAtMs: now,
    expiresAtMs: now + hourMs,
    topic,
    message: { key, value: Buffer.from(text ?? id), headers },
    ...changes,
  };
}

/** A request under a key, which holds for an hour. */
export function onceRequest(
  topic: string,
  key: string,
  fingerprint = 'the same',
  expiresAtMs = Date.now() + hourMs,
): NewRequest {
  return request(topic, { once: { key, fingerprint, expiresAtMs } });
}

export function succeeded(changes: Partial<Succeeded> = {}): Succeeded {
  return {
    status: 'SUCCESS',
    settledAtMs: 1_790_000_000_123,
    tradeIds: ['T-1', 'T-2'],
    position: 9_007_199_254_740_991,
    ...changes,
  };
}

export function failed(changes: Partial<Failed> = {}): Failed {
  return {
    status: 'FAILED',
    settledAtMs: 1_790_000_000_456,
    tradeIds: [],
    position: 0,
    code: 'INSUFFICIENT_QUANTITY',
    reason: 'Only 7 are held: sell “7” or fewer – \'or\' buy first; Überlauf, 不足, 🙂\n"$1"',
    ...changes,
  };
}

/** All messages of the topic, partition by partition. */
export async function messagesOn(bus: Bus, topic: string): Promise<readonly Message[]> {
  const found: Message[] = [];
  for (const { partition, end } of await bus.progress(topic, 'nobody')) {
    let from = 0;
    while (from < end) {
      const some = await bus.read(topic, partition, { from, limit: 1_000 });
      const last = some.at(-1);
      if (last === undefined) break;
      found.push(...some);
      from = last.offset + 1;
    }
  }
  return found;
}

/**
 * The texts of the messages, each where it came first: one may come twice, when it can't be told whether it
 * was taken.
 */
export async function textsOn(bus: Bus, topic: string): Promise<readonly string[]> {
  const messages = await messagesOn(bus, topic);
  return [...new Set(messages.map(({ value }) => Buffer.from(value).toString()))];
}
