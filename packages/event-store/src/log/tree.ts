import { emptyRoot, nodeHash } from './hashing.ts';

/**
 * The shape of the tree of RFC 6962, section 2.1, in numbers alone: which hashes a root or a proof is made
 * of. A complete subtree of 2^height leaves is a node, counted from the left within its height; nodes never
 * change once their last leaf is there.
 */
export interface Node {
  readonly height: number;
  readonly index: number;
}

/** Leaves from `begin` up to, but not with, `end`, which are a subtree of some tree of the RFC. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Finds the hash of a node. */
export type HashOf = (node: Node) => Uint8Array;

/** The subtrees beside the way from a leaf up to the root, from the leaf up (section 2.1.1). */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  const ranges: Range[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    if (index < middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges.toReversed();
}

/** The subtrees of a consistency proof between two sizes, 1 <= from <= to (section 2.1.2). */
export function consistencyRanges(from: number, to: number): readonly Range[] {
  const ranges: Range[] = [];
  let begin = 0;
  let end = to;
  // Whether what is left of the older tree is that whole tree, whose root the verifier has.
  let whole = true;
  while (from < end) {
    const middle = begin + splitOf(end - begin);
    if (from <= middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
      whole = false;
    }
  }
  if (!whole) ranges.push({ begin, end });
  return ranges.toReversed();
}

/** The complete subtrees that a range is made of, the largest first. */
export function completeSubtrees({ begin, end }: Range): readonly Node[] {
  const nodes: Node[] = [];
  let at = begin;
  while (at < end) {
    let leaves = 1;
    let height = 0;
    while (leaves * 2 <= end - at) {
      leaves *= 2;
      height += 1;
    }
    nodes.push({ height, index: at / leaves });
    at += leaves;
  }
  return nodes;
}

/** The hash over a range. */
export function rangeHash(range: Range, hashOf: HashOf): Uint8Array {
  return foldedRight(completeSubtrees(range).map(hashOf));
}

/** The root over complete subtrees, the largest first. */
export function foldedRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0
    ? emptyRoot
    : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two below a count above one. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}
