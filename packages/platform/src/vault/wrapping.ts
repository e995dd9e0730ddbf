import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from '@counterfoil/event-store';
import { SealBroken } from './failures.ts';
import { cipherKeyOf, withLengths, type DataKey } from './sealing.ts';

/** A key that wraps data keys, opened. */
export interface KeyEncryptionKey {
  readonly id: string;
  /** 256 bits. */
  readonly secret: Uint8Array;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** A data key's secret under a key-encryption key: nonce, ciphertext, tag; bound to both keys and the subject. */
export function wrap(key: DataKey, under: KeyEncryptionKey, randomBytes: RandomBytes): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const underKey = cipherKeyOf(under.secret);
  const cipher = createCipheriv(algorithm, underKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(key, under));
  const hidden = cipher.update(key.secret);
  cipher.final();
  return Buffer.concat([nonce, hidden, cipher.getAuthTag()]);
}

/** Throws a SealBroken when the bytes are not this key, wrapped under that one. */
export function unwrap(
  key: Pick<DataKey, 'subject' | 'id'>,
  wrapped: Uint8Array,
  under: KeyEncryptionKey,
): DataKey {
  const bytes = Buffer.from(wrapped);
  try {
    const nonce = bytes.subarray(0, nonceBytes);
    const underKey = cipherKeyOf(under.secret);
    const decipher = createDecipheriv(algorithm, underKey, nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(key, under));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const hidden = bytes.subarray(nonceBytes, -tagBytes);
    const secret = Buffer.concat([decipher.update(hidden), decipher.final()]);
    return { subject: key.subject, id: key.id, secret };
  } catch (cause) {
    throw new SealBroken(`the stored key of ${key.subject} is not what was wrapped for it`, {
      cause,
    });
  }
}

function boundTo({ subject, id }: Pick<DataKey, 'subject' | 'id'>, under: KeyEncryptionKey) {
  return withLengths(['data key', subject, id, under.id]);
}
