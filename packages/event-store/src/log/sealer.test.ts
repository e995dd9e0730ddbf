import { describe, expect, onTestFinished, test } from 'vitest';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { openMemoryTreeStore } from './memory/memory-tree-store.ts';
import { createSealer, type Sealer, type SealerOptions } from './sealer.ts';
import { appendEvents, origin, publicKeys, sealAll, signer } from './sealing.fixture.ts';
import { SealingRefused } from './sealing.ts';
import type { Seal, TreeStore } from './tree-store.ts';

interface Watched {
  readonly sealer: Sealer;
  readonly seals: Seal[];
  readonly failures: unknown[];
}

function sealerOf(
  storage: EventStorage,
  tree: TreeStore,
  options: Partial<SealerOptions> = {},
): Watched {
  const seals: Seal[] = [];
  const failures: unknown[] = [];
  const sealer = createSealer({
    storage,
    tree,
    origin,
    signer,
    publicKeys,
    watch: storage.watch,
    gatherMs: 1,
    retryMs: 5,
    onSeal: (seal) => seals.push(seal),
    onFailure: (failure) => failures.push(failure),
    ...options,
  });
  onTestFinished(() => sealer.stop());
  return { sealer, seals, failures };
}

describe('RC-01 a sealer', () => {
  test('seals what is there when it starts, and what is appended later', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 300);
    const { sealer, seals } = sealerOf(storage, tree);
    await sealer.start();
    expect(seals.map(({ size }) => size)).toEqual([300]);

    await appendEvents(storage, 20);
    await expect.poll(() => seals.at(-1)?.size).toBe(320);
    expect(await tree.lastSeal()).toEqual(seals.at(-1));
  });

  test('seals what was appended at the last moment before it ends', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    const { sealer } = sealerOf(storage, tree);
    await sealer.start();
    await appendEvents(storage, 5);
    await sealer.stop();

    expect((await tree.lastSeal())?.size).toBe(5);
  });

  test('waits while another seals the log, and takes over from it', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 5);
    const first = sealerOf(storage, tree);
    const second = sealerOf(storage, tree);
    await first.sealer.start();
    await second.sealer.start();
    await appendEvents(storage, 5);
    await expect.poll(() => first.seals.at(-1)?.size).toBe(10);
    expect(second.seals).toEqual([]);

    await first.sealer.stop();
    await appendEvents(storage, 5);
    await expect.poll(() => second.seals.at(-1)?.size).toBe(15);
    expect(second.failures).toEqual([]);
  });

  test('does not seal while it has lost the right to, and goes on with what another has sealed', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    let held = true;
    let free = true;
    const { sealer, seals } = sealerOf(storage, {
      ...tree,
      lock: async () => (free ? { held: () => held, release: async () => {} } : undefined),
    });
    await sealer.start();
    [held, free] = [false, false];
    await appendEvents(storage, 5);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seals).toEqual([]);

    await sealAll(storage, tree);
    await appendEvents(storage, 5);
    [held, free] = [true, true];
    await expect.poll(() => seals.map(({ size }) => size)).toEqual([10]);
  });

  test('tries again when the store was away, and makes the same tree', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 300);
    let left = 3;
    const { sealer, seals, failures } = sealerOf(storage, {
      ...tree,
      write: async (seal) => {
        left -= 1;
        if (left >= 0) throw new StorageFailure('away', { final: false });
        return tree.write(seal);
      },
    });
    await sealer.start();
    await expect.poll(() => seals.length).toBe(1);

    expect(failures.map(String)).toEqual(Array(3).fill('StorageFailure: away'));
    expect(seals[0]?.note).toBe(await sealAll(storage, openMemoryTreeStore()));
  });

  test('goes on when the write was done and its answer got lost', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    await appendEvents(storage, 10);
    let lost = true;
    const { sealer, seals } = sealerOf(storage, {
      ...tree,
      write: async (seal) => {
        const written = await tree.write(seal);
        if (!lost) return written;
        lost = false;
        throw new StorageFailure('the connection broke', { final: false });
      },
    });
    await sealer.start();
    await appendEvents(storage, 10);
    await expect.poll(() => seals.at(-1)?.size).toBe(20);
  });

  test('refuses a log that ends before what was sealed, says so once, and signs no more', async () => {
    const tree = openMemoryTreeStore();
    const whole = openMemoryStorage();
    await appendEvents(whole, 30);
    await sealAll(whole, tree);
    const storage = openMemoryStorage();
    await appendEvents(storage, 20);
    const { sealer, seals, failures } = sealerOf(storage, tree);
    await sealer.start();
    await appendEvents(storage, 20);
    await sealer.stop();

    expect(seals).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(SealingRefused);
    expect(failures[0]).toMatchObject({ position: 21 });
  });

  test('refuses a log that is set back while it is sealed', async () => {
    const storage = openMemoryStorage();
    const tree = openMemoryTreeStore();
    let gone = 0;
    await appendEvents(storage, 30);
    const { sealer, failures } = sealerOf(
      {
        ...storage,
        head: async () => {
          const head = await storage.head();
          return { ...head, position: head.position - gone };
        },
      },
      tree,
    );
    await sealer.start();
    gone = 10;
    sealer.ring();
    await expect.poll(() => failures.length).toBe(1);

    expect(failures[0]).toMatchObject({ name: 'SealingRefused', position: 21 });
  });

  test('asks for the checkpoint that is kept elsewhere before it signs', async () => {
    const storage = openMemoryStorage();
    await appendEvents(storage, 30);
    // Another log has other bytes: here, other names of types.
    const renamed = {
      ...storage,
      schemas: async () =>
        (await storage.schemas()).map((schema) => ({ ...schema, type: `${schema.type}2` })),
    };
    const kept = await sealAll(renamed, openMemoryTreeStore());
    const { sealer, seals, failures } = sealerOf(storage, openMemoryTreeStore(), {
      keptElsewhere: async () => kept,
    });
    await sealer.start();

    expect(seals).toEqual([]);
    expect(String(failures[0])).toContain('kept elsewhere');
  });
});
