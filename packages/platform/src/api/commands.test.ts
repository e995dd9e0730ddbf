import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import type { Call } from './error-examples.ts';
import { exampleWorld } from './error-examples.ts';
import { injected, openServer, somebody, type ServerFixture } from './server.fixture.ts';

let fixture: ServerFixture;
let accounts = 0;

beforeAll(async () => {
  fixture = await openServer();
  for (const call of exampleWorld) await fixture.done(call);
});
afterAll(() => fixture.close());

/** Opens an account of its own for a test. */
async function newAccount(terms: object = {}): Promise<string> {
  accounts += 1;
  const accountId = `A${accounts}`;
  const body = { accountId, ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  await fixture.done({
    request: 'POST /api/v1/accounts',
    body: { ...body, initialBalance: '1000', ...terms },
  });
  return accountId;
}

function deposit(accountId: string, amount: string, headers: Call['headers'] = {}): Call {
  return { request: `POST /api/v1/accounts/${accountId}/deposits`, body: { amount }, headers };
}

async function cashOf(accountId: string): Promise<unknown> {
  const response = await fixture.done({ request: `GET /api/v1/accounts/${accountId}` });
  return response.json<{ cash: string }>().cash;
}

describe('a confirmation says what was recorded (LG-09)', () => {
  test('with event ids, version, position and time, once it is in the log', async () => {
    const accountId = await newAccount();
    const response = await fixture.call(deposit(accountId, '5'));

    const [event] = await fixture.platform.store.readStream(`account-${accountId}` as never, {
      from: 2,
    });
    expect(response.json()).toEqual({
      eventIds: [event?.eventId],
      version: 2,
      position: event?.position,
      recordedAt: '2026-11-20T15:00:00.000Z',
    });
    expect(response.statusCode).toBe(201);
    expect(response.headers).toMatchObject({
      etag: '"2"',
      'counterfoil-position': String(event?.position),
    });
  });

  test('names what was made, and where it is', async () => {
    const body = { ownerName: 'Ada', ownerKind: 'CORPORATE', currency: 'JPY' };
    const response = await fixture.done({ request: 'POST /api/v1/accounts', body });
    const { accountId } = response.json<{ accountId: string }>();
    expect(response.headers['location']).toBe(`/api/v1/accounts/${accountId}`);
    const { headers, ...shown } = await fixture.done({
      request: `GET /api/v1/accounts/${accountId}`,
    });
    expect(headers['etag']).toBe('"1"');
    expect(shown.json()).toMatchObject({ accountId, currency: 'JPY', cash: '0', status: 'OPEN' });
  });

  test('has no events when things were already so', async () => {
    const accountId = await newAccount();
    const suspend = {
      request: `POST /api/v1/accounts/${accountId}/suspend`,
      body: { reason: 'x' },
    };
    await fixture.done(suspend);
    const response = await fixture.done(suspend);
    expect(response.json()).toEqual({ eventIds: [], version: 2, position: null, recordedAt: null });
  });

  test('a refusal that is recorded says where', async () => {
    const accountId = await newAccount();
    const order = { side: 'BUY', symbol: 'AAPL', quantity: '100', price: '189.50' };
    const response = await fixture.call({
      request: `POST /api/v1/accounts/${accountId}/orders`,
      body: order,
    });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({
      detail: 'It takes 18950 and there is 1000. Deposit cash first, or buy less.',
      version: 2,
      position: await fixture.head(),
      eventIds: [expect.stringMatching(/^[0-9a-f-]{36}$/)],
    });
  });

  test('the ids of a request end up in its events', async () => {
    const accountId = await newAccount();
    const headers = { 'X-Correlation-Id': 'campaign-7', 'X-Request-Id': 'request-1' };
    const response = await fixture.done(deposit(accountId, '5', headers));
    expect(response.headers).toMatchObject({
      'x-correlation-id': 'campaign-7',
      'x-request-id': 'request-1',
    });
    const events = await fixture.done({ request: `GET /api/v1/accounts/${accountId}/events` });
    expect(events.json<{ items: unknown[] }>().items.at(-1)).toMatchObject({
      metadata: { userId: 'local', correlationId: 'campaign-7', causationId: 'request-1' },
    });
  });
});

describe('If-Match holds a command to a version (LG-09)', () => {
  test('the version of the ETag passes, and what it was before does not', async () => {
    const accountId = await newAccount();
    const { headers } = await fixture.done({ request: `GET /api/v1/accounts/${accountId}/limits` });
    const ifMatch = { 'If-Match': String(headers['etag']) };
    const first = await fixture.call(deposit(accountId, '5', ifMatch));
    const second = await fixture.call(deposit(accountId, '5', ifMatch));
    expect([first.statusCode, second.statusCode]).toEqual([201, 412]);
    expect(second.json()).toMatchObject({ code: 'VERSION_STALE' });
    expect(await cashOf(accountId)).toBe('1005');
  });
});

/** All that a client can see of an answer, and the log behind it. */
async function shownOf({ statusCode, headers, body }: LightMyRequestResponse) {
  return {
    statusCode,
    body,
    etag: headers['etag'],
    location: headers['location'],
    contentType: headers['content-type'],
    replayed: headers['idempotency-replayed'],
    head: await fixture.head(),
  };
}

async function twice(call: Call, again: Call = call) {
  const first = await shownOf(await fixture.call(call));
  const second = await shownOf(await fixture.call(again));
  return { first, second };
}

describe('an Idempotency-Key lets a request take effect once (CA-02)', () => {
  let keys = 0;
  const newKey = (): string => {
    keys += 1;
    return `8e03978e-40d5-43e8-bc93-${String(keys).padStart(12, '0')}`;
  };
  test('a success is answered again, byte for byte', async () => {
    const accountId = await newAccount();
    const { first, second } = await twice(deposit(accountId, '5', { 'Idempotency-Key': newKey() }));
    expect(second).toEqual({ ...first, replayed: 'true' });
    expect(await cashOf(accountId)).toBe('1005');
  });

  test('so are ids that were made', async () => {
    const body = { ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const headers = { 'Idempotency-Key': newKey() };
    const { first, second } = await twice({ request: 'POST /api/v1/accounts', body, headers });
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('so is a refusal that was recorded', async () => {
    const accountId = await newAccount();
    const { first, second } = await twice({
      request: `POST /api/v1/accounts/${accountId}/orders`,
      body: { side: 'BUY', symbol: 'AAPL', quantity: '100', price: '189.50' },
      headers: { 'Idempotency-Key': newKey() },
    });
    expect(first).toMatchObject({ statusCode: 422, etag: '"2"' });
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('so is a refusal that left no event', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '-5', { 'Idempotency-Key': newKey() });
    const { first, second } = await twice(call);
    expect(first).toMatchObject({ statusCode: 422, etag: '"1"' });
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('so is that things were already so', async () => {
    const accountId = await newAccount();
    const body = { reason: 'never was suspended' };
    const request = `POST /api/v1/accounts/${accountId}/reinstate`;
    const { first, second } = await twice({
      request,
      body,
      headers: { 'Idempotency-Key': newKey() },
    });
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('a version that moved on by the first try does not refuse the second', async () => {
    const accountId = await newAccount();
    const headers = { 'Idempotency-Key': newKey(), 'If-Match': '"1"' };
    const { first, second } = await twice(deposit(accountId, '5', headers));
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('a key in quotes, or in capitals, is the same key', async () => {
    const accountId = await newAccount();
    const key = newKey();
    const { first, second } = await twice(
      deposit(accountId, '5', { 'Idempotency-Key': key }),
      deposit(accountId, '5', { 'Idempotency-Key': `"${key.toUpperCase()}"` }),
    );
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('a server that starts anew knows the keys of the one before', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    const first = await shownOf(await fixture.call(call));
    const other = await fixture.withParts({});
    const second = await shownOf(await other.inject(injected(call)));
    expect(second).toEqual({ ...first, replayed: 'true' });
  });

  test('the key is bound to its path', async () => {
    const [one, two] = [await newAccount(), await newAccount()];
    const headers = { 'Idempotency-Key': newKey() };
    await fixture.done(deposit(one, '5', headers));
    await fixture.done(deposit(two, '5', headers));
    expect([await cashOf(one), await cashOf(two)]).toEqual(['1005', '1005']);
  });

  test('a path as long as paths get does not get in the way', async () => {
    const accountId = await newAccount();
    const spelled = `%${Buffer.from(accountId.padEnd(60, '-')).toString('hex').match(/../g)?.join('%')}`;
    const headers = { 'Idempotency-Key': newKey() };
    const request = `POST /api/v1/accounts/${spelled}/trades/${spelled}/cancel`;
    const response = await fixture.call({ request, body: { reason: 'x' }, headers });
    expect(response.json()).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  });

  test('a request that broke its contract does not use up the key', async () => {
    const accountId = await newAccount();
    const headers = { 'Idempotency-Key': newKey() };
    const refused = await fixture.call(deposit(accountId, 'five', headers));
    expect(refused.statusCode).toBe(400);
    await fixture.done(deposit(accountId, '5', headers));
  });

  test('fifty at once take effect once', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    const answers = await Promise.all(Array.from({ length: 50 }, () => fixture.call(call)));
    const counts = Map.groupBy(answers, ({ statusCode }) => statusCode);
    expect(counts.get(201)).toHaveLength(1);
    expect(counts.get(409)).toHaveLength(49);
    expect(await cashOf(accountId)).toBe('1005');
    const events = await fixture.platform.store.readStream(`account-${accountId}` as never);
    expect(events).toHaveLength(2);
  });

  test('fifty one behind the other are answered with the one event', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    const bodies = new Set<string>();
    for (let time = 0; time < 50; time += 1) bodies.add((await fixture.done(call)).body);
    expect(bodies.size).toBe(1);
    expect(await cashOf(accountId)).toBe('1005');
  });

  test('a crash between commit and answer is made good by the retry', async () => {
    const accountId = await newAccount();
    const { ledger } = fixture.platform;
    const results: unknown[] = [];
    const account: Ledger['account'] = async (...command) => {
      results.push(await ledger.account(...command));
      throw new Error('the process ends here');
    };
    const dying = await fixture.withParts({ ledger: { ...ledger, account } });
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    expect((await dying.inject(injected(call))).statusCode).toBe(500);

    const { first, second } = await twice(call);
    expect(first).toMatchObject({ statusCode: 201, replayed: 'true' });
    expect(second).toEqual(first);
    expect(results).toMatchObject([
      { eventIds: (JSON.parse(first.body) as { eventIds: string[] }).eventIds },
    ]);
    expect(await cashOf(accountId)).toBe('1005');
  });

  test('with another payload the key is refused, and nothing is done', async () => {
    const accountId = await newAccount();
    const headers = { 'Idempotency-Key': newKey() };
    await fixture.done(deposit(accountId, '5', headers));
    const response = await fixture.call(deposit(accountId, '6', headers));
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await cashOf(accountId)).toBe('1005');
  });

  test('of somebody else the same key is another key', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    const other = await fixture.withParts({ authenticate: () => ({ ...somebody, id: 'other' }) });
    await fixture.done(call);
    const response = await other.inject(injected(call));
    expect(response.statusCode).toBe(201);
    expect(response.headers['idempotency-replayed']).toBeUndefined();
    expect(await cashOf(accountId)).toBe('1010');
  });

  test('also when they reach different servers', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    const servers = [fixture.server, await fixture.withParts({}), await fixture.withParts({})];
    const answers = await Promise.all(servers.map((server) => server.inject(injected(call))));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(await cashOf(accountId)).toBe('1005');
  });

  test('after 24 hours the key is free again', async () => {
    const accountId = await newAccount();
    const call = deposit(accountId, '5', { 'Idempotency-Key': newKey() });
    await fixture.done(call);
    fixture.setTime('2026-11-21T14:59:59Z');
    await fixture.done(call);
    expect(await cashOf(accountId)).toBe('1005');
    fixture.setTime('2026-11-21T15:00:01Z');
    await fixture.done(call);
    expect(await cashOf(accountId)).toBe('1010');
  });
});

function halt(symbol: string, body: object): Call {
  const request = `POST /api/v1/instruments/${symbol}/halt`;
  return { request, body: { reason: 'news pending', ...body } };
}

async function listed(symbol: string): Promise<void> {
  const body = { symbol, name: symbol, currency: 'USD' };
  await fixture.done({ request: 'POST /api/v1/instruments', body });
}

describe('LG-07 a price', () => {
  test.each(['1000-01-01T00:00:00Z', '2300-01-01T00:00:00Z'])(
    'is not marked at a moment that the log can not hold: %s',
    async (markedAt) => {
      await fixture.done({
        request: 'POST /api/v1/instruments',
        body: { symbol: markedAt.slice(0, 4), name: 'Old', currency: 'USD' },
      });
      const request = `PUT /api/v1/prices/${markedAt.slice(0, 4)}/last`;
      const response = await fixture.call({ request, body: { price: '1', markedAt } });

      expect(response.json()).toMatchObject({ errors: [{ pointer: '/markedAt' }] });
      expect(response.statusCode).toBe(400);
    },
  );
});

describe('LG-08 an instrument that is halted', () => {
  test.each([
    ['HALT1', { haltCode: 'LUDP' }, 'LUDP'],
    ['HALT2', {}, null],
  ])('tells the code of the halt where there is one: %s', async (symbol, body, haltCode) => {
    await listed(symbol);
    const { headers } = await fixture.done(halt(symbol, body));

    const minPosition = String(headers['counterfoil-position']);
    const response = await fixture.done({
      request: `GET /api/v1/instruments/${symbol}?minPosition=${minPosition}`,
    });
    const expected = { status: 'HALTED', statusReason: 'news pending', haltCode };
    expect(response.json()).toMatchObject(expected);
  });

  test('is not halted by a code that no market has', async () => {
    await listed('HALT3');
    const response = await fixture.call(halt('HALT3', { haltCode: 'l u d p' }));

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      errors: [{ code: 'INVALID_VALUE', pointer: '/haltCode' }],
    });
  });
});
