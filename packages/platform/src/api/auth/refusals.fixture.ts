import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import type { Identity } from '../../identity/identity.ts';
import type { Call } from '../error-examples.ts';
import type { ErrorCode } from '../errors.ts';
import { Refusal } from '../problem.ts';
import { injected, somebody, type ServerFixture } from '../server.fixture.ts';

type Arranged = (fixture: ServerFixture, call: Call) => Promise<LightMyRequestResponse>;

function rejected(code: ErrorCode) {
  return Promise.resolve({
    kind: 'rejected',
    rejection: { code },
    eventIds: [],
    version: 1,
  } as never);
}

/** A server on which everything about identity is refused in one way or another; one for each fixture. */
function refusingServer(fixture: ServerFixture): Promise<FastifyInstance> {
  const built = servers.get(fixture) ?? buildRefusing(fixture);
  servers.set(fixture, built);
  return built;
}

const servers = new WeakMap<ServerFixture, Promise<FastifyInstance>>();

function buildRefusing(fixture: ServerFixture): Promise<FastifyInstance> {
  const { identity } = fixture.platform;
  const { users, logins, apiKeys, providerLogins } = identity;
  const principal = { ...somebody, id: 'USR-000000000000000000' };
  const refused: Identity = {
    ...identity,
    users: {
      ...users,
      handle: (_, { type }) => rejected(type === 'DeactivateUser' ? 'LAST_ADMIN' : 'USER_ERASED'),
      setPassword: () => rejected('PASSWORD_OUTDATED'),
    },
    logins: { ...logins, confirm: () => Promise.resolve(1) },
    apiKeys: {
      ...apiKeys,
      rotate: async () => ({ result: await rejected('API_KEY_REVOKED'), secret: '' }),
    },
    providerLogins: {
      ...providerLogins,
      start: () =>
        Promise.reject(new Refusal('PROVIDER_UNAVAILABLE', 'The provider gives no answer.')),
    },
  };
  return fixture.withParts({ authenticate: () => principal, identity: refused });
}

const arranged: Arranged = async (fixture, call) =>
  (await refusingServer(fixture)).inject(injected(call));

/** How the codes about users come about that no single request brings about. */
export const identityRefusals: Partial<Record<ErrorCode, Arranged>> = {
  USER_ERASED: arranged,
  LAST_ADMIN: arranged,
  PASSWORD_OUTDATED: arranged,
  API_KEY_REVOKED: arranged,
  PROVIDER_UNAVAILABLE: arranged,
};
