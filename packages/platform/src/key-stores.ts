import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '@counterfoil/event-store';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { systemClock } from './system-clock.ts';
import { openFileKeys } from './vault/file/file-keys.ts';
import { KeyFileRefused, openKeyDirectory } from './vault/file/key-directory.ts';
import type { KeyProvider } from './vault/key-provider.ts';
import type { KeyStore } from './vault/key-store.ts';
import { openMemoryKeys, openMemoryProvider } from './vault/memory/memory-keys.ts';
import { openedKeys, type KeysParts } from './vault/opened-keys.ts';
import { withPayloadKeys, type KeysWithPayloads } from './vault/payloads/payload-keys.ts';
import { openPostgresKeys } from './vault/postgres/postgres-keys.ts';
import { randomPool } from './vault/random-pool.ts';
import { openSqliteKeys } from './vault/sqlite/sqlite-keys.ts';

/**
 * The keys that the configuration names: made with the first that is needed. Without a guard, each call of
 * their provider is tried. Rejects with a ConfigError when the file of keys can't be used, or is not the one
 * that belongs to the store.
 */
export async function openKeys(
  config: Config,
  {
    clock = systemClock,
    guard = (work) => work(),
  }: { clock?: Clock; guard?: KeysParts['guard'] } = {},
): Promise<KeysWithPayloads> {
  const { provider, closeProvider } = await openKeyProvider(config);
  const store = await openKeyStore(config);
  const close = async (): Promise<void> => {
    await store.close();
    closeProvider();
  };
  try {
    await requireShared(config, store, provider);
  } catch (cause) {
    await close();
    throw cause;
  }
  const keys = openedKeys({ store, provider, guard, clock, randomBytes, close });
  return withPayloadKeys(keys, { clock, randomBytes: randomPool(randomBytes) });
}

async function openKeyProvider(
  config: Config,
): Promise<{ readonly provider: KeyProvider; closeProvider(): void }> {
  const { keys, store } = config;
  if (keys.kind === 'kms') {
    // The SDK takes longer to load than all else together: only who needs it waits for it.
    const { openKmsKeys } = await import('./vault/kms/kms-keys.ts');
    const provider = openKmsKeys(keys);
    return { provider, closeProvider: provider.close };
  }
  const closeProvider = nothing;
  if (store.kind === 'memory') return { provider: openMemoryProvider(), closeProvider };
  return {
    provider: await unlessRefused(async () => openFileKeys(await keyFile(config))),
    closeProvider,
  };
}

/**
 * Several servers may use one store in PostgreSQL, and each has files of its own unless they are shared: with
 * another file a server would one day replace the key-encryption key by one that the others don't have.
 */
async function requireShared(
  config: Config,
  store: KeyStore,
  provider: KeyProvider,
): Promise<void> {
  if (config.store.kind !== 'postgres' || config.keys.kind !== 'file') return;
  // A retired one may be destroyed at this moment.
  const current = (await store.wrappingKeys()).find(({ retired }) => !retired);
  if (current === undefined) return;
  try {
    await provider.open(current.id, current.kept);
  } catch (cause) {
    throw new ConfigError(
      `the keys in the database are wrapped under ${current.id}, and ${await keyFile(config)} does not hold that: ` +
        'let all servers share one directory "keys", or bring back its file, or use KMS (COUNTERFOIL_KEYS) from ' +
        'the first start on',
      { cause },
    );
  }
}

async function openKeyStore(config: Config): Promise<KeyStore> {
  switch (config.store.kind) {
    case 'memory':
      return openMemoryKeys();
    case 'sqlite':
      return openSqliteKeys(path.join(await keyDirectory(config), 'keys.sqlite'));
    case 'postgres':
      return openPostgresKeys(config.store.connectionString);
  }
}

function nothing(): void {
  // A file, or this memory, needs no closing.
}

async function keyFile(config: Config): Promise<string> {
  return path.join(await keyDirectory(config), 'key-encryption.json');
}

/** Only for the owner of the program. */
async function keyDirectory({ dataDirectory }: Config): Promise<string> {
  const directory = path.join(dataDirectory, 'keys');
  await unlessRefused(() => openKeyDirectory(directory));
  return directory;
}

async function unlessRefused<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof KeyFileRefused)) throw cause;
    throw new ConfigError(cause.message, { cause });
  }
}
