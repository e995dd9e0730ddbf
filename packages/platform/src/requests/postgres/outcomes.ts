import type { Pool } from 'pg';
import type { Hold, Outcome, Request, RequestId, Settlement } from '../request-store.ts';
import { schema } from './tables.ts';

export async function settleAll(pool: Pool, settlements: readonly Settlement[]): Promise<void> {
  const firsts = new Map<RequestId, Outcome>();
  for (const { id, outcome } of settlements) if (!firsts.has(id)) firsts.set(id, outcome);
  if (firsts.size === 0) return;
  await changePending(pool, 'outcome = given.text, held = NULL', firsts);
}

export async function holdAll(pool: Pool, holds: readonly Hold[]): Promise<void> {
  const lasts = new Map(holds.map(({ id, because }) => [id, because]));
  if (lasts.size === 0) return;
  await changePending(pool, 'held = given.text', lasts);
}

/** Locks the rows in the order of their ids before it changes them: so callers never wait in a circle. */
async function changePending(
  pool: Pool,
  change: string,
  values: ReadonlyMap<RequestId, unknown>,
): Promise<void> {
  await pool.query(
    `WITH pending AS MATERIALIZED (
       SELECT id FROM ${schema}.requests WHERE id = ANY($1::uuid[]) AND outcome IS NULL
       ORDER BY id FOR UPDATE
     )
     UPDATE ${schema}.requests AS request SET ${change}
     FROM pending JOIN unnest($1::uuid[], $2::text[]) AS given (id, text) USING (id)
     WHERE request.id = pending.id AND request.outcome IS NULL`,
    [
      [...values.keys()],
      Array.from(values.values(), (value) => (value === undefined ? null : JSON.stringify(value))),
    ],
  );
}

interface RequestRow {
  /** Null where there is none. */
  readonly id: RequestId | null;
  readonly accepted_at_ms: string;
  readonly expires_at_ms: string;
  readonly outcome: string | null;
  readonly held: string | null;
}

export async function findAll(
  pool: Pool,
  ids: readonly RequestId[],
): Promise<readonly (Request | undefined)[]> {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<RequestRow>(
    `SELECT request.* FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, number)
     LEFT JOIN ${schema}.requests AS request ON request.id = asked.id
     ORDER BY asked.number`,
    [ids],
  );
  return rows.map(({ id, accepted_at_ms, expires_at_ms, outcome, held }) =>
    id === null
      ? undefined
      : {
          id,
          acceptedAtMs: Number(accepted_at_ms),
          expiresAtMs: Number(expires_at_ms),
          outcome: outcome === null ? undefined : (JSON.parse(outcome) as Outcome),
          heldBecause: held === null ? undefined : (JSON.parse(held) as string),
        },
  );
}
