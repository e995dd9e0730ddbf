import { crc32 } from 'node:zlib';
import { formatInstant } from '@counterfoil/event-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, type Door } from '../auth/identity.fixture.ts';

let door: Door;
let admin: string;

beforeAll(async () => {
  door = await openDoor();
  admin = (await door.login()).access_token;
}, 60_000);
afterAll(() => door.close());

interface Shown {
  readonly key_id: string;
  readonly secret: string;
}

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  door.send(`POST /api/api-keys${path}`, { token: admin, body, headers });

async function create(terms: object = {}): Promise<Shown> {
  const response = await post('', { name: 'settlement', permissions: ['READ'], ...terms });
  expect(response.statusCode).toBe(201);
  return response.json();
}

/** CRC-32 in base 62, as anybody can compute it. */
function checksumOf(body: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let rest = crc32(body);
  let text = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) text = alphabet.charAt(rest % 62) + text;
  return text.padStart(6, '0');
}

const ask = (form: string, headers: Readonly<Record<string, string>> = {}) =>
  door.send('POST /api/auth/token', { form, headers });

const code = async (token: string) =>
  (await door.send('GET /api/auth/me', { token })).json<{ code?: string }>().code;

describe('RC-06 the API key of a service', () => {
  test('is shown once, and lets the service in', async () => {
    const { key_id: id, secret } = await create({ permissions: ['READ', 'CREATE'] });
    expect(secret).toMatch(/^cf_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);

    expect((await door.send('GET /api/auth/me', { token: secret })).json()).toEqual({
      id,
      authentication: 'API_KEY',
      username: null,
      display_name: null,
      email: null,
      roles: ['SERVICE'],
      accounts: [],
      permissions: ['READ', 'CREATE'],
    });
    const one = await door.send(`GET /api/api-keys/${id}`, { token: admin });
    expect(one.json()).toMatchObject({ status: 'LIVE', name: 'settlement' });
    expect(one.body).not.toContain(secret.slice(12, 30));
    const list = await door.send('GET /api/api-keys', { token: admin });
    expect(list.json<{ items: object[] }>().items).toContainEqual(one.json());
  });

  test('gives no more than its scopes', async () => {
    const { secret } = await create();
    const get = await door.send('GET /api/v1/accounts', { token: secret });
    expect(get.statusCode).toBe(200);
    const body = { symbol: 'X', name: 'X', currency: 'USD' };
    const list = await door.send('POST /api/v1/instruments', { token: secret, body });
    expect(list.json()).toMatchObject({ code: 'FORBIDDEN' });
  });

  test('that is kept to accounts may do what an investor may with his own', async () => {
    const { secret } = await create({ accounts: ['ACC-1'] });
    expect((await door.send('GET /api/auth/me', { token: secret })).json()).toMatchObject({
      roles: ['INVESTOR'],
      accounts: ['ACC-1'],
    });
    const others = await door.send('GET /api/v1/accounts/ACC-2', { token: secret });
    expect(others.json()).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  });

  test('is refused with a wrong sign anywhere, mostly without looking it up', async () => {
    const { secret } = await create();
    for (const at of [3, 8, 15, 40, 55, secret.length - 1]) {
      const sign = secret[at] === 'A' ? 'B' : 'A';
      expect(await code(secret.slice(0, at) + sign + secret.slice(at + 1))).toBe('TOKEN_INVALID');
    }
    expect(await code(secret.slice(0, -1))).toBe('TOKEN_INVALID');
    expect(await code(`${secret}A`)).toBe('TOKEN_INVALID');
    expect(await code(secret)).toBeUndefined();
  });

  test('is refused with another secret, though its checksum is right', async () => {
    const { secret } = await create();
    const body = `${secret.slice(0, 12)}${'A'.repeat(43)}`;
    expect(await code(`${body}_${checksumOf(body)}`)).toBe('TOKEN_INVALID');
    const own = secret.slice(0, -7);
    expect(await code(`${own}_${checksumOf(own)}`)).toBeUndefined();
  });

  test('expires when it was told to', async () => {
    const { secret, key_id: id } = await create({ expires_in_days: 1 });
    door.pass(86_399);
    expect(await code(secret)).toBeUndefined();
    door.pass(1);
    expect(await code(secret)).toBe('TOKEN_EXPIRED');
    admin = (await door.login()).access_token;
    const one = await door.send(`GET /api/api-keys/${id}`, { token: admin });
    expect(one.json()).toMatchObject({ status: 'EXPIRED', secrets: [] });
  });

  test('expires after a year when nothing is said, also once it is rotated', async () => {
    const { secret, key_id: id } = await create();
    const year = 365 * 86_400;
    const expiry = async () => {
      admin = (await door.login()).access_token;
      const one = await door.send(`GET /api/api-keys/${id}`, { token: admin });
      const { secrets } = one.json<{ secrets: { expires_at: string }[] }>();
      const now = Number(door.platform.clock() / 1_000_000_000n);
      return secrets.map(({ expires_at: at }) => Math.round(Date.parse(at) / 1_000 - now));
    };
    expect(await expiry()).toEqual([year]);
    door.pass(year - 1);
    expect(await code(secret)).toBeUndefined();
    expect(await expiry()).toEqual([1]);
    await post(`/${id}/rotate`, {});
    door.pass(1);
    expect(await code(secret)).toBe('TOKEN_EXPIRED');
    expect(await expiry()).toEqual([year - 1]);
  });

  test('is rotated with an overlap, and stays the same service', async () => {
    const { secret: before, key_id: id } = await create();
    const response = await post(`/${id}/rotate`, { overlap_hours: 2 });
    const { secret: after } = response.json<Shown>();
    expect(after).not.toBe(before);
    expect([await code(before), await code(after)]).toEqual([undefined, undefined]);
    door.pass(7_200);
    expect([await code(before), await code(after)]).toEqual(['TOKEN_EXPIRED', undefined]);
    admin = (await door.login()).access_token;
  });

  test('is revoked with the next request', async () => {
    const { secret, key_id: id } = await create();
    expect(await code(secret)).toBeUndefined();
    expect((await post(`/${id}/revoke`, { reason: 'leaked' })).statusCode).toBe(200);
    expect(await code(secret)).toBe('TOKEN_INVALID');
    expect((await post(`/${id}/rotate`, {})).json()).toMatchObject({ code: 'API_KEY_REVOKED' });
  });

  test('has its last use noted once an hour', async () => {
    const { secret, key_id: id } = await create();
    const { book, apiKeys } = door.platform.identity;
    const uses = async () => {
      await apiKeys.close();
      await book.catchUp();
      const events = await door.platform.store.readStream(`api-key-${id}` as never);
      return events.filter(({ type }) => type === 'ApiKeyUsed').length;
    };
    for (let times = 0; times < 5; times += 1) await code(secret);
    expect(await uses()).toBe(1);
    door.pass(3_600);
    await code(secret);
    expect(await uses()).toBe(2);
    admin = (await door.login()).access_token;
    const one = await door.send(`GET /api/api-keys/${id}`, { token: admin });
    expect(one.json()).toMatchObject({ last_used_at: formatInstant(door.platform.clock()) });
  });

  test('CA-02 is made once under an idempotency key, whose answer is kept without the secret', async () => {
    const headers = { 'idempotency-key': '1a3f3b8e-40d5-43e8-bc93-6894a57f9324' };
    const body = { name: 'once', permissions: ['READ'] };
    const first = (await post('', body, headers)).json<Shown>();
    const again = await post('', body, headers);
    expect(first.secret).toMatch(/^cf_/);
    expect(again.json()).toEqual({ ...first, secret: null });
  });
});

