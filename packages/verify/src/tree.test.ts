import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex, utf8 } from './bytes.ts';
import { Problem } from './problem.ts';
import { requireConsistency, requireInclusion } from './proofs.ts';
import { bitsOf, growTree, leafHashOf, nodeHashOf } from './tree.ts';
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
  /** By size the level and index of each; and a note. */
  readonly compact_range_by_size: Readonly<
    Record<string, string | readonly (readonly [number, number])[]>
  >;
}

const known = vectors('rfc6962_hashes') as HashVectors;
const subtreesOf = Object.entries(known.compact_range_by_size).flatMap(([size, subtrees]) =>
  typeof subtrees === 'string' ? [] : [{ size: Number(size), subtrees }],
);
const leaves = known.leaf_inputs_hex.map((text) => leafHashOf(Buffer.from(text, 'hex')));

describe('RC-02: published hashes of RFC 6962', () => {
  test.each(known.hasher_kat)(
    '$what',
    ({ data_utf8: data, left_utf8: left, right_utf8: right, want }) => {
      if (left !== undefined && right !== undefined) {
        expect(hex(nodeHashOf(utf8(left), utf8(right)))).toBe(want);
      } else {
        expect(hex(data === undefined ? growTree().root() : leafHashOf(utf8(data)))).toBe(want);
      }
    },
  );

  test.each(known.roots_by_size.map((root, size) => ({ size, root })))(
    'the root over $size leaves',
    ({ size, root }) => {
      const tree = growTree();
      for (const leaf of leaves.slice(0, size)) tree.append(leaf);
      expect([tree.size, hex(tree.root())]).toEqual([size, root]);
    },
  );

  test.each(subtreesOf)(
    'the whole subtrees of a tree of $size leaves begin a larger one',
    ({ size, subtrees }) => {
      const hashes = subtrees.map(([level, index]) =>
        Buffer.from(known.node_hashes_by_level[level]?.[index] ?? '', 'hex'),
      );
      const tree = growTree(size, hashes);
      expect(hex(tree.root())).toBe(known.roots_by_size[size]);
      for (const leaf of leaves.slice(size)) tree.append(leaf);
      expect(hex(tree.root())).toBe(known.roots_by_size[8]);
      expect(bitsOf(size).toReversed()).toEqual(subtrees.map(([level]) => level));
    },
  );
});

/** The recursive definitions of RFC 6962, section 2.1, word by word: nothing of what is tested here. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes;
  if (only === undefined) return growTree().root();
  if (hashes.length === 1) return only;
  const half = halfOf(hashes.length);
  return nodeHashOf(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}

function inclusionOf(index: number, hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  if (hashes.length <= 1) return [];
  const half = halfOf(hashes.length);
  const [left, right] = [hashes.slice(0, half), hashes.slice(half)];
  return index < half
    ? [...inclusionOf(index, left), rootOf(right)]
    : [...inclusionOf(index - half, right), rootOf(left)];
}

function consistencyOf(
  size: number,
  hashes: readonly Uint8Array[],
  whole = true,
): readonly Uint8Array[] {
  if (size === hashes.length) return whole ? [] : [rootOf(hashes)];
  const half = halfOf(hashes.length);
  const [left, right] = [hashes.slice(0, half), hashes.slice(half)];
  return size <= half
    ? [...consistencyOf(size, left, whole), rootOf(right)]
    : [...consistencyOf(size - half, right, false), rootOf(left)];
}

/** The largest power of two that is smaller. */
function halfOf(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

const manyLeaves = Array.from({ length: 140 }, (_, index) => leafHashOf(utf8(`leaf ${index}`)));

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (failure) {
    if (failure instanceof Problem) return false;
    throw failure;
  }
}

describe('RC-02: proofs', () => {
  test('of inclusion hold for each leaf of each size up to 40, and for no other leaf or size', () => {
    for (let size = 1; size <= 40; size += 1) {
      const hashes = manyLeaves.slice(0, size);
      const root = rootOf(hashes);
      for (const [index, leafHash] of hashes.entries()) {
        const proof = inclusionOf(index, hashes);
        const at =
          (where: number, of = size) =>
          () =>
            requireInclusion({ index: BigInt(where), size: BigInt(of), leafHash, root }, proof);
        expect(holds(at(index)), `leaf ${index} of ${size}`).toBe(true);
        expect(holds(at(index + 1)), `leaf ${index} of ${size}, moved`).toBe(false);
        expect(holds(at(index, 2 * size)), `leaf ${index} of ${size}, doubled`).toBe(false);
      }
    }
  });

  test('of consistency hold for all pairs of sizes up to 40', () => {
    for (let to = 1; to <= 40; to += 1) {
      const hashes = manyLeaves.slice(0, to);
      const toRoot = rootOf(hashes);
      for (let from = 1; from <= to; from += 1) {
        const fromRoot = rootOf(hashes.slice(0, from));
        const proof = consistencyOf(from, hashes);
        const growth = { from: BigInt(from), fromRoot, to: BigInt(to), toRoot };
        expect(
          holds(() => requireConsistency(growth, proof)),
          `${from} to ${to}`,
        ).toBe(true);
      }
    }
  });

  test('with any bit changed, a hash less or a hash more hold no longer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: manyLeaves.length }).chain((size) =>
          fc.record({
            size: fc.constant(size),
            index: fc.nat(size - 1),
            bit: fc.nat(),
          }),
        ),
        ({ size, index, bit }) => {
          const hashes = manyLeaves.slice(0, size);
          const leafHash = hashes[index] as Uint8Array;
          const inclusion = {
            index: BigInt(index),
            size: BigInt(size),
            leafHash,
            root: rootOf(hashes),
          };
          const from = index + 1;
          const fromRoot = rootOf(hashes.slice(0, from));
          const growth = { from: BigInt(from), fromRoot, to: BigInt(size), toRoot: rootOf(hashes) };
          const checks: readonly [readonly Uint8Array[], (proof: readonly Uint8Array[]) => void][] =
            [
              [inclusionOf(index, hashes), (proof) => requireInclusion(inclusion, proof)],
              [consistencyOf(from, hashes), (proof) => requireConsistency(growth, proof)],
            ];
          for (const [proof, check] of checks) {
            expect(holds(() => check(proof))).toBe(true);
            expect(holds(() => check([...proof, leafHash]))).toBe(false);
            if (proof.length === 0) continue;
            expect(holds(() => check(proof.slice(1)))).toBe(false);
            expect(holds(() => check(proof.slice(0, -1)))).toBe(false);
            expect(holds(() => check(withBitFlipped(proof, bit)))).toBe(false);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

function withBitFlipped(proof: readonly Uint8Array[], bit: number): readonly Uint8Array[] {
  const changed = proof.map((hash) => hash.slice());
  const hash = changed[bit % changed.length] as Uint8Array;
  const at = Math.floor(bit / changed.length) % 256;
  hash[at >> 3] = (hash[at >> 3] ?? 0) ^ (1 << (at & 7));
  return changed;
}
