import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SecretId } from '../domain/api-keys/events.ts';
import type { SecretHash, SessionId } from '../domain/users/events.ts';

// The secrets that are handed out. Each has 256 random bits, so that its SHA-256 is all that has to be kept: no
// salt and no slow hash make such a secret harder to find. Their beginnings let scanners of source code know them.

/** A refresh token: `cfr_<session>_<43 signs of base64url>`. */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly hash: SecretHash;
}

/** An API key: `cf_<8 signs>_<43 signs>_<6 signs of a checksum>`, all in base 62. */
export interface KeyText {
  readonly secretId: SecretId;
  readonly hash: SecretHash;
}

export function newRefreshToken(sessionId: SessionId): RefreshToken & { readonly text: string } {
  const text = `cfr_${sessionId.slice('SES-'.length)}_${randomBytes(32).toString('base64url')}`;
  return { sessionId, hash: hashOf(text), text };
}

const refreshPattern = /^cfr_([0-9A-Z]{18})_[A-Za-z0-9_-]{43}$/;

export function readRefreshToken(text: string): RefreshToken | undefined {
  const [, session] = refreshPattern.exec(text) ?? [];
  if (session === undefined) return undefined;
  return { sessionId: `SES-${session}` as SessionId, hash: hashOf(text) };
}

const keyPattern = /^cf_([0-9A-Za-z]{8})_[0-9A-Za-z]{43}_([0-9A-Za-z]{6})$/;

export function newKeyText(): KeyText & { readonly text: string } {
  const secretId = base62(randomBytes(8), 8) as SecretId;
  const body = `cf_${secretId}_${base62(randomBytes(32), 43)}`;
  const text = `${body}_${checksumOf(body)}`;
  return { secretId, hash: hashOf(text), text };
}

/** Whether a text is meant as an API key: it is never taken for anything else. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith('cf_');
}

/** Undefined when a sign is wrong or missing, which needs no looking up. */
export function readKeyText(text: string): KeyText | undefined {
  const [, secretId, checksum] = keyPattern.exec(text) ?? [];
  if (secretId === undefined) return undefined;
  return checksum === checksumOf(text.slice(0, -7))
    ? { secretId: secretId as SecretId, hash: hashOf(text) }
    : undefined;
}

export function sameHash(one: SecretHash, other: SecretHash): boolean {
  const left = Buffer.from(one);
  const right = Buffer.from(other);
  return left.length === right.length && timingSafeEqual(left, right);
}

function hashOf(text: string): SecretHash {
  return hash('sha256', text, 'base64url') as SecretHash;
}

function checksumOf(body: string): string {
  return digits(BigInt(crc32(body)), 6);
}

function base62(bytes: Buffer, length: number): string {
  return digits(BigInt(`0x${bytes.toString('hex')}`), length).slice(-length);
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function digits(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) {
    text = alphabet.charAt(Number(rest % 62n)) + text;
  }
  return text.padStart(length, '0');
}
