import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RateLimits } from '../../config.ts';
import { Refusal } from '../problem.ts';
import { openServer, somebody, type ServerFixture } from '../server.fixture.ts';
import type { FrontDoor } from '../server.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
});
afterAll(() => fixture.close());

const many: RateLimits = {
  requestsPerAddress: 1_000,
  requestsPerPrincipal: 1_000,
  signInsPerAddress: 1_000,
  failuresPerAddress: 1_000,
};

/** A server whose principals are named by their headers, and are nobody without one. */
function serverBehind(frontDoor: FrontDoor): Promise<FastifyInstance> {
  return fixture.withParts({
    frontDoor,
    authenticate: ({ authorization }) => {
      if (authorization === undefined) throw new Refusal('UNAUTHENTICATED', 'There is none.');
      return { ...somebody, id: authorization };
    },
  });
}

const accounts = { method: 'GET', url: '/api/v1/accounts' } as const;

async function statuses(server: FastifyInstance, requests: readonly InjectOptions[]) {
  const answers: number[] = [];
  for (const request of requests) answers.push((await server.inject(request)).statusCode);
  return answers;
}

const by = (name: string, remoteAddress: string): InjectOptions => ({
  ...accounts,
  remoteAddress,
  headers: { authorization: name },
});

const fromProxyOf = (client: string): InjectOptions => ({
  ...accounts,
  remoteAddress: '10.0.0.9',
  headers: { authorization: 'a', 'x-forwarded-for': client },
});

const deposit = (headers: Record<string, string>, payload: string | Buffer): InjectOptions => ({
  method: 'POST',
  url: '/api/v1/accounts/A1/deposits',
  headers: { 'content-type': 'application/json', ...headers },
  payload,
});

