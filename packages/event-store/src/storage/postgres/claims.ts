import type { Pool } from 'pg';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { HeldClaim } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';

/** Finds claims; they are taken by `append_batch` alone. */
export interface Claims {
  find(key: string, at: Instant): Promise<HeldClaim | undefined>;
  list(after: number, upTo: number): Promise<readonly HeldClaim[]>;
}

export function createClaims(queries: NamedQueries, schema: string): Claims {
  const columns = 'key, note, expires_at, position';
  return {
    find: async (key, at) => {
      const [row] = await queries.rows<ClaimRow>(
        'claim',
        `SELECT ${columns} FROM ${schema}.claims
         WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)`,
        [key, microsecondsOf(at)],
      );
      return row && heldClaim(row);
    },
    list: async (after, upTo) => {
      const found = await queries.rows<ClaimRow>(
        'claims',
        `SELECT ${columns} FROM ${schema}.claims
         WHERE position > $1 AND position <= $2 ORDER BY position, key`,
        [after, upTo],
      );
      return found.map(heldClaim);
    },
  };
}

interface ClaimRow {
  readonly key: string;
  readonly note: Uint8Array;
  readonly expires_at: number | null;
  readonly position: number;
}

function heldClaim({ key, note, expires_at: expiry, position }: ClaimRow): HeldClaim {
  const expiresAt = expiry === null ? undefined : instantFromMicroseconds(expiry);
  return { key, note, expiresAt, position };
}

/** Removes claims that expired long ago, in the background of appends. */
export interface ClaimRetention {
  /** To be told the time of each append: every hour of that clock it looks for what can go. */
  advance(at: Instant): void;
  /** Resolves when nothing is under way. */
  settle(): Promise<void>;
}

export function createClaimRetention(pool: Pool, schema: string): ClaimRetention {
  let lookedAt = 0;
  let looking: Promise<void> | undefined;

  const remove = async (before: number): Promise<void> => {
    let removed: number;
    do {
      // In small steps, and around those that an append is just taking anew: nobody waits for this.
      const { rowCount } = await pool.query(
        `DELETE FROM ${schema}.claims WHERE key IN (
           SELECT key FROM ${schema}.claims WHERE expires_at < $1 LIMIT ${stepRows}
           FOR UPDATE SKIP LOCKED)`,
        [before],
      );
      removed = rowCount ?? 0;
    } while (removed === stepRows);
  };

  return {
    advance: (at) => {
      const now = microsecondsOf(at);
      if (now - lookedAt < hourMicroseconds || looking !== undefined) return;
      lookedAt = now;
      // A clock may be behind another by less than an hour.
      looking = remove(now - hourMicroseconds)
        // What can't be removed now is still there in an hour.
        .catch(() => undefined)
        .finally(() => {
          looking = undefined;
        });
    },
    settle: async () => looking,
  };
}

const stepRows = 1_000;
const hourMicroseconds = 3_600_000_000;
