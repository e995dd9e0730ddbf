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

/** Takes the key to go on after and a limit. */
export const listClaims = `SELECT key, note, expires_at, position FROM claims
  WHERE key > ? ORDER BY key LIMIT ?`;

export function heldClaim({ key, note, expires_at: expiry, position }: ClaimRow): HeldClaim {
  const expiresAt = expiry === null ? undefined : instantFromMicroseconds(expiry);
  return { key, note, expiresAt, position };
}
