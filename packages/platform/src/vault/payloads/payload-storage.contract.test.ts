import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EventStorage } from '@counterfoil/event-store';
import { describeStorageContract } from '@counterfoil/event-store/contract';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { sealPayloads } from './payload-storage.ts';
import { newDirectory, openKeysUnderTest } from './payloads.fixture.ts';

describeStorageContract('RC-04 the log in memory with payloads sealed', async () => {
  const storage = sealing(openMemoryStorage(), openKeysUnderTest());
  return { storage, destroy: storage.close };
});

describeStorageContract('RC-04 the log in SQLite with payloads sealed', async () => {
  const directory = await newDirectory();
  const under = openKeysUnderTest();
  const file = path.join(directory, 'log.sqlite');
  const open = async (): Promise<EventStorage> =>
    sealing(await openSqliteStorage({ file, pollMs: 20 }), under);
  let storage = await open();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = await open();
      return storage;
    },
    beside: open,
    destroy: async () => {
      await storage.close();
      await rm(directory, { recursive: true });
    },
  };
});

/**
 * The suite's bodies have no envelope, which is what a sealed one keeps: here each gets one. What is appended at
 * whatever version can't be sealed, and gets something that is none.
 */
function sealing(
  below: EventStorage,
  { keys }: ReturnType<typeof openKeysUnderTest>,
): EventStorage {
  const storage = sealPayloads({ storage: below, keys, seals: () => true, randomBytes });
  return {
    ...storage,
    append: (batch, at) =>
      storage.append(
        batch.map((commit) => ({
          ...commit,
          appends: commit.appends.map((append) => ({
            ...append,
            records: append.records.map(({ schema, body }) => {
              const before = append.expected === 'any' ? noEnvelope : envelope;
              return { schema, body: Buffer.concat([before, body]) };
            }),
          })),
        })),
        at,
      ),
    readStream: async (...query) => (await storage.readStream(...query)).map(bare),
    readAll: async (query) => {
      const page = await storage.readAll(query);
      return { ...page, records: page.records.map(bare) };
    },
  };
}

/** Of an event that nobody caused. */
const envelope = Buffer.concat([Buffer.of(1), Buffer.alloc(16), Buffer.alloc(3)]);
const noEnvelope = Buffer.alloc(envelope.length, 9);

function bare<One extends { readonly body: Uint8Array }>(record: One): One {
  return { ...record, body: record.body.slice(envelope.length) };
}
