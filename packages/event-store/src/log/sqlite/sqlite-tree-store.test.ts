import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { describeTreeStoreContract, type TreeStoreUnderTest } from '../tree-store.contract.ts';
import { openSqliteTreeStore } from './sqlite-tree-store.ts';

async function openTest(): Promise<TreeStoreUnderTest & { readonly file: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-tree-'));
  const file = path.join(directory, 'seal.sqlite');
  let store = await openSqliteTreeStore(file);
  return {
    file,
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteTreeStore(file);
      return store;
    },
    beside: () => openSqliteTreeStore(file),
    destroy: async () => {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

describeTreeStoreContract('SQLite', openTest);

test.each([
  ['UPDATE tiles SET hashes = zeroblob(32)', 'only grows'],
  ['UPDATE tiles SET number = 9', 'only grows'],
  ['DELETE FROM tiles', 'only grows'],
  ['UPDATE seal SET size = 0', 'only grows'],
  ['DELETE FROM seal', 'only grows'],
])('RC-01 the database itself refuses %s', async (statement, why) => {
  const { store, file, destroy } = await openTest();
  const hashes = Buffer.alloc(32, 7);
  await store.write({ from: 0, size: 1, note: '1', tiles: [{ level: 0, number: 0, hashes }] });
  const database = new DatabaseSync(file);

  expect(() => database.exec(statement)).toThrow(why);

  database.close();
  await destroy();
});

test('RC-01 a file of something else is not taken for the tree', async () => {
  const { file, destroy } = await openTest();
  const other = `${file}.other`;
  const database = new DatabaseSync(other);
  database.exec('CREATE TABLE anything (id INTEGER); PRAGMA user_version = 1');
  database.close();

  await expect(openSqliteTreeStore(other)).rejects.toThrow("is not the log's tree");
  await destroy();
});
