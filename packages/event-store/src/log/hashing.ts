import { hash } from 'node:crypto';

/** Bytes of a SHA-256 hash. */
export const hashBytes = 32;

/** The root over no entries: `SHA-256("")` (RFC 6962, section 2.1). */
export const emptyRoot: Uint8Array = sha256(Buffer.alloc(0));

/** `SHA-256(0x00 || leaf)`. */
export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(Buffer.concat([leafMark, leaf]));
}

/** `SHA-256(0x01 || left || right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.concat([nodeMark, left, right]));
}

/**
 * Writes the hash of the node over two hashes that stand next to each other in `source`. A digest as text
 * of one byte a character costs half of one in a buffer of its own, and a tree is mostly these.
 */
export function writeNodeHash(target: Buffer, at: number, source: Buffer, left: number): void {
  source.copy(pair, 1, left, left + 2 * hashBytes);
  target.write(hash('sha256', pair, 'binary'), at, 'latin1');
}

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** Whether two hashes are equal. Nothing here is secret: it may take as long as it likes. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

const leafMark = Buffer.from([0]);
const nodeMark = Buffer.from([1]);
const pair = Buffer.alloc(1 + 2 * hashBytes, 1);
