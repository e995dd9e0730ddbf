import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  openEventStore,
  type Clock,
  type EventStorage,
  type EventStore,
} from '@counterfoil/event-store';
import type { TreeStore } from '@counterfoil/event-store/log';
import { openMemoryTreeStore } from '@counterfoil/event-store/log/memory';
import { openPostgresTreeStore } from '@counterfoil/event-store/log/postgres';
import { openSqliteTreeStore } from '@counterfoil/event-store/log/sqlite';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { openPostgresStorage } from '@counterfoil/event-store/postgres';
import { openReadModels, type ReadModelDatabase } from '@counterfoil/event-store/projections';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { kindOf } from './domain/retention/policy.ts';
import { openKeys } from './key-stores.ts';
import { eventTypes } from './ledger/event-types.ts';
import { openLogKeys, temporaryLogKeys, type LogKeys } from './record/log-keys.ts';
import { systemClock } from './system-clock.ts';
import { foldable } from './vault/payloads/erased-events.ts';
import { keysWhenNeeded, type PayloadKeys } from './vault/payloads/payload-keys.ts';
import { sealPayloads } from './vault/payloads/payload-storage.ts';
import { randomPool } from './vault/random-pool.ts';

export { systemClock } from './system-clock.ts';

// The stores that the configuration names, and nothing else: threads and commands that need only a store of
// these start without the rest of the program.

/** The store that the configuration names. Rejects with a StorageFailure or a ConfigError. */
export async function openStorage(config: Config): Promise<EventStorage> {
  switch (config.store.kind) {
    case 'memory':
      return openMemoryStorage();
    case 'sqlite':
      await makeDataDirectory(config);
      return openSqliteStorage({ file: path.join(config.dataDirectory, 'log.sqlite') });
    case 'postgres':
      return openPostgresStorage({ connectionString: config.store.connectionString });
  }
}

/**
 * The log alone, for work that needs neither read models nor the market. Payloads that are sealed in the storage
 * are opened with keys of its own, unless it is given some.
 */
export async function openLog(
  config: Config,
  {
    clock = systemClock,
    storage,
    keys,
  }: { clock?: Clock; storage?: EventStorage; keys?: PayloadKeys } = {},
): Promise<EventStore> {
  const sealed: ReadonlySet<string> = new Set(config.encryptPayloads);
  const ownKeys = keysWhenNeeded(() => openKeys(config, { clock }));
  const store = await openEventStore({
    storage: sealPayloads({
      storage: storage ?? (await openStorage(config)),
      keys: keys ?? ownKeys,
      seals: (stream) => sealed.size > 0 && sealed.has(kindOf(stream)),
      randomBytes: randomPool(randomBytes),
    }),
    eventTypes,
    clock,
    randomBytes,
  });
  const close = async (): Promise<void> => {
    await store.close();
    await ownKeys.close();
  };
  return foldable({ ...store, close });
}

/** The tree over the log, in the store that the configuration names. Rejects with a StorageFailure or a ConfigError. */
export async function openTree(config: Config): Promise<TreeStore> {
  switch (config.store.kind) {
    case 'memory':
      return openMemoryTreeStore();
    case 'sqlite':
      await makeDataDirectory(config);
      return openSqliteTreeStore(path.join(config.dataDirectory, 'seal.sqlite'));
    case 'postgres':
      return openPostgresTreeStore({ connectionString: config.store.connectionString });
  }
}

/** What the log signs with; made when it is missing. Rejects with a ConfigError. */
export async function openSigningKeys(
  config: Config,
  clock: Clock = systemClock,
): Promise<LogKeys> {
  const { origin, dataDirectory, store } = config;
  if (store.kind === 'memory') return temporaryLogKeys(origin, clock);
  await makeDataDirectory(config);
  return openLogKeys({ directory: path.join(dataDirectory, 'keys'), origin, clock });
}

/** The database of the read models; embedded, it has a file of its own beside the log. */
export async function openReadModelDatabase(config: Config): Promise<ReadModelDatabase> {
  switch (config.store.kind) {
    case 'memory':
      return openTemporaryReadModels();
    case 'sqlite':
      await makeDataDirectory(config);
      return openReadModels({
        kind: 'sqlite',
        file: path.join(config.dataDirectory, 'read-models.sqlite'),
      });
    case 'postgres':
      return openReadModels({
        kind: 'postgres',
        connectionString: config.store.connectionString,
      });
  }
}

/** Every connection has to open it, so even for a log in memory it is a file, gone when it is closed. */
async function openTemporaryReadModels(): Promise<ReadModelDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-'));
  const database = await openReadModels({
    kind: 'sqlite',
    file: path.join(directory, 'read-models.sqlite'),
  });
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Where files of its own go, made if it has to be: gone with the log when that is in memory. */
export async function fileDirectory(
  config: Config,
): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  if (config.store.kind !== 'memory') {
    await makeDataDirectory(config);
    return { directory: config.dataDirectory, remove: async () => {} };
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function makeDataDirectory({ dataDirectory }: Config): Promise<void> {
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConfigError(
      `the data directory ${dataDirectory} can't be made: set COUNTERFOIL_DATA_DIR to one that can`,
      { cause },
    );
  }
}
