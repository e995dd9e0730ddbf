import { noBytes } from './bytes.ts';
import { createSha256, hashBytes, sha256 } from './sha256.ts';

// RFC 6962, section 2.1: what is hashed of a leaf and of a node begins with another byte.
const leafMark = Uint8Array.of(0);
const nodeMark = Uint8Array.of(1);
const hasher = createSha256();

export function leafHashOf(leaf: Uint8Array): Uint8Array {
  return hasher.update(leafMark).update(leaf).digest();
}

export function nodeHashOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hasher.update(nodeMark).update(left).update(right).digest();
}

/** The root of a tree that grows by leaves, of which it keeps one hash for each level. */
export interface GrowingTree {
  readonly size: number;
  append(leafHash: Uint8Array): void;
  /** The root over all leaves so far. */
  root(): Uint8Array;
}

const levels = 53;

/**
 * Begins with the roots of the whole subtrees of a size, the largest first: one for each bit of it that is
 * set. None for a tree from its first leaf.
 */
export function growTree(size = 0, frontier: readonly Uint8Array[] = []): GrowingTree {
  // The subtree of 2^level leaves that waits for its neighbour, where the size has that bit.
  const waiting = Array.from({ length: levels }, () => new Uint8Array(hashBytes));
  const carried = new Uint8Array(hashBytes);
  let count = size;
  const whole = bitsOf(size).toReversed();
  for (const [index, level] of whole.entries()) waiting[level]?.set(frontier[index] ?? noBytes);

  return {
    get size() {
      return count;
    },
    append: (leafHash) => {
      carried.set(leafHash);
      let level = 0;
      for (let bits = count; bits % 2 === 1; bits = (bits - 1) / 2) {
        hasher
          .update(nodeMark)
          .update(waiting[level] ?? noBytes)
          .update(carried);
        hasher.digestInto(carried, 0);
        level += 1;
      }
      waiting[level]?.set(carried);
      count += 1;
    },
    root: () => {
      const [lowest, ...higher] = bitsOf(count).map((level) => waiting[level] ?? noBytes);
      if (lowest === undefined) return sha256(noBytes);
      return higher.reduce<Uint8Array>((right, left) => nodeHashOf(left, right), lowest.slice());
    },
  };
}

/** The bits that are set, the lowest first. */
export function bitsOf(size: number): readonly number[] {
  const bits: number[] = [];
  for (let rest = size, level = 0; rest > 0; level += 1) {
    if (rest % 2 === 1) bits.push(level);
    rest = Math.floor(rest / 2);
  }
  return bits;
}
