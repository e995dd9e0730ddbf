import type { Clock } from '@counterfoil/event-store';
import {
  acceptedAtMsOf,
  RequestStoreFailure,
  type Acceptance,
  type Outcome,
  type Request,
  type RequestId,
  type RequestStore,
} from '../../requests/request-store.ts';
import type { NewMessage } from '../bus.ts';
import type { BusReader, RequestRow } from './bus-reader.ts';
import { bytesOf, type RequestWrite } from './request-writer.ts';
import type { StoredMessage } from './stored-message.ts';

export interface EmbeddedRequestParts {
  /** Resolves with the write's result once it is durable. */
  write(write: RequestWrite): Promise<unknown>;
  readonly reader: Pick<BusReader, 'request'>;
  /** The topic's number, and the message as it is stored. Throws an UnknownTopic. */
  place(
    topic: string,
    message: NewMessage,
  ): { readonly topic: number; readonly message: StoredMessage };
  /** Wakes who waits for messages of a topic. */
  ring(topic: number): void;
  readonly clock: Clock;
}

/** Requests in the file of the embedded bus: a request and its message are in one transaction. */
export function embeddedRequests({
  write,
  reader,
  place,
  ring,
  clock,
}: EmbeddedRequestParts): RequestStore {
  let closed = false;
  const requireOpen = (): void => {
    if (closed) throw new RequestStoreFailure('the store of requests is closed');
  };
  const written = async (what: RequestWrite): Promise<unknown> => {
    requireOpen();
    try {
      return await write(what);
    } catch (cause) {
      throw new RequestStoreFailure('the requests could not be kept', { cause });
    }
  };

  return {
    accept: async (requests) => {
      if (requests.length === 0) return [];
      const stored = requests.map(({ id, expiresAtMs, topic, message, once }) => ({
        id: bytesOf(id),
        expiresAt: expiresAtMs,
        ...place(topic, message),
        once: once && {
          key: once.key,
          fingerprint: once.fingerprint,
          expiresAt: once.expiresAtMs,
        },
      }));
      const at = Number(clock() / 1_000_000n);
      const acceptances = await written({ kind: 'accept', at, requests: stored });
      for (const topic of new Set(stored.map((request) => request.topic))) ring(topic);
      return acceptances as readonly Acceptance[];
    },
    settle: async (settlements) => {
      if (settlements.length === 0) return;
      const stored = settlements.map(({ id, outcome }) => ({
        id: bytesOf(id),
        outcome: JSON.stringify(outcome),
      }));
      await written({ kind: 'settle', settlements: stored });
    },
    hold: async (holds) => {
      const stored = holds.map(({ id, because }) => ({ id: bytesOf(id), held: because ?? null }));
      await written({ kind: 'hold', holds: stored });
    },
    find: async (ids) => {
      requireOpen();
      return ids.map((id) => requestOf(id, reader.request(bytesOf(id))));
    },
    removeExpired: async (nowMs) => Number(await written({ kind: 'expire', at: nowMs })),
    // A write of nothing: a writer that has stopped says so.
    check: async () => {
      await written({ kind: 'settle', settlements: [] });
    },
    close: async () => {
      closed = true;
    },
  };
}

function requestOf(id: RequestId, row: RequestRow | undefined): Request | undefined {
  if (row === undefined) return undefined;
  return {
    id,
    acceptedAtMs: acceptedAtMsOf(id),
    expiresAtMs: row.expires_at,
    outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as Outcome),
    heldBecause: row.held ?? undefined,
  };
}
