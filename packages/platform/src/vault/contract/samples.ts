import { randomBytes } from 'node:crypto';
import { streamId, type StreamId } from '@counterfoil/event-store';
import type { NewWrappingKey, WrappedKey } from '../key-store.ts';

export function subjectNamed(name: string): StreamId {
  return streamId(`account-${name}`);
}

export function wrappingKey(id: string, createdAt = 1_000): NewWrappingKey {
  return { id, createdAt, kept: Buffer.from(`kept of ${id}`) };
}

/** Bytes that only look like a wrapped key: the store knows no difference. */
export function wrappedKey(name: string): WrappedKey {
  return { subject: subjectNamed(name), keyId: randomBytes(16), wrapped: randomBytes(60) };
}
