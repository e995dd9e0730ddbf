import { hashBytes } from './hashing.ts';
import { openTiles, tileNodes, tileOf, tileWidth, type TileNodes } from './tiles.ts';
import type { TileHashes, TreeStore } from './tree-store.ts';
import { completeSubtrees, foldedRight } from './tree.ts';

/**
 * The tree as whoever adds to it needs it: the tiles at its right edge and nothing else, so that an entry
 * costs the same whether it is the tenth or the ten millionth.
 */
export interface GrowingTree {
  size(): number;
  /** The leaf hash of the last entry; zeros when there is none. It changes with the next `append`. */
  readonly last: Uint8Array;
  /** Adds a leaf hash, as a text of one byte a character. */
  append(leafHash: string): void;
  root(): Uint8Array;
  /** The tiles that were filled, or are new or longer, since this was asked last: full ones first. */
  takeGrown(): readonly TileHashes[];
}

/** An open tile: its first `width` hashes count. */
interface Edge {
  number: number;
  width: number;
  readonly hashes: Buffer;
  grown: boolean;
}

/** Goes on from a tree of a size, which the store must have. */
export async function resumeTree(
  store: Pick<TreeStore, 'readTiles'>,
  size: number,
): Promise<GrowingTree> {
  const open = openTiles(size);
  // When the newest tile of leaves is full, the last hash is in that one.
  const lastTile = tileOf({ height: 0, index: Math.max(0, size - 1) });
  const [lastHashes = nothing, ...hashes] = await store.readTiles([lastTile, ...open]);
  const edges: Edge[] = [];
  for (const [index, { level, number, width }] of open.entries()) {
    const edge = emptyEdge(number);
    edge.width = width;
    edge.hashes.set((hashes[index] ?? nothing).subarray(0, width * hashBytes));
    edges[level] = edge;
  }
  // A level whose tiles are all full has no open one: the next begins there.
  for (let level = 0, count = size; count > 0; level += 1) {
    edges[level] ??= emptyEdge(count / tileWidth);
    count = Math.floor(count / tileWidth);
  }
  const lastPlace = size === 0 ? 0 : (size - 1) % tileWidth;
  const last = Buffer.alloc(hashBytes);
  if (size > 0) {
    last.set(lastHashes.subarray(lastPlace * hashBytes, (lastPlace + 1) * hashBytes));
  }
  return growingTree(size, edges, last);
}

/** An empty tree. */
export function newTree(): GrowingTree {
  return growingTree(0, [], Buffer.alloc(hashBytes));
}

function growingTree(size: number, edges: Edge[], last: Buffer): GrowingTree {
  let full: TileHashes[] = [];
  let count = size;

  const add = (level: number, hash: string): void => {
    const edge = (edges[level] ??= emptyEdge(0));
    edge.hashes.write(hash, edge.width * hashBytes, 'latin1');
    edge.width += 1;
    edge.grown = true;
    if (edge.width < tileWidth) return;
    const hashes = Buffer.from(edge.hashes);
    full.push({ level, number: edge.number, hashes });
    edge.number += 1;
    edge.width = 0;
    edge.grown = false;
    add(level + 1, Buffer.from(tileNodes(hashes).root()).toString('latin1'));
  };

  return {
    size: () => count,
    last,
    append: (leafHash) => {
      add(0, leafHash);
      last.write(leafHash, 'latin1');
      count += 1;
    },
    root: () => {
      const nodes = new Map<number, TileNodes>();
      const nodesOf = (level: number): TileNodes => {
        const edge = edges[level] ?? emptyEdge(0);
        const found = nodes.get(level) ?? tileNodes(filled(edge));
        nodes.set(level, found);
        return found;
      };
      const subtrees = completeSubtrees({ begin: 0, end: count });
      return foldedRight(subtrees.map((node) => nodesOf(tileOf(node).level).hashOf(node)));
    },
    takeGrown: () => {
      const grown = full;
      full = [];
      for (const [level, edge] of edges.entries()) {
        if (edge.grown) grown.push({ level, number: edge.number, hashes: filled(edge) });
        edge.grown = false;
      }
      return grown;
    },
  };
}

const nothing = new Uint8Array(0);

function emptyEdge(number: number): Edge {
  return { number, width: 0, hashes: Buffer.alloc(tileWidth * hashBytes), grown: false };
}

function filled({ hashes, width }: Edge): Buffer {
  return Buffer.from(hashes.subarray(0, width * hashBytes));
}
