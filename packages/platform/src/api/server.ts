import type { Clock, EventStore } from '@counterfoil/event-store';
import underPressure from '@fastify/under-pressure';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Decisions } from '../access/decisions.ts';
import type { TradeService } from '../capture/trade-service.ts';
import type { RateLimits } from '../config.ts';
import type { ActionService } from '../corporate-actions/action-service.ts';
import type { Identity } from '../identity/identity.ts';
import type { ActionsBook } from '../ledger/actions-book.ts';
import { eventTypes } from '../ledger/event-types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createPostedTerms } from '../ledger/posted-terms.ts';
import type { TemporalQueries } from '../ledger/temporal-queries.ts';
import type { ViewDatabase } from '../queries/views.ts';
import type { SealedRecord } from '../record/sealed-record.ts';
import type { ReportService } from '../reports/report-service.ts';
import type { RequestStore } from '../requests/request-store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import type { Retention } from '../retention/retention.ts';
import type { Vault } from '../vault/vault.ts';
import { accountRoutes } from './accounts/accounts.ts';
import { balanceHistoryRoute } from './accounts/balance-history.ts';
import { cashRoutes } from './accounts/cash.ts';
import { accountEventRoute } from './accounts/events.ts';
import { accountLifeRoutes } from './accounts/life.ts';
import { limitRoutes } from './accounts/limits.ts';
import { orderRoutes } from './accounts/orders.ts';
import { positionRoutes } from './accounts/positions.ts';
import { tradeRoutes } from './accounts/trades.ts';
import { apiKeyRoutes } from './api-keys/api-keys.ts';
import { checkpointRoutes } from './audit/checkpoints.ts';
import { checkRoutes } from './audit/checks.ts';
import { entryRoutes } from './audit/entries.ts';
import { exportRoute } from './audit/export.ts';
import { preferSealed } from './audit/prefer-sealed.ts';
import { authRoutes, publicKeysRoute } from './auth/auth.ts';
import { bulkRoute } from './bulk/bulk.ts';
import { createCommandRunner } from './commands.ts';
import { accountEntitlementRoute } from './corporate-actions/account-entitlements.ts';
import { announcingRoutes } from './corporate-actions/announcing.ts';
import { electionRoutes } from './corporate-actions/elections.ts';
import { entitlementRoute } from './corporate-actions/entitlements.ts';
import { metricsRoute } from './corporate-actions/metrics.ts';
import type { TellNews } from './corporate-actions/news.ts';
import { previewRoute } from './corporate-actions/preview.ts';
import { eventReadRoutes } from './corporate-actions/reads.ts';
import { reconciliationRoute } from './corporate-actions/reconciliation.ts';
import { reviewRoutes } from './corporate-actions/review.ts';
import { documentApi } from './documentation.ts';
import { eventPresenter } from './event-json.ts';
import { answerBrokenRequest, answerFailure } from './failures.ts';
import { allowOrigins } from './front-door/cross-origin.ts';
import { limitAddresses, limitFailures, limitPrincipals } from './front-door/rate-limits.ts';
import { checkShape } from './front-door/request-shape.ts';
import { secureAnswers } from './front-door/security-headers.ts';
import type { TlsOptions } from './front-door/tls.ts';
import { authenticateRequests, guardRoutes } from './guard.ts';
import { healthRoutes, type HealthParts } from './health.ts';
import { instrumentRoutes } from './instruments/instruments.ts';
import { priceRoutes } from './instruments/prices.ts';
import { bodyBytesMax, parseJsonBodies } from './json-body.ts';
import { answerUnknownRoutes } from './not-found.ts';
import type { Authenticate } from './principal.ts';
import { Refusal } from './problem.ts';
import { createReachPosition, type Projected } from './read-position.ts';
import { reportJobRoutes } from './reports/jobs.ts';
import { reportRoutes } from './reports/reports.ts';
import { attachRequestIds, requestIdOf } from './request-ids.ts';
import { retentionRoutes } from './retention/retention.ts';
import { captureBulkRoute } from './trades/bulk.ts';
import { captureRoute } from './trades/capture.ts';
import { deadLetterRoutes } from './trades/dead-letters.ts';
import { partsHealthRoute } from './trades/health.ts';
import { queueRoute } from './trades/queue.ts';
import { tradeRecordRoutes } from './trades/records.ts';
import { requestRoutes } from './trades/requests.ts';
import { userLifeRoutes } from './users/life.ts';
import { userRoutes } from './users/users.ts';
import { compileValidator } from './validation.ts';

