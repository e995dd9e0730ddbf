import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyRoot, leafHash, nodeHash } from './hashing.ts';
import { isConsistent, rootOfInclusion } from './proof-check.ts';
import {
  completeSubtrees,
  consistencyRanges,
  foldedRight,
  inclusionRanges,
  rangeHash,
  type Node,
} from './tree.ts';
import { vectors } from './vectors.fixture.ts';

interface HashVectors {
  readonly hasher_kat: readonly {
    readonly what: string;
    readonly data_utf8?: string;
    readonly left_utf8?: string;
    readonly right_utf8?: string;
    readonly want: string;
  }[];
  readonly leaf_inputs_hex: readonly string[];
  readonly node_hashes_by_level: readonly (readonly string[])[];
  readonly roots_by_size: readonly string[];
  readonly compact_range_by_size: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const published = vectors('rfc6962_hashes.json') as HashVectors;
const publishedLeaves = published.leaf_inputs_hex.map((text) => leafHash(Buffer.from(text, 'hex')));

/** The definition of the RFC, word for word. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return emptyRoot;
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
}

function hashOf(leaves: readonly Uint8Array[]): (node: Node) => Uint8Array {
  return ({ height, index }) =>
    plainRoot(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height));
}

function numbered(size: number): readonly Uint8Array[] {
  return Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));
}

function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  return inclusionRanges(index, leaves.length).map((range) => rangeHash(range, hashOf(leaves)));
}

function consistencyProof(leaves: readonly Uint8Array[], from: number): readonly Uint8Array[] {
  return consistencyRanges(from, leaves.length).map((range) => rangeHash(range, hashOf(leaves)));
}

/** The hashes with one bit of one of them turned. */
function broken(hashes: readonly Uint8Array[], bit: number): readonly Uint8Array[] {
  const place = Math.floor(bit / 256) % hashes.length;
  return hashes.map((hash, index) => {
    if (index !== place) return hash;
    const changed = Buffer.from(hash);
    changed[Math.floor((bit % 256) / 8)] =
      (hash[Math.floor((bit % 256) / 8)] ?? 0) ^ (1 << (bit % 8));
    return changed;
  });
}

describe('RC-01 the tree is that of RFC 6962', () => {
  test.each(published.hasher_kat.filter(({ what }) => what === 'leaf'))(
    'the published hash of the leaf "$data_utf8"',
    ({ data_utf8: data = '', want }) => {
      expect(leafHash(Buffer.from(data)).toString('hex')).toBe(want);
    },
  );

  test('the published hash of a node', () => {
    const node = published.hasher_kat.find(({ left_utf8: left }) => left !== undefined);
    const hash = nodeHash(Buffer.from(node?.left_utf8 ?? ''), Buffer.from(node?.right_utf8 ?? ''));

    expect(hash.toString('hex')).toBe(node?.want);
  });

  test.each(published.roots_by_size.map((root, size) => ({ root, size })))(
    'the published root of $size entries',
    ({ root, size }) => {
      const leaves = publishedLeaves.slice(0, size);
      const hashes = completeSubtrees({ begin: 0, end: size }).map(hashOf(leaves));

      expect(Buffer.from(foldedRight(hashes)).toString('hex')).toBe(root);
    },
  );

  test('the published subtrees of each size', () => {
    const { note: _, ...sizes } = published.compact_range_by_size;
    for (const [size, subtrees] of Object.entries(sizes)) {
      const nodes = completeSubtrees({ begin: 0, end: Number(size) });
      const asPublished = nodes.map(({ height, index }) => [height, index]);

      expect(asPublished).toEqual(subtrees);
    }
  });
});

describe('RC-01 proofs', () => {
  test('an entry at any position of any tree is proved, and no other entry by its proof', () => {
    for (let size = 1; size <= 64; size += 1) {
      const leaves = numbered(size);
      const root = plainRoot(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const proof = inclusionProof(leaves, index);

        expect(rootOfInclusion(index, size, leaf, proof)).toEqual(root);
        if (size > 1) {
          const other = (index + 1) % size;
          expect(rootOfInclusion(other, size, leaf, proof)).not.toEqual(root);
          expect(rootOfInclusion(index, size, leaf, broken(proof, index * 77))).not.toEqual(root);
        }
        expect(rootOfInclusion(index, size, leaf, [...proof, leaf])).toBeUndefined();
      }
    }
  });

  test('any tree is proved to go on from any smaller one, and from no other', () => {
    for (let to = 1; to <= 64; to += 1) {
      const leaves = numbered(to);
      const toRoot = plainRoot(leaves);
      for (let from = 1; from <= to; from += 1) {
        const fromRoot = plainRoot(leaves.slice(0, from));
        const proof = consistencyProof(leaves, from);
        const trees = { from, fromRoot, to, toRoot };

        expect(isConsistent(trees, proof)).toBe(true);
        const otherRoot = leafHash(fromRoot);
        expect(isConsistent({ ...trees, fromRoot: otherRoot }, proof)).toBe(false);
        expect(isConsistent({ ...trees, toRoot: otherRoot }, proof)).toBe(false);
        expect(isConsistent(trees, [...proof, otherRoot])).toBe(false);
        if (proof.length > 0) expect(isConsistent(trees, broken(proof, from * 77))).toBe(false);
      }
    }
  });

  test('so it is for larger ones, and for any bit that is turned', () => {
    fc.assert(
      fc.property(fc.integer({ min: 65, max: 700 }), fc.nat(), fc.nat(), (size, anyIndex, bit) => {
        const leaves = numbered(size);
        const root = plainRoot(leaves);
        const index = anyIndex % size;
        const leaf = leaves[index] ?? Buffer.alloc(0);
        const proof = inclusionProof(leaves, index);
        const from = index + 1;
        const trees = {
          from,
          fromRoot: plainRoot(leaves.slice(0, from)),
          to: size,
          toRoot: root,
        };
        const growth = consistencyProof(leaves, from);

        expect(rootOfInclusion(index, size, leaf, proof)).toEqual(root);
        expect(rootOfInclusion(index, size, leaf, broken(proof, bit))).not.toEqual(root);
        expect(isConsistent(trees, growth)).toBe(true);
        if (growth.length > 0) expect(isConsistent(trees, broken(growth, bit))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