/** What is recorded of a try to get a token: type, stream and user. */
async function tried(clientId: string, clientSecret: string): Promise<readonly string[]> {
  const { store, identity } = door.platform;
  const { position: before } = await store.head();
  await ask(`grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`);
  await identity.apiKeys.close();
  const { events } = await store.readAll({ after: before, limit: 100 });
  return events
    .filter(({ type }) => type.includes('Client'))
    .map(({ type, stream, metadata }) => {
      return `${type} ${stream.replace(/\d{4}-.*/, 'day')} ${metadata.userId}`;
    });
}

describe('RC-06 client credentials', () => {
  test('give a token for a key, in the form or as HTTP Basic, which ends with the key', async () => {
    const { key_id: id, secret } = await create();
    const inForm = await ask(
      `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`,
    );
    expect(inForm.json()).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const basic = { authorization: `Basic ${btoa(`${id}:${secret}`)}` };
    const asBasic = await ask('grant_type=client_credentials', basic);
    const { access_token: token } = asBasic.json<{ readonly access_token: string }>();
    expect((await door.send('GET /api/auth/me', { token })).json()).toMatchObject({
      id,
      authentication: 'CLIENT_CREDENTIALS',
      permissions: ['READ'],
    });
    await post(`/${id}/revoke`, { reason: 'leaked' });
    expect(await code(token)).toBe('TOKEN_INVALID');
    expect((await ask('grant_type=client_credentials', basic)).statusCode).toBe(401);
  });

  test.each([
    ['grant_type=client_credentials', 'CLIENT_INVALID', 'invalid_client'],
    [
      'grant_type=client_credentials&client_id=KEY-1&client_secret=x',
      'CLIENT_INVALID',
      'invalid_client',
    ],
    ['grant_type=password&client_id=KEY-1', 'GRANT_UNSUPPORTED', 'unsupported_grant_type'],
    ['client_id=KEY-1', 'REQUEST_INVALID', 'invalid_request'],
    ['grant_type=client_credentials&grant_type=password', 'REQUEST_INVALID', 'invalid_request'],
    ['grant_type=client_credentials&__proto__=1&scope=all', 'CLIENT_INVALID', 'invalid_client'],
  ])('are refused as OAuth says: %s', async (form, problem, error) => {
    const response = await ask(form);
    expect(response.json()).toMatchObject({ code: problem, error });
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  test('leave an event for each try, as logins do', async () => {
    const { key_id: id, secret } = await create();
    const own = `api-key-${id}`;
    expect(await tried(id, secret)).toEqual([`ClientTokenIssued ${own} ${id}`]);
    expect(await tried(id, 'wrong')).toEqual([`ClientTokenRefused ${own} `]);
    const nobody = 'KEY-000000000000000000';
    const unknown = ['UnknownClientFailed unknown-logins-day '];
    expect(await tried(nobody, secret)).toEqual(unknown);
    // Somebody has mixed the two fields up: what he has sent is written nowhere.
    expect(await tried(secret, id)).toEqual(unknown);
    await post(`/${id}/revoke`, { reason: 'leaked' });
    expect(await tried(id, secret)).toEqual([`ClientTokenRefused ${own} `]);
  });

  test("are refused with another service's secret", async () => {
    const [one, other] = [await create(), await create()];
    const form = `grant_type=client_credentials&client_id=${one.key_id}&client_secret=${other.secret}`;
    expect((await ask(form)).json()).toMatchObject({ code: 'CLIENT_INVALID' });
  });
});
