import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RateLimits } from '../../config.ts';
import type { DocumentedSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';

const windowMs = 60_000;

/** Addresses and principals that are remembered; the one not seen for longest is forgotten first. */
const remembered = 20_000;

const common = {
  timeWindow: windowMs,
  cache: remembered,
  // Three headers in each answer cost more than they tell.
  addHeadersOnExceeding: {
    'x-ratelimit-limit': false,
    'x-ratelimit-remaining': false,
    'x-ratelimit-reset': false,
  },
  errorResponseBuilder: (_: unknown, { max, ttl }: Exceeded) => tooMany(max, ttl),
};

/**
 * Keeps one address from taking all there is (RC-09), and from trying passwords: where nobody is known yet,
 * the limit is another one. Probes must get through.
 */
export async function limitAddresses(server: FastifyInstance, limits: RateLimits): Promise<void> {
  server.addHook('onRoute', (route) => {
    if (!route.url.startsWith(signInPrefix) || !isPublic(route.schema)) return;
    route.config = { ...route.config, rateLimit: { max: limits.signInsPerAddress } };
  });
  await server.register(rateLimit, {
    ...common,
    max: limits.requestsPerAddress,
    allowList: ({ routeOptions }: FastifyRequest) => probes.has(routeOptions.url ?? ''),
  });
}

const probes = new Set(['/health', '/health/live', '/api/v1/health']);

const signInPrefix = '/api/auth/';

function isPublic(schema: Partial<DocumentedSchema> | undefined): boolean {
  return schema?.['x-access'] === 'public';
}

/** Keeps one principal from taking all there is, from however many addresses it comes. */
export async function limitPrincipals(server: FastifyInstance, limits: RateLimits): Promise<void> {
  await server.register(rateLimit, {
    ...common,
    max: limits.requestsPerPrincipal,
    keyGenerator: ({ principal }: FastifyRequest) => principal.id,
    // Whoever is not known is limited by his address.
    allowList: ({ principal }: FastifyRequest) => principal.id === '',
  });
}

/** Whether a request without good credentials is one too many of its address. */
export type LimitFailures = (request: FastifyRequest) => Promise<Refusal | undefined>;

/** For what is refused and recorded all the same: nobody may fill the log without saying who he is. */
export function limitFailures(server: FastifyInstance, limits: RateLimits): LimitFailures {
  const max = limits.failuresPerAddress;
  const check = server.createRateLimit({ max, timeWindow: windowMs });
  return async (request) => {
    const found = await check(request);
    return !found.isAllowed && found.isExceeded ? tooMany(max, found.ttl) : undefined;
  };
}

interface Exceeded {
  readonly max: number;
  /** Milliseconds until the window ends. */
  readonly ttl: number;
}

function tooMany(max: number, ttl: number): Refusal {
  const happened = `Over ${max} requests came within a minute.`;
  return new Refusal('TOO_MANY_REQUESTS', happened, [], Math.ceil(ttl / 1_000));
}
