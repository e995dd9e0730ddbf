import { instantFromMicroseconds } from '../../kernel/instant.ts';
import type { HeldClaim } from '../storage.ts';

export interface ClaimRow {
  readonly key: string;
  readonly note: Uint8Array;
  readonly expires_at: number | null;
  readonly position: number;
}

/** Takes a key and a moment in microseconds. */
export const findClaim = `SELECT key, note, expires_at, position FROM claims
  WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)`;

/** Takes two positions: the one to begin after, and the last. */
export const listClaims = `SELECT key, note, expires_at, position FROM claims
  WHERE position > ? AND position <= ? ORDER BY position, key`;

export function heldClaim({ key, note, expires_at: expiry, position }: ClaimRow): HeldClaim {
  const expiresAt = expiry === null ? undefined : instantFromMicroseconds(expiry);
  return { key, note, expiresAt, position };
}
