import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  instantFromMilliseconds,
  openEventStore,
  type Clock,
  type EventStorage,
  type EventStore,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { openPostgresStorage } from '@counterfoil/event-store/postgres';
import {
  createProjector,
  openReadModels,
  type ReadModelDatabase,
} from '@counterfoil/event-store/projections';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { ConfigError, type Config } from './config.ts';
import { weekendsOnly, type BusinessCalendar } from './domain/calendar/business-calendar.ts';
import { unitedStates } from './domain/calendar/united-states.ts';
import { eventTypes } from './ledger/event-types.ts';
import { createLedger, type Ledger } from './ledger/ledger.ts';
import { openMarketBook, type MarketBook } from './ledger/market-book.ts';
import { createTemporalQueries, type TemporalQueries } from './ledger/temporal-queries.ts';
import { projections } from './read-models/projections.ts';
import { startProjectorThread, type ProjectorHandle } from './read-models/projector-thread.ts';

/** The program's parts, wired: what the HTTP server and the command line are built on. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: EventStore;
  readonly market: MarketBook;
  readonly ledger: Ledger;
  readonly temporal: TemporalQueries;
  readonly readModels: ReadModelDatabase;
  readonly projector: ProjectorHandle;
  /** Finishes what was begun, then lets go of everything. */
  close(): Promise<void>;
}

/** What tests set. */
export interface PlatformOverrides {
  readonly clock?: Clock | undefined;
}

/**
 * Starts everything but the HTTP server. Rejects with a ConfigError, a StorageFailure, or a
 * BreakingSchemaChange; what was opened by then is closed again.
 */
export async function startPlatform(
  config: Config,
  { clock = systemClock }: PlatformOverrides = {},
): Promise<Platform> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const shut of opened.splice(0).toReversed()) await shut();
  };
  try {
    const storage = await openStorage(config);
    const store = await openLog(config, { clock, storage });
    opened.push(store.close);
    const readModels = await openReadModelDatabase(config);
    opened.push(readModels.close);
    const projector = await startProjector(config, store, readModels, clock);
    opened.push(projector.close);
    const market = await openMarket(config, store, clock);
    opened.push(market.close);
    const ledger = createLedger(store, market);
    const temporal = createTemporalQueries(store, market);
    return { config, clock, store, market, ledger, temporal, readModels, projector, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** The log alone, for work that needs neither read models nor the market. */
export async function openLog(
  config: Config,
  { clock = systemClock, storage }: { clock?: Clock; storage?: EventStorage } = {},
): Promise<EventStore> {
  return openEventStore({
    storage: storage ?? (await openStorage(config)),
    eventTypes,
    clock,
    randomBytes,
  });
}

/** Instruments and prices, with the calendar that the configuration names. */
export async function openMarket(
  config: Config,
  store: EventStore,
  clock: Clock = systemClock,
): Promise<MarketBook> {
  const { timeZone, settlementDays } = config;
  return openMarketBook({ store, clock, calendar: calendarOf(config), settlementDays, timeZone });
}

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

/** The system's clock, in its milliseconds. */
export const systemClock: Clock = () => instantFromMilliseconds(Date.now());

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

async function startProjector(
  config: Config,
  store: EventStore,
  database: ReadModelDatabase,
  clock: Clock,
): Promise<ProjectorHandle> {
  if (config.store.kind !== 'memory') return startProjectorThread(config, store);
  // What is in the memory of this thread can't be seen from another.
  const projector = createProjector({ log: store, database, projections, clock });
  await projector.start();
  return {
    position: projector.position,
    waitFor: projector.waitFor,
    failure: () => undefined,
    close: projector.stop,
  };
}

function calendarOf({ calendar }: Config): BusinessCalendar {
  switch (calendar) {
    case 'US':
      return unitedStates;
    case 'WEEKENDS_ONLY':
      return weekendsOnly;
  }
}
