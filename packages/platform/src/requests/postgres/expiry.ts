import type { Pool } from 'pg';
import { schema } from './tables.ts';

/** Few enough that no statement takes long, nor holds locks that others wait for. */
const portion = 1_000;

/** Portion by portion, each in a transaction of its own; what another process is at is left to it. */
export async function removeExpired(pool: Pool, nowMs: number): Promise<number> {
  await removeAll(pool, expiredKeys, nowMs);
  return removeAll(pool, expiredRequests, nowMs);
}

async function removeAll(pool: Pool, statement: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rowCount } = await pool.query(statement, [nowMs, portion]);
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < portion) return removed;
  }
}

const expiredRequests = `
DELETE FROM ${schema}.requests WHERE id IN (
  SELECT id FROM ${schema}.requests WHERE outcome IS NOT NULL AND expires_at_ms < $1
  ORDER BY expires_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const expiredKeys = `
DELETE FROM ${schema}.request_keys WHERE key IN (
  SELECT key FROM ${schema}.request_keys WHERE expires_at_ms < $1
  ORDER BY expires_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED)`;
