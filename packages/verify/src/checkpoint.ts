import { fromBase64 } from './base64.ts';
import { sameBytes } from './bytes.ts';
import { Problem } from './problem.ts';
import { hashBytes } from './sha256.ts';
import { parseNote, signersOf, type SignedNote } from './signed-note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** That the tree of a size has a root (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  /** Up to 2^64 - 1. */
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** One whose signature was verified. */
export interface SignedCheckpoint extends Checkpoint {
  readonly signers: readonly VerifierKey[];
}

const sizeMax = 2n ** 64n - 1n;

/** Reads the text of a note, its newline included. Throws a Problem when that is no checkpoint. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw malformed('its last line is cut off');
  const [origin, size, root, ...extensions] = text.slice(0, -1).split('\n');
  if (origin === undefined || size === undefined || root === undefined) {
    throw malformed('it has fewer than three lines');
  }
  if (origin === '' || extensions.includes('')) throw malformed('a line of it is empty');
  if (!/^(?:0|[1-9]\d{0,19})$/.test(size) || BigInt(size) > sizeMax) {
    throw malformed(`its size is "${size}", which is no number of entries`);
  }
  const bytes = fromBase64(root);
  if (bytes === undefined) throw malformed('its root is not in base64');
  if (bytes.length !== hashBytes) throw malformed('its root has not the 32 bytes of a SHA-256');
  return { origin, size: BigInt(size), root: bytes };
}

/** The checkpoint of a note that a known key signed. Throws a Problem when it is none. */
export async function openCheckpoint(
  note: string,
  keys: readonly VerifierKey[],
): Promise<SignedCheckpoint> {
  const parsed: SignedNote = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  return { ...checkpoint, signers: await signersOf(parsed, keys) };
}

export function sameTree(left: Checkpoint, right: Checkpoint): boolean {
  return left.size === right.size && sameBytes(left.root, right.root);
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `this is no checkpoint: ${why}`);
}