export interface ServerParts {
  readonly ledger: Ledger;
  readonly temporal: TemporalQueries;
  readonly log: Pick<EventStore, 'findClaim' | 'head' | 'raw' | 'readAll' | 'readStream'>;
  readonly views: ViewDatabase;
  readonly projected: Projected & HealthParts['projected'];
  readonly requests: Pick<RequestStore, 'check'>;
  readonly trades: TradeService;
  readonly actions: ActionsBook;
  readonly breakers: Breakers;
  readonly corporateActions: Pick<ActionService, 'processor' | 'queue' | 'terms'>;
  /** Told what was said of corporate actions; nobody is when it is left out. */
  readonly tellNews?: TellNews;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly authenticate: Authenticate;
  /** Where it is recorded who was let do what; nowhere when it is left out. */
  readonly decisions?: Decisions | undefined;
  readonly record: SealedRecord;
  readonly reports: ReportService;
  readonly identity: Identity;
  readonly vault: Vault;
  readonly retention: Retention;
  /** Whether anybody may make himself a user; nobody when it is left out. */
  readonly signUp?: boolean;
  /** Whether browsers come by HTTPS, through a proxy or not. */
  readonly secure?: boolean;
  readonly frontDoor?: FrontDoor;
  /** How long the body of a request may take to arrive. */
  readonly bodyArrivalMsMax?: number;
  /** How far behind the event loop may be before load is shed; 0 for however far. */
  readonly eventLoopDelayMsMax?: number;
}

/** What stands between the network and the routes. */
export interface FrontDoor {
  /** Undefined for HTTP in the clear. */
  readonly tls?: TlsOptions | undefined;
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Whose scripts may read answers. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Undefined for no limits. */
  readonly rateLimits?: RateLimits | undefined;
}

/** The HTTP API. Rejects with an UnguardedRoute when one of its routes does not say who may call it. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const { tls, trustedProxies = [], corsOrigins = [], rateLimits } = parts.frontDoor ?? {};
  const server: FastifyInstance = fastify({
    https: tls ?? null,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    loggerInstance: parts.logger,
    // A child logger and two lines for each request cost more than the request; failures are logged.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: requestIdOf,
    bodyLimit: bodyBytesMax,
    connectionTimeout: idleMsMax,
    keepAliveTimeout: 72_000,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (failure, request, reply) => void answerFailure(failure, request, reply),
    clientErrorHandler: answerBrokenRequest,
  });
  server.setValidatorCompiler(compileValidator);
  server.setErrorHandler(answerFailure);
  attachRequestIds(server);
  secureAnswers(server, tls !== undefined);
  refuseWhileStopping(server);
  await shedLoad(server, parts.eventLoopDelayMsMax);
  await allowOrigins(server, corsOrigins);
  checkShape(server);
  // Of one route these run one behind the other: where from, who, how often, whether he may.
  if (rateLimits !== undefined) await limitAddresses(server, rateLimits);
  authenticateRequests(server, {
    ...parts,
    limitFailures: rateLimits && limitFailures(server, rateLimits),
  });
  if (rateLimits !== undefined) await limitPrincipals(server, rateLimits);
  guardRoutes(server, parts.decisions);
  parseJsonBodies(server, parts.bodyArrivalMsMax);
  answerUnknownRoutes(server);
  await documentApi(server, tls !== undefined);
  healthRoutes(server, parts);
  await server.register(async (api) => apiRoutes(api, parts), { prefix: '/api/v1' });
  publicKeysRoute(server, parts.identity);
  await server.register(async (api) => identityRoutes(api, parts), { prefix: '/api' });
  return server;
}

// A connection on which nothing moves for so long is closed, whatever it was about.
const idleMsMax = 60_000;

/** About users and logins, which no version of the rest changes. */
function identityRoutes(api: FastifyInstance, parts: ServerParts): void {
  const { log, vault, clock, projected, signUp = false, secure = false } = parts;
  void api.register(async (auth) => authRoutes(auth, { ...parts, signUp, secure }), {
    prefix: '/auth',
  });
  const run = createCommandRunner({ log, vault, clock });
  const users = { ...parts, run, reach: createReachPosition(projected, log) };
  userRoutes(api, users);
  userLifeRoutes(api, users);
  apiKeyRoutes(api, { ...parts, run });
}

