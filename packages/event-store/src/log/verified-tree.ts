import { LRUCache } from 'lru-cache';
import { hashBytes, sameHash } from './hashing.ts';
import { RecordAltered } from './sealed-log.ts';
import {
  leavesPerHash,
  openTiles,
  parentOf,
  tileHasRoot,
  tileNodes,
  tileOf,
  tileWidth,
  type TileId,
  type TileNodes,
} from './tiles.ts';
import type { TreeStore } from './tree-store.ts';
import { completeSubtrees, foldedRight, type Node, type Range } from './tree.ts';

/**
 * The stored tree, each tile held against the signed root before anything of it is used: a full one
 * against the hash that the tile above has of it, those at the right edge against the root. Rejects with a
 * RecordAltered where the store has something else.
 */
export interface VerifiedTree {
  readonly size: number;
  readonly root: Uint8Array;
  /** Hashes over ranges of leaves that are subtrees. */
  rangeHashes(ranges: readonly Range[]): Promise<readonly Uint8Array[]>;
  /** The root when the tree had this size. */
  rootAt(size: number): Promise<Uint8Array>;
  /** The roots of the complete subtrees that a tree of this size is made of, the largest first. */
  frontier(size: number): Promise<readonly Uint8Array[]>;
  /** The leaf hashes from an index up to, but not with, another. */
  leafHashes(begin: number, end: number): Promise<readonly Uint8Array[]>;
}

/** Full tiles that were found right, by level and number: they never change. */
export type KnownTiles = LRUCache<string, TileNodes>;

/** Of 16 KiB each. */
const knownTilesMax = 2_000;

export function createKnownTiles(): KnownTiles {
  return new LRUCache({ max: knownTilesMax });
}

/** The tree of a size, which should have this root. */
export async function openVerifiedTree(
  store: Pick<TreeStore, 'readTiles'>,
  known: KnownTiles,
  size: number,
  root: Uint8Array,
): Promise<VerifiedTree> {
  const edge = await readEdge(store, size);
  const edgeHashes = completeSubtrees({ begin: 0, end: size }).map((node) => {
    const nodes = edge.get(tileOf(node).level);
    return nodes?.hashOf(node) ?? noHash;
  });
  if (!sameHash(foldedRight(edgeHashes), root)) {
    throw new RecordAltered(
      await faultAtEdge(store, size),
      'the hashes kept of the entries from here on do not lead to the signed root',
    );
  }
  const edgeNumbers = new Map(openTiles(size).map(({ level, number }) => [level, number]));

  const readTile = async (tile: TileId): Promise<TileNodes> => {
    const { tile: above, place } = parentOf(tile);
    const expected = (await tileAt(above)).hashAt(place);
    const [hashes = noHash] = await store.readTiles([tile]);
    const nodes = hashes.length === tileWidth * hashBytes ? tileNodes(hashes) : undefined;
    if (nodes !== undefined && tileHasRoot(nodes, expected)) return nodes;
    throw new RecordAltered(
      tile.number * tileWidth * leavesPerHash(tile.level) + 1,
      `the hashes kept of the ${tileWidth * leavesPerHash(tile.level)} entries from here on are not those that were sealed`,
    );
  };

  const tileAt = async (tile: TileId): Promise<TileNodes> => {
    if (edgeNumbers.get(tile.level) === tile.number) {
      const nodes = edge.get(tile.level);
      if (nodes !== undefined) return nodes;
    }
    const key = `${tile.level}/${tile.number}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const nodes = await readTile(tile);
    known.set(key, nodes);
    return nodes;
  };

  const hashOf = async (node: Node): Promise<Uint8Array> =>
    (await tileAt(tileOf(node))).hashOf(node);

  const frontier = async (upTo: number): Promise<readonly Uint8Array[]> => {
    const hashes: Uint8Array[] = [];
    for (const node of completeSubtrees({ begin: 0, end: upTo })) hashes.push(await hashOf(node));
    return hashes;
  };

  const rangeHash = async (range: Range): Promise<Uint8Array> => {
    const hashes: Uint8Array[] = [];
    for (const node of completeSubtrees(range)) hashes.push(await hashOf(node));
    return foldedRight(hashes);
  };

  return {
    size,
    root,
    rangeHashes: async (ranges) => {
      const hashes: Uint8Array[] = [];
      for (const range of ranges) hashes.push(await rangeHash(range));
      return hashes;
    },
    frontier,
    rootAt: async (upTo) => (upTo === size ? root : foldedRight(await frontier(upTo))),
    leafHashes: async (begin, end) => {
      const hashes: Uint8Array[] = [];
      for (let index = begin; index < end;) {
        const nodes = await tileAt(tileOf({ height: 0, index }));
        const until = Math.min(end, index - (index % tileWidth) + nodes.width);
        for (; index < until; index += 1) hashes.push(nodes.hashAt(index % tileWidth));
      }
      return hashes;
    },
  };
}

const noHash = new Uint8Array(0);

/** Which of the tiles at the right edge is not what it was: one that disagrees with the tiles below, else the lowest. */
async function faultAtEdge(store: Pick<TreeStore, 'readTiles'>, size: number): Promise<number> {
  for (const { level, number, width } of openTiles(size).toReversed()) {
    if (level === 0) continue;
    const [hashes = noHash] = await store.readTiles([{ level, number }]);
    for (let place = 0; place < width; place += 1) {
      const below = { level: level - 1, number: number * tileWidth + place };
      const [found = noHash] = await store.readTiles([below]);
      const hash = hashes.subarray(place * hashBytes, (place + 1) * hashBytes);
      if (found.length === tileWidth * hashBytes && tileHasRoot(tileNodes(found), hash)) continue;
      return below.number * tileWidth * leavesPerHash(below.level) + 1;
    }
  }
  return size - ((size - 1) % tileWidth);
}

async function readEdge(
  store: Pick<TreeStore, 'readTiles'>,
  size: number,
): Promise<ReadonlyMap<number, TileNodes>> {
  const open = openTiles(size);
  const read = await store.readTiles(open);
  return new Map(
    open.map(({ level, width }, index) => [
      level,
      tileNodes((read[index] ?? noHash).subarray(0, width * hashBytes)),
    ]),
  );
}
