import { afterAll, beforeAll } from 'vitest';
import { describeStorageContract } from '../storage.contract.ts';
import type { EventStorage } from '../storage.ts';
import { openPostgresStorage } from './postgres-storage.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
}, 60_000);

describeStorageContract('LG-06 the log in PostgreSQL', async () => {
  const connectionString = await server.createDatabase();
  // Small partitions, so that every test crosses some.
  const open = (): Promise<EventStorage> =>
    openPostgresStorage({ connectionString, pollMs: 20, partitionSize: 500 });
  let storage = await open();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = await open();
      return storage;
    },
    beside: open,
    destroy: () => storage.close(),
  };
});
