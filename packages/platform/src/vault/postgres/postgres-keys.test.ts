import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../../event-store/src/storage/postgres/test-server.ts';
import { wrappedKey, wrappingKey } from '../contract/samples.ts';
import { describeKeyStoreContract } from '../key-store.contract.ts';
import type { KeyStore } from '../key-store.ts';
import { openPostgresKeys } from './postgres-keys.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => server.stop());

describeKeyStoreContract('RC-04 the store in PostgreSQL', async () => {
  const connectionString = await server.createDatabase();
  const stores: KeyStore[] = [];
  const another = async (): Promise<KeyStore> => {
    const store = await openPostgresKeys(connectionString);
    stores.push(store);
    return store;
  };
  return {
    store: await another(),
    another,
    destroy: async () => {
      for (const store of stores) await store.close();
    },
  };
});

test('RC-04 the tables themselves bring no erased key back and forget no subject', async () => {
  const connectionString = await server.createDatabase();
  const store = await openPostgresKeys(connectionString);
  await store.addWrappingKey(wrappingKey('k1'), undefined);
  await store.erase(wrappedKey('A').subject, 1);
  await store.close();
  const client = new Client({ connectionString });
  await client.connect();
  onTestFinished(() => client.end());

  for (const statement of [
    `UPDATE counterfoil_keys.data_keys SET wrapped = '', erased_at_ms = NULL`,
    'DELETE FROM counterfoil_keys.data_keys',
    'TRUNCATE counterfoil_keys.data_keys',
  ]) {
    await expect(client.query(statement)).rejects.toThrow('an erased subject stays erased');
  }
});

test('RC-04 several programs that start at once make the tables once', async () => {
  const connectionString = await server.createDatabase();

  const stores = await Promise.all([1, 2, 3].map(() => openPostgresKeys(connectionString)));

  for (const store of stores) {
    expect(await store.count()).toEqual({ live: 0, erased: 0 });
    await store.close();
  }
});