describe('RC-09 whoever sends too much waits', () => {
  test('an address, whoever it says it is; and another one does not', async () => {
    const server = await serverBehind({ rateLimits: { ...many, requestsPerAddress: 2 } });
    const requests = [by('a', '10.0.0.1'), by('b', '10.0.0.1'), by('c', '10.0.0.1')];
    expect(await statuses(server, requests)).toEqual([200, 200, 429]);
    expect(await statuses(server, [by('a', '10.0.0.2')])).toEqual([200]);
  });

  test('a principal, from wherever it comes; and another one does not', async () => {
    const server = await serverBehind({ rateLimits: { ...many, requestsPerPrincipal: 2 } });
    const requests = [by('a', '10.0.0.1'), by('a', '10.0.0.2'), by('a', '10.0.0.3')];
    expect(await statuses(server, requests)).toEqual([200, 200, 429]);
    expect(await statuses(server, [by('b', '10.0.0.1')])).toEqual([200]);
  });

  test('and is told for how long, in a problem document', async () => {
    const server = await serverBehind({ rateLimits: { ...many, requestsPerAddress: 1 } });
    await server.inject(by('a', '10.0.0.1'));
    const refused = await server.inject(by('a', '10.0.0.1'));
    expect(refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  test('those who say not who they are fill no log: after a few they are refused for their number', async () => {
    const server = await serverBehind({ rateLimits: { ...many, failuresPerAddress: 2 } });
    const unknown = { ...accounts, remoteAddress: '10.0.0.1' };
    expect(await statuses(server, [unknown, unknown, unknown])).toEqual([401, 401, 429]);
    expect(await statuses(server, [by('a', '10.0.0.1')])).toEqual([200]);
  });

  test('those who try to log in have a limit of their own', async () => {
    const server = await serverBehind({ rateLimits: { ...many, signInsPerAddress: 2 } });
    const login: InjectOptions = {
      method: 'POST',
      url: '/api/auth/login',
      remoteAddress: '10.0.0.1',
      payload: { username: 'nobody', password: 'not the right one' },
    };
    expect(await statuses(server, [login, login, login])).toEqual([401, 401, 429]);
    expect(await statuses(server, [by('a', '10.0.0.1')])).toEqual([200]);
  });

  test('behind a proxy that is trusted it is the client that counts, and behind others not', async () => {
    const limits = { rateLimits: { ...many, requestsPerAddress: 1 } };
    const trusting = await serverBehind({ ...limits, trustedProxies: ['10.0.0.0/8'] });
    expect(await statuses(trusting, [fromProxyOf('192.0.2.1'), fromProxyOf('192.0.2.2')])).toEqual([
      200, 200,
    ]);
    const others = await serverBehind(limits);
    expect(await statuses(others, [fromProxyOf('192.0.2.1'), fromProxyOf('192.0.2.2')])).toEqual([
      200, 429,
    ]);
  });

  test('and probes always get through', async () => {
    const server = await serverBehind({ rateLimits: { ...many, requestsPerAddress: 1 } });
    const probe = { method: 'GET', url: '/health/live' } as const;
    expect(await statuses(server, [probe, probe, probe])).toEqual([200, 200, 200]);
  });
});

describe('RC-09 a body is what it looks like', () => {
  const fine = '{"amount":"1"}';

  test.each<[string, Record<string, string>, string | Buffer, number, string]>([
    ['as it should be', {}, fine, 404, 'ACCOUNT_UNKNOWN'],
    [
      'in UTF-8, and says so',
      { 'content-type': 'application/json; charset=utf-8' },
      fine,
      404,
      'ACCOUNT_UNKNOWN',
    ],
    [
      'not compressed, and says so',
      { 'content-encoding': 'identity' },
      fine,
      404,
      'ACCOUNT_UNKNOWN',
    ],
    ['compressed', { 'content-encoding': 'gzip' }, fine, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'in UTF-16',
      { 'content-type': 'application/json; charset=utf-16' },
      Buffer.from(fine, 'utf16le'),
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'in Latin 1, quoted',
      { 'content-type': 'application/json;charset="iso-8859-1"' },
      fine,
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'in Latin 1, and says UTF-8',
      {},
      Buffer.from('{"amount":"\xe9"}', 'latin1'),
      400,
      'MALFORMED_JSON',
    ],
    ['with a key twice', {}, '{"amount":"1","amount":"9"}', 400, 'JSON_UNSAFE'],
    ['with __proto__', {}, '{"amount":"1","__proto__":{}}', 400, 'JSON_UNSAFE'],
    ['nested too deep', {}, `${'['.repeat(5_000)}${']'.repeat(5_000)}`, 400, 'JSON_UNSAFE'],
    ['with NaN', {}, '{"amount":NaN}', 400, 'MALFORMED_JSON'],
    ['too large', {}, `{"amount":"${'1'.repeat(1_100_000)}"}`, 413, 'BODY_TOO_LARGE'],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'amount=1',
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  ])('%s', async (_, headers, payload, status, code) => {
    const before = await fixture.head();
    const { statusCode, ...response } = await fixture.server.inject(deposit(headers, payload));
    expect([statusCode, response.json<{ code: string }>().code]).toEqual([status, code]);
    expect(await fixture.head()).toBe(before);
  });

  test('and headers are at most a hundred', async () => {
    const headers = Object.fromEntries(
      Array.from({ length: 101 }, (_, place) => [`x-header-${place}`, '1']),
    );
    const response = await fixture.server.inject({ ...accounts, headers });
    expect(response.json()).toMatchObject({ code: 'HEADERS_TOO_LARGE', status: 431 });
  });
});

describe('RC-09 browsers are told to be careful', () => {
  test('with every answer that is data, be it a refusal', async () => {
    for (const url of ['/api/v1/accounts', '/api/v1/accounts/NEVER', '/nowhere', '/health']) {
      const { headers } = await fixture.server.inject({ method: 'GET', url });
      expect([url, headers]).toMatchObject([
        url,
        {
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
        },
      ]);
      expect(headers['strict-transport-security']).toBeUndefined();
    }
  });

  test.each(['/docs', '/docs/', '/docs/static/index.html', '/docs/errors'])(
    'with %s too, which runs scripts of this server and no others',
    async (url) => {
      const { headers, statusCode } = await fixture.server.inject({ method: 'GET', url });
      expect(statusCode).toBeLessThan(400);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
    },
  );

  test('the pages hold no script of their own, which their policy would not run', async () => {
    const { body } = await fixture.server.inject({ method: 'GET', url: '/docs/' });
    expect(body).toContain('<script src=');
    expect(body).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
  });
});

describe('RC-09 scripts of other origins', () => {
  const asking = { origin: 'https://desk.example' };
  const preflight: InjectOptions = {
    method: 'OPTIONS',
    url: '/api/v1/accounts',
    headers: { ...asking, 'access-control-request-method': 'GET' },
  };

  test('read nothing where none are named', async () => {
    const { headers } = await fixture.server.inject({ ...accounts, headers: asking });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect((await fixture.server.inject(preflight)).statusCode).not.toBe(204);
  });

  test('read what they are named for, and no others do', async () => {
    const server = await serverBehind({ corsOrigins: ['https://desk.example'] });
    const told = await server.inject(preflight);
    expect(told.statusCode).toBe(204);
    expect(told.headers['access-control-allow-origin']).toBe('https://desk.example');
    const other = await server.inject({ ...accounts, headers: { origin: 'https://evil.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    // Whether he may ask is one thing, and who he is another.
    expect(other.statusCode).toBe(401);
  });
});
