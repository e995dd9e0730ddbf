import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Clock, EventStore } from '@counterfoil/event-store';
import { createProjector, type ReadModelDatabase } from '@counterfoil/event-store/projections';
import { recordDecisions, type Decisions } from './access/decisions.ts';
import { eventPresenter } from './api/event-json.ts';
import { startTradeService, type TradeService } from './capture/trade-service.ts';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { askVersions } from './corporate-actions/action-message.ts';
import { startActionService, type ActionService } from './corporate-actions/action-service.ts';
import { openConfluentRegistry } from './corporate-actions/confluent-registry.ts';
import { openLocalRegistry } from './corporate-actions/local-registry.ts';
import type { SchemaRegistry } from './corporate-actions/schema-registry.ts';
import type { PriceSource } from './corporate-actions/term-sources.ts';
import { weekendsOnly, type BusinessCalendar } from './domain/calendar/business-calendar.ts';
import { unitedStates } from './domain/calendar/united-states.ts';
import { openIdentity, type Identity, type IdentityParts } from './identity/identity.ts';
import { TokenKeysUnsafe } from './identity/token-keys.ts';
import { openKeys } from './key-stores.ts';
import type { ActionsBook } from './ledger/actions-book.ts';
import { eventTypes } from './ledger/event-types.ts';
import { createLedger, type Ledger } from './ledger/ledger.ts';
import { openMarketBook, type MarketBook } from './ledger/market-book.ts';
import { createTemporalQueries, type TemporalQueries } from './ledger/temporal-queries.ts';
import { maturedTrades } from './queries/trade-records.ts';
import { viewsOf } from './queries/views.ts';
import { openQueue, partitionsOn } from './queue.ts';
import { projections } from './read-models/projections.ts';
import { startProjectorThread, type ProjectorHandle } from './read-models/projector-thread.ts';
import { startSealedRecord, type SealedRecord } from './record/sealed-record.ts';
import type { ReportService } from './reports/report-service.ts';
import { startReports } from './reports/start-reports.ts';
import type { RequestStore } from './requests/request-store.ts';
import { createBreakers, type Breakers } from './resilience/breakers.ts';
import { createRetention, type Retention } from './retention/retention.ts';
import {
  fileDirectory,
  openLog,
  openReadModelDatabase,
  openSigningKeys,
  openStorage,
  openTree,
  systemClock,
} from './stores.ts';
import { BusFailure, type Bus } from './streams/bus.ts';
import { openedEntries, withoutErased } from './vault/payloads/erased-events.ts';
import { createPayloadOpener } from './vault/payloads/payload-opener.ts';
import { startVaultService, type VaultService } from './vault/vault-service.ts';
import type { Vault } from './vault/vault.ts';

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
  /** Seals what is sensitive, and opens it. */
  readonly vault: Vault;
  readonly keys: VaultService;
  readonly retention: Retention;
  /** Users, their logins, the keys of services. */
  readonly identity: Identity;
  /** Who was let do what, on its way to the log. */
  readonly decisions: Decisions;
  /** The log with its proof. */
  readonly record: SealedRecord;
  readonly reports: ReportService;
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
    const breakers = createBreakers({
      settings: config.breakers,
      clock,
      isOutage: { bus: (failure) => failure instanceof BusFailure },
      onOpen: onFailure,
    });
    const keys = await openKeys(config, {
      clock,
      guard: (work) => breakers.run('keys', work),
    });
    opened.push(keys.close);
    const { payloadKeys } = keys;
    const store = await openLog(config, { clock, storage, keys: payloadKeys });
    opened.push(store.close);
    // Seals and proves what is stored, and so as it is stored.
    const sealed = await startSealedRecord({
      config,
      store,
      storage,
      tree: await openTree(config),
      keys: await openSigningKeys(config, clock),
      clock,
      onFailure,
    });
    opened.push(sealed.close);
    const opener = createPayloadOpener({ storage, keys: payloadKeys });
    const record = { ...sealed, log: openedEntries(sealed.log, opener) };
    const { vault } = keys;
    const retention = createRetention({
      // When something was recorded last is asked of erased streams too.
      log: { ...store, raw: { ...store.raw, storage } },
      vault,
      keys: keys.store,
      policy: config.retentionYears,
      clock,
    });
    await retention.enforce();
    const { keyRotationDays: rotationDays } = config;
    const vaultService = startVaultService({
      keys,
      log: store,
      rotationDays,
      clock,
      randomBytes,
      onFailure,
    });
    opened.push(vaultService.close);
    const decisions = recordDecisions({ store, clock, onFailure });
    opened.push(decisions.close);
    const identity = await openIdentityOf(config, { store, vault, retention, clock, onFailure });
    opened.push(identity.close);
    const readModels = await openReadModelDatabase(config);
    opened.push(readModels.close);
    const projector = await startProjector(config, store, readModels, clock);
    opened.push(projector.close);
    const market = await openMarket(config, store, clock);
    opened.push(market.close);
    const { actions } = market;
    const ledger = createLedger(store, market, vault);
    const temporal = createTemporalQueries(store, market);
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
    const { directory, remove } = await fileDirectory(config);
    opened.push(remove);
    const reports = startReports({
      store: withoutErased(store),
      sealedLog: record.log,
      views,
      projected: projector,
      market,
      present: eventPresenter(eventTypes),
      directory: path.join(directory, 'reports'),
      settings: config.reports,
      clock,
      onFailure,
    });
    opened.push(reports.close);
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
      vault,
      keys: vaultService,
      retention,
      identity,
      decisions,
      record,
      reports,
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

/** Users and logins, over a log and a vault; private keys of tokens are in the data directory. */
export async function openIdentityOf(
  config: Config,
  parts: Pick<IdentityParts, 'store' | 'vault' | 'retention' | 'clock' | 'onFailure'>,
): Promise<Identity> {
  const { host, port, tls, dataDirectory, store } = config;
  const { tokenIssuer, identityProviders, apiKeyDays } = config;
  const scheme = tls === undefined ? 'http' : 'https';
  try {
    return await openIdentity({
      ...parts,
      keysDirectory: store.kind === 'memory' ? undefined : path.join(dataDirectory, 'keys'),
      tokenIssuer,
      publicUrl: config.publicUrl ?? `${scheme}://${host}:${port}`,
      identityProviders,
      apiKeyDays,
    });
  } catch (cause) {
    if (cause instanceof TokenKeysUnsafe) throw new ConfigError(cause.message, { cause });
    throw cause;
  }
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
