import type { Pool, PoolClient } from 'pg';
import type { Acceptance, NewRequest, OnceKey, RequestId } from '../request-store.ts';
import { schema } from './tables.ts';
import { inTransaction } from './transaction.ts';

/** Keeps requests and their messages in one transaction; answers each, in order. */
export async function acceptAll(
  pool: Pool,
  requests: readonly NewRequest[],
): Promise<readonly Acceptance[]> {
  if (requests.every(({ once }) => once === undefined)) {
    await insert(pool, requests);
    return requests.map(() => accepted);
  }
  return inTransaction(pool, async (client) => {
    const answers = await claimKeys(client, requests);
    await insert(
      client,
      requests.filter((_, index) => answers[index] === accepted),
    );
    return answers;
  });
}

const accepted: Acceptance = { kind: 'accepted' };

interface KeyedRequest {
  readonly index: number;
  readonly request: NewRequest;
  readonly once: OnceKey;
}

/** Each key goes to the first that asks for it, or stays with who has it. */
async function claimKeys(
  client: PoolClient,
  requests: readonly NewRequest[],
): Promise<readonly Acceptance[]> {
  const answers: Acceptance[] = requests.map(() => accepted);
  let waiting = requests.flatMap((request, index): KeyedRequest[] =>
    request.once === undefined ? [] : [{ index, request, once: request.once }],
  );
  while (waiting.length > 0) {
    const firsts = new Map<string, KeyedRequest>();
    for (const one of waiting) {
      if (!firsts.has(one.once.key)) firsts.set(one.once.key, one);
    }
    const holders = await claim(client, [...firsts.values()]);
    // Seldom more than one round: a key's time may be up before the next of the same batch asks for it.
    waiting = waiting.filter((one) => {
      const holder = holders.get(one.once.key);
      if (holder === undefined) throw new Error('a key is gone that was there a moment ago');
      if (holder.claimed && firsts.get(one.once.key) === one) return false;
      if (holder.expiresAtMs <= one.request.acceptedAtMs) return true;
      answers[one.index] = {
        kind: 'repeated',
        id: holder.requestId,
        fingerprint: holder.fingerprint,
      };
      return false;
    });
  }
  return answers;
}

interface Holder {
  readonly requestId: RequestId;
  readonly fingerprint: string;
  readonly expiresAtMs: number;
  /** Whether the key was free until now. */
  readonly claimed: boolean;
}

/** Takes the keys that are free; answers who has each. All processes take locks in the order of the keys. */
async function claim(
  client: PoolClient,
  keyed: readonly KeyedRequest[],
): Promise<ReadonlyMap<string, Holder>> {
  const keys = keyed.map(({ once }) => once.key);
  const { rows: claimed } = await client.query<{ key: string }>(
    `INSERT INTO ${schema}.request_keys AS held (key, fingerprint, request_id, expires_at_ms)
     SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[])
       AS asked (key, fingerprint, request_id, expires_at_ms)
     ORDER BY key COLLATE "C"
     ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,
       request_id = excluded.request_id, expires_at_ms = excluded.expires_at_ms
     WHERE held.expires_at_ms <= $5
     RETURNING key`,
    [
      keys,
      keyed.map(({ once }) => once.fingerprint),
      keyed.map(({ request }) => request.id),
      keyed.map(({ once }) => once.expiresAtMs),
      // Of the oldest of them: what is free only for the others, another round finds out.
      keyed.reduce((oldest, { request }) => Math.min(oldest, request.acceptedAtMs), Infinity),
    ],
  );
  const free = new Set(claimed.map(({ key }) => key));
  const holders = new Map<string, Holder>();
  for (const { once, request } of keyed) {
    if (free.has(once.key)) {
      const { fingerprint, expiresAtMs } = once;
      holders.set(once.key, { requestId: request.id, fingerprint, expiresAtMs, claimed: true });
    }
  }
  const taken = keys.filter((key) => !free.has(key));
  if (taken.length > 0) {
    // Locked by the failed claim: they are there, as they were seen.
    const { rows } = await client.query<{
      key: string;
      fingerprint: string;
      request_id: RequestId;
      expires_at_ms: string;
    }>(`SELECT * FROM ${schema}.request_keys WHERE key = ANY($1)`, [taken]);
    for (const row of rows) {
      holders.set(row.key, {
        requestId: row.request_id,
        fingerprint: row.fingerprint,
        expiresAtMs: Number(row.expires_at_ms),
        claimed: false,
      });
    }
  }
  return holders;
}

/** Messages are numbered in the order of the requests, and only those of requests that were not there. */
async function insert(client: Pool | PoolClient, requests: readonly NewRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await client.query(
    `WITH asked AS (
       SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[],
         $4::text[], $5::bytea[], $6::text[], $7::bytea[])
         WITH ORDINALITY
         AS asked (id, accepted_at_ms, expires_at_ms, topic, key, headers, value, number)
     ), kept AS (
       INSERT INTO ${schema}.requests (id, accepted_at_ms, expires_at_ms)
       SELECT id, accepted_at_ms, expires_at_ms FROM asked ORDER BY number
       ON CONFLICT (id) DO NOTHING
       RETURNING id
     )
     INSERT INTO ${schema}.request_outbox (topic, key, headers, value)
     SELECT topic, key, headers, value FROM asked JOIN kept USING (id) ORDER BY number`,
    [
      requests.map(({ id }) => id),
      requests.map(({ acceptedAtMs }) => acceptedAtMs),
      requests.map(({ expiresAtMs }) => expiresAtMs),
      requests.map(({ topic }) => topic),
      requests.map(({ message }) => Buffer.from(message.key)),
      requests.map(({ message: { headers } }) =>
        headers === undefined ? null : JSON.stringify(headers),
      ),
      requests.map(({ message }) => bufferOf(message.value)),
    ],
  );
}

/** The driver takes any other array of bytes in an array for an array of numbers. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
