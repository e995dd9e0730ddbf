import type { FastifyBaseLogger } from 'fastify';
import { readTls } from './api/front-door/tls.ts';
import type { ServerParts } from './api/server.ts';
import type { Platform } from './platform.ts';
import { viewsOf } from './queries/views.ts';

/** What the HTTP server stands on. */
export function serverParts(platform: Platform, logger: FastifyBaseLogger): ServerParts {
  const { ledger, temporal, store, readModels, projector, requests, trades, clock } = platform;
  const {
    actions,
    breakers,
    corporateActions,
    decisions,
    config,
    record,
    identity,
    vault,
    retention,
  } = platform;
  const { tls, trustedProxies, corsOrigins, rateLimits } = config;
  return {
    ledger,
    temporal,
    log: store,
    views: viewsOf(readModels),
    projected: projector,
    requests,
    trades,
    actions,
    breakers,
    corporateActions,
    tellNews: corporateActions.announced,
    authenticate: identity.authenticate,
    identity,
    vault,
    retention,
    signUp: config.signUp,
    secure: tls !== undefined || config.publicUrl?.startsWith('https:') === true,
    decisions,
    record,
    reports: platform.reports,
    frontDoor: { tls: tls && readTls(tls), trustedProxies, corsOrigins, rateLimits },
    clock,
    logger,
  };
}
