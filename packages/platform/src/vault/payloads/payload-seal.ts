import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes, StreamId } from '@counterfoil/event-store';
import { SealBroken } from '../failures.ts';
import { withLengths, type DataKey } from '../sealing.ts';

/**
 * What a sealed payload is bound to: for an event the place where it stands, for a snapshot its stream,
 * version and format. No two are bound to the same bytes, nor is one and a sensitive field.
 */
export interface PayloadPlace {
  readonly kind: 'payload' | 'snapshot';
  readonly stream: StreamId;
  readonly version: number;
  /** The event's type, or the snapshot's format. */
  readonly type: string;
}

/**
 * Sealed data, AES-256-GCM of NIST SP 800-38D:
 *
 *     bytes 0..15    id of the data key
 *     bytes 16..27   nonce, random
 *     then the ciphertext, and 16 bytes of tag
 */
const keyIdBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = keyIdBytes + nonceBytes;

const algorithm = 'aes-256-gcm';

/** Of the bodies of events that are sealed so: docs/record-format.md. */
const format = 2;

export function sealPayload(
  { subject, id, secret }: DataKey,
  place: PayloadPlace,
  data: Uint8Array,
  randomBytes: RandomBytes,
): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(subject, id, place));
  const hidden = cipher.update(data);
  cipher.final();
  return Buffer.concat([id, nonce, hidden, cipher.getAuthTag()]);
}

/** Throws a SealBroken when the bytes were not sealed for this place with this key. */
export function openPayload(
  { subject, id, secret }: DataKey,
  place: PayloadPlace,
  sealed: Uint8Array,
): Uint8Array {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const broken = (cause?: unknown): SealBroken =>
    new SealBroken(
      `the ${place.kind} of ${place.stream}, version ${place.version}, ${place.type} is not what was sealed there`,
      { cause },
    );
  if (bytes.length < headBytes + tagBytes || !bytes.subarray(0, keyIdBytes).equals(id)) {
    throw broken();
  }
  const nonce = bytes.subarray(keyIdBytes, headBytes);
  const decipher = createDecipheriv(algorithm, secret, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo(subject, id, place));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const data = decipher.update(bytes.subarray(headBytes, -tagBytes));
    decipher.final();
    return data;
  } catch (cause) {
    throw broken(cause);
  }
}

/** One part more than a sensitive field is bound to, so that none can stand for the other. */
function boundTo(
  subject: StreamId,
  keyId: Uint8Array,
  { kind, stream, version, type }: PayloadPlace,
): Uint8Array {
  return withLengths([stream, String(version), type, kind, subject, keyId, Buffer.of(format)]);
}
