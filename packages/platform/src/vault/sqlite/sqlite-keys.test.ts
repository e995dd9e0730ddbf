import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { wrappedKey, wrappingKey } from '../contract/samples.ts';
import { describeKeyStoreContract } from '../key-store.contract.ts';
import type { KeyStore } from '../key-store.ts';
import { openSqliteKeys } from './sqlite-keys.ts';

async function place(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-keys-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describeKeyStoreContract('RC-04 the store in a file', async () => {
  const file = path.join(await place(), 'keys.sqlite');
  const stores: KeyStore[] = [];
  const another = async (): Promise<KeyStore> => {
    const store = await openSqliteKeys(file);
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

test('RC-04 every file of the store is for its owner alone', async () => {
  const directory = await place();
  const store = await openSqliteKeys(path.join(directory, 'keys.sqlite'));
  onTestFinished(() => store.close());
  await store.addWrappingKey(wrappingKey('k1'), undefined);

  const names = await readdir(directory);
  const modes = await Promise.all(names.map((name) => stat(path.join(directory, name))));
  expect(names).toEqual(['keys.sqlite', 'keys.sqlite-shm', 'keys.sqlite-wal']);
  expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
});

test('RC-04 nothing of a key is left in any file once its subject is erased', async () => {
  const directory = await place();
  const store = await openSqliteKeys(path.join(directory, 'keys.sqlite'));
  onTestFinished(() => store.close());
  await store.addWrappingKey(wrappingKey('k1'), undefined);
  const key = wrappedKey('A');
  const keys = Array.from({ length: 50 }, (_, at) => wrappedKey(`B${at}`));
  await store.add([key, ...keys], 'k1');
  const holders = async (): Promise<readonly string[]> => {
    const found = [];
    for (const name of await readdir(directory)) {
      const content = await readFile(path.join(directory, name));
      if (content.includes(Buffer.from(key.wrapped))) found.push(name);
    }
    return found;
  };
  expect(await holders()).not.toEqual([]);

  await store.erase(key.subject, 1);

  expect(await holders()).toEqual([]);
});

test('RC-04 the tables themselves bring no erased key back and forget no subject', async () => {
  const file = path.join(await place(), 'keys.sqlite');
  const store = await openSqliteKeys(file);
  await store.addWrappingKey(wrappingKey('k1'), undefined);
  await store.erase(wrappedKey('A').subject, 1);
  await store.close();

  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());

  expect(() => database.exec(`UPDATE data_keys SET wrapped = x'00', erased_at = NULL`)).toThrow(
    'an erased subject stays erased',
  );
  expect(() => database.exec('DELETE FROM data_keys')).toThrow('no subject is forgotten');
});
