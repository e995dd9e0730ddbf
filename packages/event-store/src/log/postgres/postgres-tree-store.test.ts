import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../storage/postgres/test-server.ts';
import { describeTreeStoreContract, type TreeStoreUnderTest } from '../tree-store.contract.ts';
import { openPostgresTreeStore } from './postgres-tree-store.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
}, 60_000);

async function openTest(): Promise<TreeStoreUnderTest & { readonly connectionString: string }> {
  const connectionString = await server.createDatabase();
  let store = await openPostgresTreeStore({ connectionString });
  return {
    connectionString,
    store,
    reopen: async () => {
      await store.close();
      store = await openPostgresTreeStore({ connectionString });
      return store;
    },
    beside: () => openPostgresTreeStore({ connectionString }),
    destroy: () => store.close(),
  };
}

describeTreeStoreContract('PostgreSQL', openTest);

test.each([
  "UPDATE counterfoil_log.tree_tiles SET hashes = decode(repeat('00', 32), 'hex')",
  'DELETE FROM counterfoil_log.tree_tiles',
  'TRUNCATE counterfoil_log.tree_tiles',
  'UPDATE counterfoil_log.tree_seal SET size = 0',
  'DELETE FROM counterfoil_log.tree_seal',
])('RC-01 the database itself refuses %s', async (statement) => {
  const { store, connectionString, destroy } = await openTest();
  const hashes = Buffer.alloc(32, 7);
  await store.write({ from: 0, size: 1, note: '1', tiles: [{ level: 0, number: 0, hashes }] });
  const client = new Client({ connectionString });
  await client.connect();

  await expect(client.query(statement)).rejects.toThrow('only grows');

  await client.end();
  await destroy();
});

test('RC-01 who seals loses the right with his connection', async () => {
  const { store, connectionString, destroy } = await openTest();
  const lock = await store.lock();
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
  );
  await client.end();
  const other = await openPostgresTreeStore({ connectionString });
  await expect.poll(() => lock?.held()).toBe(false);

  const taken = await other.lock();
  expect(taken?.held()).toBe(true);
  await taken?.release();
  await other.close();
  await destroy();
});
