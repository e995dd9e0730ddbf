import type { FastifyBaseLogger } from 'fastify';
import type { ServerParts } from './api/server.ts';
import type { Platform } from './platform.ts';
import { viewsOf } from './queries/views.ts';

/** What the HTTP server stands on. */
export function serverParts(platform: Platform, logger: FastifyBaseLogger): ServerParts {
  const { ledger, temporal, store, readModels, projector, requests, trades, clock } = platform;
  const { actions, breakers, corporateActions } = platform;
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
    clock,
    logger,
  };
}
