import type { TileId } from './tiles.ts';

/**
 * The port to where a tree of hashes is kept, with the checkpoint that was signed over it last.
 * `tree-store.contract.ts` is the suite that every implementation passes.
 *
 * What every implementation promises:
 * - A seal's tiles and its checkpoint are written together or not at all.
 * - Hashes that were written are never changed or removed: a tile only grows, and so does the tree.
 * - A seal may be lost when the machine fails, but never a part of it: it is made again from the log.
 * - A store that can't be read or written rejects with a StorageFailure.
 */
export interface TreeStore {
  /** The newest seal, or undefined before the first. */
  lastSeal(): Promise<Seal | undefined>;

  /** The hashes of tiles as far as they were written, next to each other; empty for one that is not there. */
  readTiles(tiles: readonly TileId[]): Promise<readonly Uint8Array[]>;

  /**
   * Writes a seal. Resolves false, and writes nothing, when the tree is not of the size that the seal
   * begins at: another sealer was here.
   */
  write(seal: NewSeal): Promise<boolean>;

  /**
   * Takes the right to seal, for as long as this process lives or until it is let go; undefined while
   * another has it.
   */
  lock(): Promise<SealerLock | undefined>;

  close(): Promise<void>;
}

export interface Seal {
  /** Entries in the tree. */
  readonly size: number;
  /** The signed checkpoint. */
  readonly note: string;
}

export interface NewSeal extends Seal {
  /** The size of the tree before. */
  readonly from: number;
  /** Every tile that is new or has grown, with all of its hashes. */
  readonly tiles: readonly TileHashes[];
}

export interface TileHashes extends TileId {
  readonly hashes: Uint8Array;
}

export interface SealerLock {
  /** False once it was lost, as when the connection that held it broke. */
  held(): boolean;
  release(): Promise<void>;
}
