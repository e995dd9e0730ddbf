import type { DatabaseSync } from 'node:sqlite';
import type { Acceptance, RequestId } from '../../requests/request-store.ts';
import type { Publish, StoredMessage } from './stored-message.ts';

/** What is written of requests, in the transactions of the bus. */
export type RequestWrite =
  | {
      readonly kind: 'accept';
      /** In milliseconds since 1970. */
      readonly at: number;
      readonly requests: readonly AcceptedRequest[];
    }
  | { readonly kind: 'settle'; readonly settlements: readonly StoredSettlement[] }
  | { readonly kind: 'hold'; readonly holds: readonly StoredHold[] }
  /** Removes what has had its time. */
  | { readonly kind: 'expire'; readonly at: number };

export interface AcceptedRequest {
  readonly id: Uint8Array;
  readonly expiresAt: number;
  readonly topic: number;
  readonly message: StoredMessage;
  readonly once: StoredKey | undefined;
}

interface StoredKey {
  readonly key: string;
  readonly fingerprint: string;
  readonly expiresAt: number;
}

export interface StoredSettlement {
  readonly id: Uint8Array;
  /** As JSON. */
  readonly outcome: string;
}

export interface StoredHold {
  readonly id: Uint8Array;
  readonly held: string | null;
}

interface KeyRow {
  readonly fingerprint: string;
  readonly request: Uint8Array;
  readonly expires_at: number;
}

// At once: what others want written must not wait for long.
const removedAtOnce = 5_000;

const accepted: Acceptance = { kind: 'accepted' };

/** Applies writes in the transaction at hand. Answers acceptances, or how many requests were removed. */
export function createRequestWriter(
  database: DatabaseSync,
  publish: Publish,
): (write: RequestWrite) => unknown {
  const add = database.prepare('INSERT INTO requests (id, expires_at) VALUES (?, ?)');
  const keyNamed = database.prepare(
    'SELECT fingerprint, request, expires_at FROM request_keys WHERE key = ?',
  );
  const addKey = database.prepare('INSERT OR REPLACE INTO request_keys VALUES (?, ?, ?, ?)');
  const settle = database.prepare(
    'UPDATE requests SET outcome = ?, held = NULL WHERE id = ? AND outcome IS NULL',
  );
  const hold = database.prepare('UPDATE requests SET held = ? WHERE id = ? AND outcome IS NULL');
  const removeRequests = database.prepare(
    `DELETE FROM requests WHERE id IN (
       SELECT id FROM requests WHERE expires_at < ? AND outcome IS NOT NULL LIMIT ?)`,
  );
  const removeKeys = database.prepare(
    `DELETE FROM request_keys WHERE key IN (
       SELECT key FROM request_keys WHERE expires_at < ? LIMIT ?)`,
  );

  const takenBy = ({ key }: StoredKey, at: number): Acceptance | undefined => {
    const row = keyNamed.get(key) as KeyRow | undefined;
    if (row === undefined || row.expires_at < at) return undefined;
    return { kind: 'repeated', id: requestIdOf(row.request), fingerprint: row.fingerprint };
  };

  const accept = (
    { id, expiresAt, topic, message, once }: AcceptedRequest,
    at: number,
  ): Acceptance => {
    const before = once && takenBy(once, at);
    if (before !== undefined) return before;
    if (once !== undefined) addKey.run(once.key, once.fingerprint, id, once.expiresAt);
    add.run(id, expiresAt);
    publish(topic, at, message);
    return accepted;
  };

  return (write) => {
    switch (write.kind) {
      case 'accept':
        return write.requests.map((request) => accept(request, write.at));
      case 'settle':
        for (const { outcome, id } of write.settlements) settle.run(outcome, id);
        return undefined;
      case 'hold':
        for (const { held, id } of write.holds) hold.run(held, id);
        return undefined;
      case 'expire':
        removeKeys.run(write.at, removedAtOnce);
        return Number(removeRequests.run(write.at, removedAtOnce).changes);
    }
  };
}

/** The 16 bytes of a request's id. */
export function bytesOf(id: RequestId): Uint8Array {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function requestIdOf(bytes: Uint8Array): RequestId {
  const hex = Buffer.from(bytes).toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}` as RequestId;
}
