import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccessDecision, Decisions } from '../access/decisions.ts';
import type { Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import type { Call } from './error-examples.ts';
import { authenticateRequests, guardRoutes, UnguardedRoute } from './guard.ts';
import type { Access } from './operation.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './problem.ts';
import { injected, openServer, somebody, type ServerFixture } from './server.fixture.ts';

function guarded(): FastifyInstance {
  const server = fastify();
  authenticateRequests(server, { authenticate: () => somebody, limitFailures: undefined });
  guardRoutes(server, undefined);
  return server;
}

function starting(access: Access | undefined): () => void {
  return () => {
    const schema = { operationId: 'peek', ...(access === undefined ? {} : { 'x-access': access }) };
    guarded().get('/accounts/:accountId/secrets', { schema }, () => 'secret');
  };
}

describe('RC-05 a server does not start', () => {
  test('with a route that does not say who may call it', () => {
    expect(starting(undefined)).toThrow(UnguardedRoute);
    expect(starting(undefined)).toThrow(/secrets does not say who may call it: give/);
  });

  test('with one that lets investors in to the accounts of others', () => {
    expect(starting({ resource: 'positions', permission: 'READ' })).toThrow(/say ownBy/);
  });

  test('with one that keeps investors to their own where none gets in', () => {
    const access = { resource: 'limits', permission: 'READ', ownBy: 'PATH' } as const;
    expect(starting(access)).toThrow(/drop it/);
  });

  test.each<Access>([
    'public',
    { resource: 'limits', permission: 'READ' },
    { resource: 'prices', permission: 'READ' },
    { resource: 'positions', permission: 'READ', ownBy: 'PATH' },
  ])('but it does with %o', (access) => {
    expect(starting(access)).not.toThrow();
  });
});

let fixture: ServerFixture;
let server: FastifyInstance;
let taken: AccessDecision[] = [];
let room = true;

const decisions: Decisions = {
  note: (decision) => {
    if (room) taken.push(decision);
    return room;
  },
  close: () => Promise.resolve(),
};

const investor: Principal = {
  ...somebody,
  id: 'USR-INVESTOR',
  roles: ['INVESTOR'],
  accounts: ['OWN-1', 'OWN-2'] as AccountId[],
};

/** A principal by the name of its role, or as the test has made it. */
function authenticate({ authorization }: { readonly authorization: string | undefined }) {
  if (authorization === undefined) throw new Refusal('UNAUTHENTICATED', 'There is no header.');
  if (authorization === 'Bearer forged') throw new Refusal('TOKEN_INVALID', 'It is forged.');
  if (authorization === 'Bearer INVESTOR') return investor;
  const roles = [authorization.slice('Bearer '.length) as Role];
  const narrowed = authorization === 'Bearer SCOPED';
  return narrowed
    ? Promise.resolve({ ...somebody, id: 'KEY-1', permissions: ['READ' as const] })
    : { ...somebody, roles };
}

const terms = { ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
const dividend = {
  event_type: 'DIVIDEND',
  symbol: 'AAPL',
  ex_date: '2026-12-07',
  record_date: '2026-12-07',
  payment_date: '2026-12-10',
  amount: '0.26',
};

beforeAll(async () => {
  fixture = await openServer();
  for (const accountId of ['OWN-1', 'OTHER-1']) {
    const body = { ...terms, accountId, initialBalance: '1000' };
    await fixture.done({ request: 'POST /api/v1/accounts', body });
  }
  server = await fixture.withParts({ authenticate, decisions });
});
afterAll(() => fixture.close());

async function asked(who: string | undefined, call: Call) {
  taken = [];
  const headers = who === undefined ? {} : { Authorization: `Bearer ${who}` };
  return server.inject(injected({ ...call, headers }));
}

describe('RC-05 each decision leaves one record', () => {
  test('of what was allowed: who, how, what, on what, by which rule', async () => {
    const response = await asked('ANALYST', {
      request: 'GET /api/v1/accounts/OWN-1?minPosition=1',
    });
    expect(response.statusCode).toBe(200);
    expect(taken).toEqual([
      {
        principal: 'local',
        authentication: 'PASSWORD',
        operation: 'getAccount',
        permission: 'READ',
        resource: 'accounts/OWN-1',
        allowed: true,
        rule: 'ANALYST: READ of accounts',
        correlationId: response.headers['x-correlation-id'],
      },
    ]);
  });

  test('of what was denied', async () => {
    const call = { request: 'POST /api/v1/accounts', body: terms };
    const response = await asked('READ_ONLY', call);
    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({ code: 'FORBIDDEN' });
    expect(taken).toMatchObject([
      { operation: 'openAccount', allowed: false, rule: 'no role with CREATE of accounts' },
    ]);
  });

  test.each([
    [undefined, 'UNAUTHENTICATED', 'Bearer', 'no credentials'],
    ['forged', 'TOKEN_INVALID', 'Bearer error="invalid_token"', 'credentials that are no good'],
  ])('of somebody unknown: %s', async (who, code, challenge, rule) => {
    const response = await asked(who, { request: 'GET /api/v1/accounts' });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(response.json()).toMatchObject({ code });
    expect(taken).toMatchObject([{ principal: '', authentication: 'NONE', allowed: false, rule }]);
  });

  test('and nothing that was sent as a credential, nor the query', async () => {
    await asked('forged', { request: 'GET /api/v1/trades?account=hidden' });
    expect(JSON.stringify(taken)).not.toMatch(/forged|hidden/);
  });

  test('also when only the head of an answer is asked for', async () => {
    await asked('ANALYST', { request: 'HEAD /api/v1/accounts' });
    expect(taken).toHaveLength(1);
  });

  test('a key that may only read changes nothing', async () => {
    expect((await asked('SCOPED', { request: 'GET /api/v1/accounts' })).statusCode).toBe(200);
    const change = { request: 'POST /api/v1/accounts', body: terms };
    expect((await asked('SCOPED', change)).statusCode).toBe(403);
    expect(taken).toMatchObject([{ principal: 'KEY-1', rule: 'a scope without CREATE' }]);
  });

  test('what can not be recorded is not done', async () => {
    room = false;
    const before = await fixture.head();
    const call = { request: 'POST /api/v1/accounts', body: terms };
    const answers = [await asked('ADMIN', call), await asked('READ_ONLY', call)];
    answers.push(await asked('forged', call));
    room = true;
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503]);
    expect(answers[0]?.json()).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await fixture.head()).toBe(before);
  });

  test('lines of a stream have the rules of their routes', async () => {
    const lines = [
      line('SetLimits', { accountId: 'OWN-1', maxOrderValue: '1' }),
      line('Deposit', { accountId: 'OWN-1', amount: '1' }),
      line('SetLimits', { accountId: 'OWN-1', maxOrderValue: '2' }),
    ];
    taken = [];
    const response = await server.inject({
      method: 'POST',
      url: '/api/v1/bulk/commands',
      headers: { authorization: 'Bearer SERVICE', 'content-type': 'application/x-ndjson' },
      payload: `${lines.join('\n')}\n`,
    });
    const answers = response.body.trim().split('\n');
    expect(answers.map((text) => (JSON.parse(text) as { code?: string }).code)).toEqual([
      'FORBIDDEN',
      undefined,
      'FORBIDDEN',
    ]);
    // One for the stream, and one for the kind of lines that is denied.
    expect(taken.map(({ operation, allowed }) => [operation, allowed])).toEqual([
      ['runBulkCommands', true],
      ['SetLimits', false],
    ]);
  });
});

