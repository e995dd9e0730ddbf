import { randomBytes } from 'node:crypto';
import type { ApiKeyId } from '../domain/api-keys/events.ts';
import type { SessionId, UserId } from '../domain/users/events.ts';

// Crockford's base 32, which leaves out what is taken for another sign when it is read aloud or copied.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const signs = 18;

/** 90 random bits: nobody guesses one, and no two are the same. */
function randomSigns(count: number): string {
  return Array.from(randomBytes(count), (byte) => alphabet.charAt(byte & 31)).join('');
}

export function newUserId(): UserId {
  return `USR-${randomSigns(signs)}` as UserId;
}

export function newSessionId(): SessionId {
  return `SES-${randomSigns(signs)}` as SessionId;
}

export function newApiKeyId(): ApiKeyId {
  return `KEY-${randomSigns(signs)}` as ApiKeyId;
}

/** One for people to type: 100 random bits, in groups of five. */
export function randomPassword(): string {
  return (randomSigns(20).match(/.{5}/g) ?? []).join('-');
}