function apiRoutes(api: FastifyInstance, parts: ServerParts): void {
  const { ledger, log, vault, clock, projected, trades } = parts;
  const run = createCommandRunner({ log, vault, clock });
  const reach = createReachPosition(projected, log);
  const commands = { ledger, run };
  accountLifeRoutes(api, commands);
  cashRoutes(api, commands);
  orderRoutes(api, commands);
  limitRoutes(api, { ...commands, log });
  accountRoutes(api, { ...parts, reach });
  positionRoutes(api, { ...parts, reach });
  tradeRoutes(api, { ...parts, reach });
  balanceHistoryRoute(api, parts);
  const present = eventPresenter(eventTypes);
  accountEventRoute(api, { log, present });
  const { log: sealed, checks } = parts.record;
  preferSealed(api, sealed);
  entryRoutes(api, { sealed, log, event: log.raw.event, present });
  checkpointRoutes(api, { sealed, log });
  exportRoute(api, { sealed });
  checkRoutes(api, { checks, log });
  instrumentRoutes(api, { ...parts, run, reach });
  priceRoutes(api, { ...parts, run, reach });
  const events = { ...parts, run, reach, tellNews: parts.tellNews ?? (() => {}) };
  announcingRoutes(api, events);
  reviewRoutes(api, events);
  eventReadRoutes(api, events);
  const entitled = { ...events, postedTerms: createPostedTerms(parts.actions, log) };
  entitlementRoute(api, entitled);
  accountEntitlementRoute(api, entitled);
  electionRoutes(api, events);
  previewRoute(api, events);
  reconciliationRoute(api, events);
  metricsRoute(api, events);
  bulkRoute(api, parts);
  captureRoute(api, trades);
  captureBulkRoute(api, trades);
  requestRoutes(api, trades);
  tradeRecordRoutes(api, { ...parts, reach });
  queueRoute(api, trades);
  deadLetterRoutes(api, trades);
  partsHealthRoute(api, parts);
  retentionRoutes(api, { ...parts, run });
  reportRoutes(api, parts);
  reportJobRoutes(api, { ...parts, run });
}

function refuseWhileStopping(server: FastifyInstance): void {
  let stopping = false;
  server.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  server.addHook('onRequest', (_, __, done) => {
    if (stopping) done(new Refusal('SHUTTING_DOWN', 'The server has been told to stop.'));
    else done();
  });
}

// Far above what the busiest second shows, and far below what a client waits for.
const eventLoopDelayMsMaxDefault = 1_000;

async function shedLoad(
  server: FastifyInstance,
  maxEventLoopDelay: number = eventLoopDelayMsMaxDefault,
): Promise<void> {
  await server.register(underPressure, {
    maxEventLoopDelay,
    // Probes must tell a busy server from a dead one.
    pressureHandler: async ({ url }) => {
      if (url.startsWith('/health') || url === '/api/v1/health') return;
      throw new Refusal('OVERLOADED', 'Answers would take over a second.');
    },
  });
}
