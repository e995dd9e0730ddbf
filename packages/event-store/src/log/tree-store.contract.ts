import { afterEach, describe, expect, test } from 'vitest';
import { hashBytes, sha256 } from './hashing.ts';
import type { NewSeal, TileHashes, TreeStore } from './tree-store.ts';

/** A store under test. */
export interface TreeStoreUnderTest {
  readonly store: TreeStore;
  /** Closes it and opens the same tree anew; absent where nothing outlives the process. */
  readonly reopen?: () => Promise<TreeStore>;
  /** Another store on the same tree, as another process would have it; absent where there can't be. */
  readonly beside?: () => Promise<TreeStore>;
  /** Closes whatever is open and removes the tree. */
  destroy(): Promise<void>;
}

/** The suite that every implementation of the port passes, each against the real thing. */
export function describeTreeStoreContract(
  name: string,
  open: () => Promise<TreeStoreUnderTest>,
): void {
  describe(`RC-01 ${name} keeps a tree of hashes`, () => {
    let current: TreeStoreUnderTest | undefined;
    const opened = async (): Promise<TreeStoreUnderTest> => {
      current = await open();
      return current;
    };

    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    test('a new one has no seal, and no tile has a hash', async () => {
      const { store } = await opened();

      expect(await store.lastSeal()).toBeUndefined();
      expect(await store.readTiles([{ level: 0, number: 0 }])).toEqual([new Uint8Array(0)]);
    });

    test('what is sealed is there again, tiles in the order asked for', async () => {
      const { store } = await opened();

      expect(
        await store.write(seal(0, 300, [tile(0, 0, 256), tile(0, 1, 44), tile(1, 0, 1)])),
      ).toBe(true);

      expect(await store.lastSeal()).toEqual({ size: 300, note: 'note of 300\n' });
      expect(await tilesOf(store, [1, 0], [0, 1], [0, 7], [0, 0])).toEqual([
        tile(1, 0, 1).hashes,
        tile(0, 1, 44).hashes,
        Buffer.alloc(0),
        tile(0, 0, 256).hashes,
      ]);
    });

    test('a tile grows with the next seal', async () => {
      const { store } = await opened();
      await store.write(seal(0, 3, [tile(0, 0, 3)]));
      await store.write(seal(3, 10, [tile(0, 0, 10)]));

      expect(await store.lastSeal()).toEqual({ size: 10, note: 'note of 10\n' });
      expect(await tilesOf(store, [0, 0])).toEqual([tile(0, 0, 10).hashes]);
    });

    test('of two that seal the same entries one is told that the other was there', async () => {
      const { store, beside } = await opened();
      const other = (await beside?.()) ?? store;
      const verdicts = await Promise.all([
        store.write(seal(0, 3, [tile(0, 0, 3)])),
        other.write(seal(0, 5, [tile(0, 0, 5)])),
      ]);

      expect(verdicts.toSorted((one, two) => Number(one) - Number(two))).toEqual([false, true]);
      const size = verdicts[0] ? 3 : 5;
      expect((await store.lastSeal())?.size).toBe(size);
      expect(await tilesOf(store, [0, 0])).toEqual([tile(0, 0, size).hashes]);
      if (other !== store) await other.close();
    });

    test('a hash that was written is never changed, and nothing else of its seal is written', async () => {
      const { store } = await opened();
      await store.write(seal(0, 3, [tile(0, 0, 3)]));
      const changed = { ...tile(0, 0, 4), hashes: tile(5, 0, 4).hashes };

      await expect(store.write(seal(3, 260, [tile(0, 1, 4), changed]))).rejects.toThrow(
        /tile|tree/,
      );

      expect(await store.lastSeal()).toEqual({ size: 3, note: 'note of 3\n' });
      expect(await tilesOf(store, [0, 0], [0, 1])).toEqual([tile(0, 0, 3).hashes, Buffer.alloc(0)]);
    });

    test('a tile does not get shorter', async () => {
      const { store } = await opened();
      await store.write(seal(0, 3, [tile(0, 0, 3)]));

      await expect(store.write(seal(3, 4, [tile(0, 0, 2)]))).rejects.toThrow(/tile|tree/);
      expect(await tilesOf(store, [0, 0])).toEqual([tile(0, 0, 3).hashes]);
    });

    test('one at a time may seal; the next may when the first lets go', async () => {
      const { store, beside } = await opened();
      const other = (await beside?.()) ?? store;
      const lock = await store.lock();

      expect(lock?.held()).toBe(true);
      expect(await other.lock()).toBeUndefined();

      await lock?.release();
      const next = await other.lock();
      expect(next?.held()).toBe(true);
      expect(lock?.held()).toBe(false);
      await next?.release();
      if (other !== store) await other.close();
    });

    test('what is sealed outlives the process', async () => {
      const { store, reopen } = await opened();
      if (reopen === undefined) return expect(reopen).toBeUndefined();
      await store.write(seal(0, 3, [tile(0, 0, 3)]));
      const again = await reopen();

      expect(await again.lastSeal()).toEqual({ size: 3, note: 'note of 3\n' });
      expect(await tilesOf(again, [0, 0])).toEqual([tile(0, 0, 3).hashes]);
    });
  });
}

function seal(from: number, size: number, tiles: readonly TileHashes[]): NewSeal {
  return { from, size, note: `note of ${size}\n`, tiles };
}

/** Some hashes, the same for the same place. */
function tile(level: number, number: number, width: number): TileHashes {
  const hashes = Array.from({ length: width }, (_, place) =>
    sha256(Buffer.from(`${level} ${number} ${place}`)),
  );
  return { level, number, hashes: Buffer.concat(hashes, width * hashBytes) };
}

async function tilesOf(
  store: TreeStore,
  ...wanted: readonly (readonly [number, number])[]
): Promise<readonly Buffer[]> {
  const read = await store.readTiles(wanted.map(([level, number]) => ({ level, number })));
  return read.map((hashes) => Buffer.from(hashes));
}
