import { chmod, cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { streamId } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import {
  configOf,
  environmentOf,
  temporaryDirectory,
} from './command-line/command-line.fixture.ts';
import { useStores } from './command-line/stores.fixture.ts';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { openKeys } from './key-stores.ts';

const placeOn = useStores();
const ada = streamId('account-ADA');

async function hold(config: Config): Promise<void> {
  const keys = await openKeys(config);
  await keys.vault.hold(ada, 'Ada');
  await keys.close();
}

function keysIn(config: Config): string {
  return path.join(config.dataDirectory, 'keys');
}

describe('RC-04 several servers on one store of keys', () => {
  test('are refused with files of their own, and share one', async () => {
    const { config, environment } = await placeOn('PostgreSQL');
    await hold(config);
    const other = configOf(
      environmentOf(await temporaryDirectory(), environment['COUNTERFOIL_STORE']),
    );

    await expect(openKeys(other)).rejects.toThrow(ConfigError);
    await expect(openKeys(other)).rejects.toThrow(/does not hold that: let all servers share/);
    await cp(keysIn(config), keysIn(other), { recursive: true });
    await hold(other);
  });

  test('are refused without the file, too', async () => {
    const { config } = await placeOn('PostgreSQL');
    await hold(config);
    await rm(path.join(keysIn(config), 'key-encryption.json'));

    await expect(openKeys(config)).rejects.toThrow(ConfigError);
  });
});

test('RC-04 an embedded store opens without the file of keys, for all that needs none', async () => {
  const { config } = await placeOn('SQLite');
  await hold(config);
  await rm(path.join(keysIn(config), 'key-encryption.json'));

  const keys = await openKeys(config);
  expect(await keys.store.count()).toEqual({ live: 1, erased: 0 });
  await keys.close();
});

test.each(['', 'keys.sqlite'])('RC-04 keys/%s must be for its owner alone', async (name) => {
  const { config } = await placeOn('SQLite');
  await hold(config);
  await chmod(path.join(keysIn(config), name), 0o755);

  await expect(openKeys(config)).rejects.toThrow(ConfigError);
});
