import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openPostgresStorage } from '../../storage/postgres/postgres-storage.ts';
import { startTestServer, type TestServer } from '../../storage/postgres/test-server.ts';
import { checkRecord, type CheckedRecord } from '../full-check.ts';
import { appendEvents, origin, publicKeys, sealAll, sealingOf } from '../sealing.fixture.ts';
import { openPostgresTreeStore } from './postgres-tree-store.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
}, 60_000);

interface Sealed {
  /** Does to the database what its triggers forbid. */
  forge(...statements: readonly string[]): Promise<void>;
  check(): Promise<CheckedRecord>;
  sealOn(): Promise<unknown>;
}

/** A sealed log of 300 events. */
async function sealed(): Promise<Sealed> {
  const connectionString = await server.createDatabase();
  const storage = await openPostgresStorage({ connectionString, partitionSize: 100 });
  const tree = await openPostgresTreeStore({ connectionString });
  onTestFinished(async () => {
    await tree.close();
    await storage.close();
  });
  await appendEvents(storage, 300);
  await sealAll(storage, tree);
  return {
    forge: async (...statements) => {
      const client = new Client({ connectionString });
      await client.connect();
      await client.query('SET search_path TO counterfoil_log');
      for (const table of ['events', 'tree_tiles', 'tree_seal']) {
        await client.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
      }
      for (const statement of statements) await client.query(statement);
      await client.end();
    },
    check: async () => {
      // Anew, as whatever was read before may be remembered.
      const fresh = await openPostgresStorage({ connectionString, partitionSize: 100 });
      try {
        return await checkRecord({ storage: fresh, tree, origin, publicKeys });
      } finally {
        await fresh.close();
      }
    },
    sealOn: () => sealingOf(storage, tree),
  };
}

test('RC-01 a record in PostgreSQL that was not changed is whole', async () => {
  const { check } = await sealed();

  expect(await check()).toEqual({ from: 1, to: 300, fault: undefined });
});

test.each([
  ['UPDATE events SET body = set_byte(body, 9, 1) WHERE position = 150', 150],
  ['UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 101', 101],
  ['UPDATE events SET version = version + 1 WHERE position = 300', 300],
  ['UPDATE events SET schema = 3 - schema WHERE position = 17', 17],
  ['UPDATE events SET stream = 999 WHERE position = 17', 17],
  ['DELETE FROM events WHERE position = 200', 200],
  [
    "UPDATE streams SET name = 'other' WHERE id = (SELECT stream FROM events WHERE position = 5)",
    5,
  ],
  ["UPDATE schemas SET avro = '\"string\"' WHERE type = 'Noted'", 2],
  ["UPDATE streams SET version = version - 1 WHERE name = 'stream-3'", 298],
  ['DELETE FROM schema_blocks WHERE schema = 1', 2],
  ['UPDATE tree_tiles SET hashes = set_byte(hashes, 70, 1) WHERE level = 0 AND number = 1', 259],
  ['UPDATE tree_tiles SET hashes = set_byte(hashes, 7, 1) WHERE level = 1', 1],
])('RC-01 it is found, and where: %s', async (statement, position) => {
  const { forge, check } = await sealed();
  await forge(statement);

  expect((await check()).fault?.position).toBe(position);
});

test('RC-01 a log in PostgreSQL that was set back is not sealed on', async () => {
  const { forge, check, sealOn } = await sealed();
  await forge('DELETE FROM events WHERE position > 250', 'UPDATE head SET position = 250');

  await expect(sealOn()).rejects.toThrow('ends at 250, and 300 entries were sealed');
  expect((await check()).fault?.position).toBe(251);
});
