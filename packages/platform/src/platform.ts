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
import { startTradeService, type TradeService } from './capture/trade-service.ts';
import { ConfigError, type Config } from './config.ts';
import { askVersions } from './corporate-actions/action-message.ts';
import { startActionService, type ActionService } from './corporate-actions/action-service.ts';
import { openConfluentRegistry } from './corporate-actions/confluent-registry.ts';
import { openLocalRegistry } from './corporate-actions/local-registry.ts';
import type { SchemaRegistry } from './corporate-actions/schema-registry.ts';
import type { PriceSource } from './corporate-actions/term-sources.ts';
import { weekendsOnly, type BusinessCalendar } from './domain/calendar/business-calendar.ts';
import { unitedStates } from './domain/calendar/united-states.ts';
import type { ActionsBook } from './ledger/actions-book.ts';
import { eventTypes } from './ledger/event-types.ts';
import { createLedger, type Ledger } from './ledger/ledger.ts';
import { openMarketBook, type MarketBook } from './ledger/market-book.ts';
import { createTemporalQueries, type TemporalQueries } from './ledger/temporal-queries.ts';
import { maturedTrades } from './queries/trade-records.ts';
import { viewsOf } from './queries/views.ts';
import { projections } from './read-models/projections.ts';
import { startProjectorThread, type ProjectorHandle } from './read-models/projector-thread.ts';
import { openDynamoRequests } from './requests/dynamodb/dynamodb-requests.ts';
import { openPostgresRequests } from './requests/postgres/postgres-requests.ts';
import type { RequestStore } from './requests/request-store.ts';
import { createBreakers, type Breakers } from './resilience/breakers.ts';
import { BusFailure, type Bus } from './streams/bus.ts';
import { openEmbeddedBus } from './streams/embedded/embedded-bus.ts';
import { openKafkaBus } from './streams/kafka/kafka-bus.ts';

/** The program's parts, wired: what the HTTP server and the command line are built on. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: EventStore;
  readonly market: MarketBook;
  readonly actions: ActionsBook;
  readonly ledger: Ledger;
  readonly temporal: TemporalQueries;
  readonly readModels: ReadModelDatabase;
  readonly projector: ProjectorHandle;
  readonly breakers: Breakers;
  readonly bus: Bus;
  readonly requests: RequestStore;
  readonly trades: TradeService;
  readonly corporateActions: ActionService;
  /** Finishes what was begun, then lets go of everything. */
  close(): Promise<void>;
}

/** What tests set. */
export interface PlatformOverrides {
  readonly clock?: Clock | undefined;
  /** Told of what went wrong and is tried again. */
  readonly onFailure?: ((failure: unknown) => void) | undefined;
  /** Closes from elsewhere than the log, for corporate actions. */
  readonly prices?: PriceSource | undefined;
  /** In place of the bus, for corporate actions. */
  readonly actionsBus?: ((bus: Bus) => Bus) | undefined;
}

/**
 * Starts everything but the HTTP server. Rejects with a ConfigError, a StorageFailure, or a
 * BreakingSchemaChange; what was opened by then is closed again.
 */
export async function startPlatform(
  config: Config,
  { clock = systemClock, onFailure = () => {}, prices, actionsBus = same }: PlatformOverrides = {},
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
    const { actions } = market;
    const ledger = createLedger(store, market);
    const temporal = createTemporalQueries(store, market);
    const breakers = createBreakers({
      settings: config.breakers,
      clock,
      isOutage: { bus: (failure) => failure instanceof BusFailure },
      onOpen: onFailure,
    });
    const { bus, requests, closeBus } = await openQueue(config, clock, onFailure);
    opened.push(closeBus);
    const views = viewsOf(readModels);
    const trades = await startTradeService({
      bus,
      partitions: partitionsOn[config.bus.kind],
      requests,
      ledger,
      log: store,
      clock,
      requestLifetimeMs: config.requestDays * 86_400_000,
      matured: (until, limit) => maturedTrades(views, until, limit),
      reach: (position) => projector.waitFor(position, reachMsMax),
      onFailure,
    });
    opened.push(trades.close);
    const corporateActions = await startActionService({
      bus: actionsBus(bus),
      partitions: partitionsOn[config.bus.kind],
      breakers,
      registry: openRegistry(config),
      store,
      ledger,
      actions,
      views,
      projector,
      prices,
      clock,
      onFailure,
    });
    opened.push(corporateActions.close);
    return {
      config,
      clock,
      store,
      market,
      actions,
      ledger,
      temporal,
      readModels,
      projector,
      breakers,
      bus,
      requests,
      trades,
      corporateActions,
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

const same = (bus: Bus): Bus => bus;

const reachMsMax = 10_000;

function openRegistry({ schemaRegistry, topicPrefix }: Config): SchemaRegistry {
  return schemaRegistry === 'local'
    ? openLocalRegistry(askVersions)
    : openConfluentRegistry({ url: schemaRegistry, subjectPrefix: topicPrefix });
}

/** As many processes may take trades side by side; a file is written with fewer pages where they are few. */
const partitionsOn = { embedded: 4, kafka: 16 } as const;

/** The bus, and the store of the requests whose messages go to it. */
async function openQueue(
  config: Config,
  clock: Clock,
  onFailure: (failure: unknown) => void,
): Promise<{
  readonly bus: Bus;
  readonly requests: RequestStore;
  closeBus(): Promise<void>;
}> {
  if (config.bus.kind === 'kafka') {
    const { brokers } = config.bus;
    const prefix = config.topicPrefix;
    const bus = await openKafkaBus({ brokers, prefix, clientId: 'counterfoil' });
    return withRequests(config, bus, onFailure);
  }
  const { directory, remove } = await busDirectory(config);
  const embedded = await openEmbeddedBus({ file: path.join(directory, 'bus.sqlite'), clock });
  const bus = {
    ...embedded,
    close: async () => {
      await embedded.close();
      await remove();
    },
  };
  return config.requestStore.kind === 'embedded'
    ? { bus, requests: embedded.requests, closeBus: bus.close }
    : withRequests(config, bus, onFailure);
}

async function withRequests(
  { requestStore }: Config,
  bus: Bus,
  onFailure: (failure: unknown) => void,
) {
  try {
    const requests = await openRequests(requestStore, bus, onFailure);
    const closeBus = async (): Promise<void> => {
      await requests.close();
      await bus.close();
    };
    return { bus, requests, closeBus };
  } catch (cause) {
    await bus.close();
    throw cause;
  }
}

function openRequests(
  requestStore: Config['requestStore'],
  bus: Bus,
  onFailure: (failure: unknown) => void,
): Promise<RequestStore> {
  switch (requestStore.kind) {
    case 'postgres': {
      const { connectionString } = requestStore;
      return openPostgresRequests({ connectionString, bus, onFailure });
    }
    case 'dynamodb': {
      const { region, table, endpoint } = requestStore;
      return openDynamoRequests({ region, table, endpoint, bus, onFailure });
    }
    case 'embedded':
      throw new Error('the embedded store of requests comes with its bus');
  }
}

async function busDirectory(
  config: Config,
): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  if (config.store.kind !== 'memory') {
    await makeDataDirectory(config);
    return { directory: config.dataDirectory, remove: async () => {} };
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
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
