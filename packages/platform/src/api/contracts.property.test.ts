import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleWorld } from './error-examples.ts';
import { openServer, type ServerFixture } from './server.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  for (const call of exampleWorld) await fixture.done(call);
  await fixture.done({
    request: 'POST /api/v1/accounts',
    body: { accountId: 'A1', ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' },
  });
});
afterAll(() => fixture.close());

const routes = [
  'POST /api/v1/accounts',
  'POST /api/v1/accounts/A1/deposits',
  'POST /api/v1/accounts/A1/withdrawals',
  'POST /api/v1/accounts/A1/orders',
  'POST /api/v1/accounts/A1/trades/T1/cancel',
  'POST /api/v1/accounts/A1/trades/T1/correct',
  'POST /api/v1/accounts/A1/suspend',
  'POST /api/v1/accounts/A1/reinstate',
  'POST /api/v1/accounts/A1/close',
  'PUT /api/v1/accounts/A1/limits',
  'POST /api/v1/instruments',
  'POST /api/v1/instruments/AAPL/halt',
  'POST /api/v1/instruments/AAPL/amend',
  'PUT /api/v1/prices/AAPL/closes/2026-11-19',
  'PUT /api/v1/prices/AAPL/last',
];

/** Names and values that mean something to some route, and others that mean nothing anywhere. */
const name = fc.oneof(
  fc.constantFrom('accountId', 'amount', 'side', 'symbol', 'quantity', 'price', 'lots', 'reason'),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length', ''),
  fc.string(),
);
const scalar = fc.oneof(
  fc.constantFrom(
    'BUY',
    'AAPL',
    'USD',
    '1',
    '-1',
    '1e9',
    '0x10',
    'NaN',
    '2026-02-30',
    '\u0000',
    '\ud800',
  ),
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, 1e-7, Number.MAX_SAFE_INTEGER + 2, null, true, false),
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5 }),
  ),
}));
/** Always breaks every contract: no resource knows this field. */
const wrongBody = fc
  .dictionary(name, value, { maxKeys: 8 })
  .map((body) => JSON.stringify({ ...body, 'no such field': 1 }));
const garbage = fc.oneof(
  wrongBody,
  value
    .filter((json) => typeof json !== 'object' || json === null || Array.isArray(json))
    .map((json) => JSON.stringify(json)),
  fc.string(),
);

describe('what breaks its contract gets a 4xx and changes nothing (RC-09)', () => {
  test('whatever the body', async () => {
    const before = await fixture.head();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), garbage, async (request, body) => {
        const response = await fixture.call({ request, body });
        expect(response.statusCode).toBe(400);
        expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      }),
      { numRuns: 3_000 },
    );
    expect(await fixture.head()).toBe(before);
  });

  test('however deep, and however many fields', async () => {
    const deep = `{"amount":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const wide = `{${Array.from({ length: 80_000 }, (_, at) => `"f${at}":1`).join(',')}}`;
    for (const body of [deep, wide, '['.repeat(500_000)]) {
      const response = await fixture.call({ request: 'POST /api/v1/accounts/A1/deposits', body });
      expect(response.statusCode).toBe(400);
      expect(response.body.length).toBeLessThan(20_000);
    }
  });

  test('whatever the bytes', async () => {
    const before = await fixture.head();
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((each) => Buffer.from(each));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), bytes, async (request, payload) => {
        const [method, url] = request.split(' ') as ['POST', string];
        const headers = { 'content-type': 'application/json' };
        const response = await fixture.server.inject({ method, url, headers, payload });
        expect(response.statusCode).toBe(400);
      }),
      { numRuns: 500 },
    );
    expect(await fixture.head()).toBe(before);
  });

  test('also when only the encoding is wrong, which decoding would hide', async () => {
    const before = await fixture.head();
    const payload = Buffer.from('{"amount":"1","reference":"café"}', 'latin1');
    const headers = { 'content-type': 'application/json' };
    const url = '/api/v1/accounts/A1/deposits';
    const response = await fixture.server.inject({ method: 'POST', url, headers, payload });
    expect(response.json()).toMatchObject({ code: 'MALFORMED_JSON' });
    const line = Buffer.concat([
      Buffer.from('{"command":"Deposit","accountId":"A1",'),
      payload.subarray(1),
    ]);
    const bulk = await fixture.server.inject({
      method: 'POST',
      url: '/api/v1/bulk/commands',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: line,
    });
    expect(bulk.json()).toMatchObject({ status: 'invalid', code: 'MALFORMED_JSON' });
    expect(await fixture.head()).toBe(before);
  });

  test('whatever the headers', async () => {
    const before = await fixture.head();
    const headers = fc.record(
      {
        'idempotency-key': fc.string({ minLength: 1 }),
        'if-match': fc.string({ minLength: 1 }),
        'x-correlation-id': fc.string({ minLength: 101 }),
      },
      { requiredKeys: [] },
    );
    const some = headers.filter((each) => Object.keys(each).length > 0);
    await fc.assert(
      fc.asyncProperty(some, async (each) => {
        const response = await fixture.call({
          request: 'POST /api/v1/accounts/A1/deposits',
          headers: each,
          body: { amount: '1' },
        });
        expect(response.statusCode).toBe(400);
      }),
      { numRuns: 500 },
    );
    expect(await fixture.head()).toBe(before);
  });

  test('whatever the path and the query', async () => {
    const before = await fixture.head();
    const query = fc.dictionary(
      fc.constantFrom('cursor', 'limit', 'minPosition', 'asOf', 'knownAt', 'symbol', 'from', 'x'),
      fc.oneof(fc.string(), fc.constantFrom('1', '-1', '0', '2026-11-20', 'WzFd', 'W10', 'WyIiXQ')),
    );
    const place = fc.constantFrom(
      '',
      '/A1',
      '/A1/positions',
      '/A1/trades',
      '/A1/events',
      '/A1/limits',
    );
    await fc.assert(
      fc.asyncProperty(place, fc.string(), query, async (path, more, asked) => {
        const url = `/api/v1/accounts${path}${more && `/${encodeURIComponent(more)}`}`;
        const response = await fixture.server.inject({ method: 'GET', url, query: asked });
        expect(response.statusCode).toBeLessThan(500);
      }),
      { numRuns: 1_500 },
    );
    expect(await fixture.head()).toBe(before);
  });

  test('whatever the lines of a stream', async () => {
    const before = await fixture.head();
    const body = fc.array(garbage, { maxLength: 20 }).map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(body, async (lines) => {
        const headers = { 'content-type': 'application/x-ndjson' };
        const response = await fixture.call({
          request: 'POST /api/v1/bulk/commands',
          headers,
          body: lines,
        });
        expect(response.body).not.toMatch(/"status":"(accepted|rejected|failed)"/);
      }),
      { numRuns: 500 },
    );
    expect(await fixture.head()).toBe(before);
  });
});
