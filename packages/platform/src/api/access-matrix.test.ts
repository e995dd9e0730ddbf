import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccessDecision } from '../access/decisions.ts';
import { permissions, roles, type Permission, type Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import { expectedAccess } from './access-matrix.fixture.ts';
import type { DocumentedSchema } from './operation.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './problem.ts';
import { openServer, somebody, type ServerFixture } from './server.fixture.ts';

let fixture: ServerFixture;
let server: FastifyInstance;
let routes: readonly Route[] = [];
let taken: AccessDecision[] = [];

interface Route {
  readonly method: string;
  readonly url: string;
  /** Of what may answer with other than pages. */
  readonly access: DocumentedSchema['x-access'] | undefined;
}

/** Every route that a server is made with, also those that no document shows. */
async function watchingRoutes(build: () => Promise<FastifyInstance>) {
  const seen: Route[] = [];
  const watch = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url, schema }: RouteOptions) => {
      const documented: Partial<DocumentedSchema> | undefined = schema;
      const access = documented?.['x-access'];
      for (const one of [method].flat()) seen.push({ method: one, url, access });
    });
  };
  subscribe('fastify.initialization', watch);
  const built = await build();
  await built.ready();
  unsubscribe('fastify.initialization', watch);
  return { built, seen };
}

/** A principal as the header says: roles, and behind a slash the scope. */
function authenticate({
  authorization,
}: {
  readonly authorization: string | undefined;
}): Principal {
  if (authorization === undefined) throw new Refusal('UNAUTHENTICATED', 'There is no header.');
  const [given = '', scope] = authorization.split('/');
  return {
    ...somebody,
    roles: given.split('+') as Role[],
    accounts: ['OWN-1'] as AccountId[],
    permissions: scope?.split('+') as Permission[] | undefined,
  };
}

beforeAll(async () => {
  fixture = await openServer();
  const terms = { ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  const body = { ...terms, accountId: 'OWN-1', initialBalance: '1000' };
  await fixture.done({ request: 'POST /api/v1/accounts', body });
  const decisions = {
    note: (decision: AccessDecision) => taken.push(decision) > 0,
    close: () => Promise.resolve(),
  };
  const { built, seen } = await watchingRoutes(() =>
    fixture.withParts({ authenticate, decisions }),
  );
  server = built;
  routes = seen.filter(({ url }) => !/^\/docs(\/|$)/.test(url));
});
afterAll(() => fixture.close());

async function ask({ method, url }: Route, who: string | undefined) {
  taken = [];
  const path = url.replace(':accountId', 'OWN-1').replaceAll(/:\w+/g, 'x');
  return server.inject({
    method: method as 'GET',
    url: path,
    ...(who === undefined ? {} : { headers: { authorization: who } }),
  });
}

function nameOf({ method, url }: Route): string {
  return `${method === 'HEAD' ? 'GET' : method} ${url}`;
}

/** What the written table says a role may do on a route. */
function expectedFor(route: Route, role: Role): boolean {
  const expected = expectedAccess[nameOf(route)];
  return expected !== undefined && (expected === 'public' || expected.includes(role));
}

describe('RC-05 every role, permission and endpoint', () => {
  test('the table has every route of the server, and no other', () => {
    expect(routes.length).toBeGreaterThan(50);
    expect(new Set(Object.keys(expectedAccess))).toEqual(new Set(routes.map(nameOf)));
  });

  test.each(roles)('%s may do what the table says, and leaves one record of each', async (role) => {
    const wrong: string[] = [];
    for (const route of routes) {
      const { statusCode, body } = await ask(route, role);
      const allowed = expectedFor(route, role);
      const denied = statusCode === 403 && body.includes('"FORBIDDEN"');
      const isHead = route.method === 'HEAD';
      if (isHead ? (statusCode === 403) === allowed : denied === allowed) {
        wrong.push(`${nameOf(route)} answered ${statusCode}`);
      }
      const isPublic = expectedAccess[nameOf(route)] === 'public';
      if (statusCode === 401 && !isPublic) wrong.push(`${nameOf(route)} asked who it is`);
      const outcomes = taken.map((decision) => decision.allowed);
      const wanted = isPublic ? [] : [allowed];
      if (String(outcomes) !== String(wanted)) {
        wrong.push(`${nameOf(route)} left ${outcomes.length} records: ${String(outcomes)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('somebody unknown gets nowhere but where everybody may', async () => {
    const wrong: string[] = [];
    for (const route of routes) {
      const { body, statusCode } = await ask(route, undefined);
      const isPublic = expectedAccess[nameOf(route)] === 'public';
      // A login that fails answers 401 as well, for another reason.
      const asked = statusCode === 401 && !body.includes('LOGIN_FAILED');
      const recorded = taken.map(({ allowed, rule }) => `${allowed} ${rule}`).join();
      if (!isPublic && !asked) wrong.push(`${nameOf(route)} answered ${statusCode}`);
      if (recorded !== (isPublic ? '' : 'false no credentials')) {
        wrong.push(`${nameOf(route)} left ${recorded}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each(permissions)(
    'a scope of %s opens what asks for that, and nothing else',
    async (scope) => {
      const wrong: string[] = [];
      for (const route of routes) {
        if (route.access === undefined || route.access === 'public') continue;
        const { statusCode } = await ask(route, `ADMIN/${scope}`);
        const opened = statusCode !== 403;
        const expected = route.access.permission === scope && expectedFor(route, 'ADMIN');
        if (opened !== expected) wrong.push(`${nameOf(route)} answered ${statusCode}`);
      }
      expect(wrong).toEqual([]);
    },
  );
});