describe('RC-05 an investor', () => {
  test.each([
    'GET /api/v1/accounts/*',
    'GET /api/v1/accounts/*/positions',
    'GET /api/v1/accounts/*/positions/AAPL',
    'GET /api/v1/accounts/*/trades',
    'GET /api/v1/accounts/*/entitlements',
    'GET /api/v1/accounts/*/balance-history?from=2026-11-01&to=2026-11-20',
    'GET /api/v1/accounts/*?asOf=2026-11-19',
    'GET /api/v1/accounts/*?minPosition=x',
  ])(
    'can not tell the account of somebody else from one that there is not: %s',
    async (request) => {
      const others = await asked('INVESTOR', { request: request.replace('*', 'OTHER-1') });
      expect(taken).toMatchObject([{ allowed: false, rule: 'INVESTOR: accounts of his own' }]);
      const unknown = await asked('INVESTOR', { request: request.replace('*', 'NEVER-1') });
      expect(others.statusCode).toBe(404);
      expect(others.body).toBe(unknown.body.replaceAll('NEVER-1', 'OTHER-1'));
      expect(Object.keys(others.headers)).toEqual(Object.keys(unknown.headers));
      expect(others.json()).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    },
  );

  test('is answered as everybody is about an account that there is not', async () => {
    const call = { request: 'GET /api/v1/accounts/NEVER-1' };
    const [own, admins] = [await asked('INVESTOR', call), await asked('ADMIN', call)];
    expect(own.body).toBe(admins.body);
  });

  test('sees his own, and no other in any list', async () => {
    await reached();
    expect((await asked('INVESTOR', { request: 'GET /api/v1/accounts/OWN-1' })).statusCode).toBe(
      200,
    );
    const list = await asked('INVESTOR', { request: 'GET /api/v1/accounts' });
    const { items } = list.json<{ items: { accountId: string }[] }>();
    expect(items.map(({ accountId }) => accountId)).toEqual(['OWN-1']);
  });

  test('chooses for no account but his own', async () => {
    const others = await asked('INVESTOR', election('OTHER-1'));
    expect(others.json()).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    expect(taken.map(({ allowed }) => allowed)).toEqual([true, false]);
    const own = await asked('INVESTOR', election('OWN-1'));
    expect(own.json()).not.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  });

  test('sees what was announced, and not who said so nor what others got', async () => {
    const listed = { symbol: 'AAPL', name: 'Apple', currency: 'USD' };
    await fixture.done({ request: 'POST /api/v1/instruments', body: listed });
    const announced = await fixture.done({ request: 'POST /api/v1/events', body: dividend });
    const { id } = announced.json<{ id: string }>();
    await fixture.done({
      request: `POST /api/v1/events/${id}/custodian-total`,
      body: { custodian: 'DTC', eligible: '100' },
    });
    const request = `GET /api/v1/events/${id}`;
    const seen = (await asked('INVESTOR', { request })).json();
    const whole = (await asked('ANALYST', { request })).json();
    expect(whole).toMatchObject({ custodian: { custodian: 'DTC' } });
    expect(seen).toEqual({ ...whole, custodian: null, history: [] });
  });

  test('of a trade that went through several accounts sees the part in his', async () => {
    await capture(1, 'OTHER-1');
    await capture(2, 'OWN-1');
    const request = 'GET /api/v1/trades/MOVED';
    const whole = (await asked('ANALYST', { request })).json<Versions>();
    const seen = (await asked('INVESTOR', { request })).json<Versions>();
    expect(whole.versions.map(({ account }) => account)).toEqual(['OWN-1', 'OTHER-1']);
    expect(seen.versions.map(({ account }) => account)).toEqual(['OWN-1']);

    await capture(3, 'OTHER-1');
    await reached();
    const gone = await asked('INVESTOR', { request });
    const never = await asked('INVESTOR', { request: 'GET /api/v1/trades/NEVER' });
    expect(gone.body).toBe(never.body.replaceAll('NEVER', 'MOVED'));
    const list = await asked('INVESTOR', { request: 'GET /api/v1/trades' });
    expect(list.json()).toMatchObject({ items: [] });
  });
});

interface Versions {
  readonly versions: readonly { readonly account: string }[];
}

/** Once the read models show all that is in the log. */
async function reached(): Promise<void> {
  await fixture.done({ request: `GET /api/v1/accounts?minPosition=${await fixture.head()}` });
}

function line(command: string, fields: object): string {
  return JSON.stringify({ command, ...fields });
}

function election(account: string): Call {
  return {
    request: 'POST /api/v1/events/CA-AAAAAAAAAAAAAAAAAA/elections',
    body: { account, option: 'NO_ACTION' },
  };
}

/** Has a version of a trade captured, and waits for its outcome. */
async function capture(version: number, account: string): Promise<void> {
  const economics = { symbol: 'AAPL', side: 'BUY', quantity: '1', price: '1' };
  const record = {
    trade_id: 'MOVED',
    version,
    counterparty_id: 'CP-1',
    book_id: 'B1',
    maturity_date: '2099-01-01',
    account,
    ...economics,
    trade_date: '2026-11-20',
  };
  const sent = await fixture.done({ request: 'POST /api/v1/trades', body: record });
  await fixture.done({ request: `GET ${String(sent.headers['location'])}?wait=30s` });
}
