import { hashBytes, sameHash, writeNodeHash } from './hashing.ts';
import type { Node } from './tree.ts';

/**
 * The tree in pieces that are stored (after C2SP tlog-tiles): a tile holds up to 256 hashes that stand next
 * to each other, on level 0 of leaves, on level n of whole tiles of the level below. A full tile never
 * changes, and one that is not only grows.
 */
export interface TileId {
  readonly level: number;
  /** From 0. */
  readonly number: number;
}

/** Hashes in a full tile. */
export const tileWidth = 256;

/** Height of the subtree over a full tile. */
const tileHeight = 8;

/** How many leaves are under each hash of a level. */
export function leavesPerHash(level: number): number {
  return tileWidth ** level;
}

/** The tiles that are not full in a tree of a size, one a level at most. */
export function openTiles(size: number): readonly (TileId & { readonly width: number })[] {
  const tiles = [];
  for (let level = 0; leavesPerHash(level) <= size; level += 1) {
    const hashes = Math.floor(size / leavesPerHash(level));
    const width = hashes % tileWidth;
    if (width > 0) tiles.push({ level, number: (hashes - width) / tileWidth, width });
  }
  return tiles;
}

/** The tile that has a node. */
export function tileOf({ height, index }: Node): TileId {
  const level = Math.floor(height / tileHeight);
  return { level, number: Math.floor(index / widthOfRow(height % tileHeight)) };
}

/** The tile, and the place in it, that has the root of a full tile. */
export function parentOf({ level, number }: TileId): { tile: TileId; place: number } {
  return {
    tile: { level: level + 1, number: Math.floor(number / tileWidth) },
    place: number % tileWidth,
  };
}

/** A tile with every node over its hashes that is complete. */
export interface TileNodes {
  readonly width: number;
  hashOf(node: Node): Uint8Array;
  /** The hash at a place in the tile's own row. */
  hashAt(place: number): Uint8Array;
  /** Over a full tile. */
  root(): Uint8Array;
}

/** Row by row from the hashes up: 256, then 128, at last the one over all. */
export function tileNodes(hashes: Uint8Array): TileNodes {
  const width = hashes.length / hashBytes;
  const memory = Buffer.alloc((2 * tileWidth - 1) * hashBytes);
  memory.set(hashes);
  for (let height = 1; height <= tileHeight; height += 1) {
    const below = startOfRow(height - 1);
    const row = startOfRow(height);
    const count = Math.floor(width / 2 ** height);
    for (let index = 0; index < count; index += 1) {
      writeNodeHash(memory, (row + index) * hashBytes, memory, (below + 2 * index) * hashBytes);
    }
  }
  const at = (place: number): Uint8Array =>
    memory.subarray(place * hashBytes, (place + 1) * hashBytes);
  return {
    width,
    hashOf: ({ height, index }) => {
      const within = height % tileHeight;
      return at(startOfRow(within) + (index % widthOfRow(within)));
    },
    hashAt: at,
    root: () => at(startOfRow(tileHeight)),
  };
}

export function tileHasRoot(nodes: TileNodes, root: Uint8Array): boolean {
  return nodes.width === tileWidth && sameHash(nodes.root(), root);
}

function widthOfRow(height: number): number {
  return tileWidth / 2 ** height;
}

/** Nodes of the rows below: 256 + 128 + … */
function startOfRow(height: number): number {
  return 2 * tileWidth - 2 * widthOfRow(height);
}
