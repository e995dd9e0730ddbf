import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import type { EventStorage } from '../storage/storage.ts';
import { openCheckpoint } from './checkpoint.ts';
import { leafHash } from './hashing.ts';
import { openMemoryTreeStore } from './memory/memory-tree-store.ts';
import { parseVerifierKey } from './note.ts';
import { openSealedLog } from './open-sealed-log.ts';
import { isConsistent, rootOfInclusion } from './proof-check.ts';
import { appendEvents, origin, publicKeys, sealAll, sealingOf, signer } from './sealing.fixture.ts';
import type { TreeStore } from './tree-store.ts';

const verifiers = publicKeys.map(parseVerifierKey);

function rootOf(note: string): Uint8Array {
  return openCheckpoint(note, origin, verifiers).root;
}

async function sealedLog(storage: EventStorage, tree: TreeStore) {
  return openSealedLog({ storage, tree, origin, signer, publicKeys, waitMsMax: 0 });
}

/** A storage that shows its log only up to a position, as it once was. */
function upTo(storage: EventStorage, end: number): EventStorage {
  return {
    ...storage,
    head: async () => ({ ...(await storage.head()), position: end }),
    readAll: async (query) => {
      const page = await storage.readAll({
        ...query,
        limit: Math.min(query.limit, end - query.after),
      });
      return { ...page, more: page.scannedTo < end };
    },
  };
}

describe('RC-01 sealing', () => {
  test('in whatever steps a log is sealed, its tree is the same', async () => {
    const storage = openMemoryStorage();
    await appendEvents(storage, 1_300);
    const atOnce = openMemoryTreeStore();
    const expected = await sealAll(storage, atOnce);
    const step = fc.integer({ min: 1, max: 400 });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const tree = openMemoryTreeStore();
        let end = 0;
        for (const count of steps) {
          end = Math.min(1_300, end + count);
          // Each is a process of its own, which goes on from what is stored.
          await sealAll(upTo(storage, end), tree);
        }
        expect(await sealAll(storage, tree)).toBe(expected);
        const tiles = [0, 1, 2, 3, 4, 5].map((number) => ({ level: 0, number }));
        const all = [...tiles, { level: 1, number: 0 }];
        expect(await tree.readTiles(all)).toEqual(await atOnce.readTiles(all));
      }),
      { numRuns: 40 },
    );
  });

  test('one that goes on and one that begins anew each time make the same', async () => {
    const storage = openMemoryStorage();
    await appendEvents(storage, 1_000);
    const tree = openMemoryTreeStore();
    const sealing = await sealingOf(storage, tree, { entriesMax: 77 });
    const sizes: number[] = [];
    for (let seal = await sealing.next(); seal !== undefined; seal = await sealing.next()) {
      sizes.push(seal.size);
    }

    expect(sizes.slice(0, 3)).toEqual([77, 154, 231]);
    expect((await tree.lastSeal())?.note).toBe(await sealAll(storage, openMemoryTreeStore()));
  });

  test('an empty log has nothing to seal', async () => {
    const tree = openMemoryTreeStore();
    const sealing = await sealingOf(openMemoryStorage(), tree);

    expect(await sealing.next()).toBeUndefined();
    expect(await tree.lastSeal()).toBeUndefined();
  });

  test('two that seal one log make one tree', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 10);
    const one = await sealingOf(storage, tree);
    const two = await sealingOf(storage, tree);
    await one.next();

    await expect(two.next()).rejects.toThrow('another process has sealed');
    expect((await tree.lastSeal())?.size).toBe(10);
  });
});

describe('RC-01 what is sealed is proved', () => {
  test('each entry, in the tree of any size that has it', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 700);
    await sealAll(storage, tree);
    const log = await sealedLog(storage, tree);
    const sizes = fc.integer({ min: 1, max: 700 });

    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, any) => {
        const position = 1 + (any % size);
        const proof = await log.proof(position, size);
        const leaf = leafHash(proof.leaf);
        const root = rootOf(proof.checkpoint);

        expect(rootOfInclusion(position - 1, size, leaf, proof.hashes)).toEqual(root);
        expect(proof.text.split('\n\n')[0]?.split('\n').slice(0, 2)).toEqual([
          'c2sp.org/tlog-proof@v1',
          `index ${position - 1}`,
        ]);
        expect(proof.text.endsWith(`\n\n${proof.checkpoint}`)).toBe(true);
        const changed = Buffer.from(proof.leaf);
        changed[any % changed.length] = (changed[any % changed.length] ?? 0) ^ (1 << (any % 8));
        const other = rootOfInclusion(position - 1, size, leafHash(changed), proof.hashes);
        expect(other).not.toEqual(root);
      }),
      { numRuns: 200 },
    );
  });

  test('a log that has grown goes on from every tree that it was', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 600);
    const notes = [];
    for (const size of [1, 2, 255, 256, 257, 511, 512, 600]) {
      notes.push({ size, note: await sealAll(upTo(storage, size), tree) });
    }
    const log = await sealedLog(storage, tree);
    for (const { size: from, note: earlier } of notes) {
      for (const { size: to, note: later } of notes.filter(({ size }) => size >= from)) {
        const proof = await log.consistency(from, to);
        const trees = { from, fromRoot: rootOf(earlier), to, toRoot: rootOf(later) };

        expect(isConsistent(trees, proof)).toBe(true);
      }
    }
    // A checkpoint of an earlier size comes out as it was handed out then.
    expect((await log.proof(1, 257)).checkpoint).toBe(notes.find(({ size }) => size === 257)?.note);
  });

  test('what is not sealed yet is not proved', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    const log = await sealedLog(storage, tree);
    await expect(log.checkpoint()).rejects.toThrow('not sealed yet');
    await appendEvents(storage, 5);
    await sealAll(storage, tree);
    await appendEvents(storage, 1);

    expect((await log.proof(5)).size).toBe(5);
    await expect(log.proof(6)).rejects.toThrow('not sealed yet');
    await expect(log.proof(0)).rejects.toThrow('not sealed yet');
    await expect(log.consistency(2, 6)).rejects.toThrow('not sealed yet');
    await expect(log.checkpoint(6)).rejects.toThrow('not sealed yet');
    expect(await log.entries(4, 10)).toHaveLength(1);
    expect(log.sealedUpTo().size).toBe(5);
    await sealAll(storage, tree);
    expect(openCheckpoint(await log.checkpoint(6), origin, verifiers).size).toBe(6);
  });

  test('entries come with the leaves that the checkpoint is over', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 300);
    await sealAll(storage, tree);
    const log = await sealedLog(storage, tree);
    const entries = await log.entries(250, 100);

    expect(entries.map(({ record }) => record.position)).toEqual(
      Array.from({ length: 50 }, (_, index) => 251 + index),
    );
    for (const [index, { leaf, leafHash: hash, previousHash }] of entries.entries()) {
      expect(leafHash(leaf)).toEqual(Buffer.from(hash));
      expect(leaf.subarray(1, 33)).toEqual(Buffer.from(previousHash));
      if (index > 0) expect(previousHash).toEqual(entries[index - 1]?.leafHash);
    }
    expect((await log.entries(0, 1))[0]?.previousHash).toEqual(Buffer.alloc(32));
  });
});
