import { sameBytes } from './bytes.ts';
import { Problem } from './problem.ts';
import { nodeHashOf } from './tree.ts';

/** A leaf and the tree that it is said to be in. */
export interface Inclusion {
  readonly index: bigint;
  readonly size: bigint;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
}

/**
 * Throws a Problem unless the proof leads from the leaf to the root (RFC 9162, section 2.1.3.2; the proof
 * is that of RFC 6962, section 2.1.1).
 */
export function requireInclusion(
  { index, size, leafHash, root }: Inclusion,
  proof: readonly Uint8Array[],
): void {
  if (index >= size) throw wrong(`it is about leaf ${index} of a tree of ${size}`);
  let node = index;
  let last = size - 1n;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0n) throw wrong('it is longer than the tree is high');
    if (node % 2n === 1n || node === last) {
      hash = nodeHashOf(sibling, hash);
      // Where a node has no neighbour on its right, it goes up as it is.
      while (node % 2n === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = nodeHashOf(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw wrong('it is shorter than the tree is high');
  if (!sameBytes(hash, root)) throw wrong('it leads to another root than the one that was signed');
}

/** Two sizes of a tree and the roots that it is said to have had. */
export interface Growth {
  readonly from: bigint;
  readonly fromRoot: Uint8Array;
  readonly to: bigint;
  readonly toRoot: Uint8Array;
}

/**
 * Throws a Problem unless the proof shows that the larger tree begins with the smaller (RFC 9162, section
 * 2.1.4.2; the proof is that of RFC 6962, section 2.1.2).
 */
export function requireConsistency(
  { from, fromRoot, to, toRoot }: Growth,
  proof: readonly Uint8Array[],
): void {
  if (from < 1n || from > to) throw wrong(`it goes from ${from} entries to ${to}`);
  if (from === to) {
    if (proof.length > 0) throw wrong('it is longer than the tree is high');
    if (!sameBytes(fromRoot, toRoot)) throw wrong('the roots of two trees of one size differ');
    return;
  }
  // A tree of 2^n leaves is a subtree of every larger one, and not repeated in the proof.
  const path = (from & (from - 1n)) === 0n ? [fromRoot, ...proof] : proof;
  const [first, ...siblings] = path;
  if (first === undefined) throw wrong('it is empty');
  let node = from - 1n;
  let last = to - 1n;
  while (node % 2n === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  let smaller = first;
  let larger = first;
  for (const sibling of siblings) {
    if (last === 0n) throw wrong('it is longer than the tree is high');
    if (node % 2n === 1n || node === last) {
      smaller = nodeHashOf(sibling, smaller);
      larger = nodeHashOf(sibling, larger);
      while (node % 2n === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      larger = nodeHashOf(larger, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw wrong('it is shorter than the tree is high');
  if (!sameBytes(smaller, fromRoot)) throw wrong('it does not begin with the smaller tree');
  if (!sameBytes(larger, toRoot)) throw wrong('it does not lead to the larger tree');
}

function wrong(why: string): Problem {
  return new Problem('PROOF_WRONG', `the proof does not hold: ${why}`);
}
