import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, type Door, type TokenPair } from './identity.fixture.ts';
import { client, startProvider, type RunningProvider } from './provider.fixture.ts';

const publicUrl = 'http://127.0.0.1:8000';
const audience = 'https://counterfoil.example/api';

let provider: RunningProvider;
let door: Door;

beforeAll(async () => {
  provider = await startProvider(`${publicUrl}/api/auth/oidc/callback`, {
    grace: ['traders'],
    linus: ['visitors'],
  });
  const settings = {
    publicUrl,
    identityProviders: [
      {
        name: 'corp',
        issuer: provider.issuer,
        clientId: client.id,
        clientSecret: client.secret,
        audience,
        provision: { claim: 'groups', roles: { traders: 'ANALYST' } },
      },
      { name: 'gone', issuer: 'http://127.0.0.1:1', clientId: client.id },
    ],
  };
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'counterfoil-oidc-')), 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  door = await openDoor({ file });
  // The provider has the clock of the machine, and what it signs is of now.
  door.setTime(new Date().toISOString());
}, 60_000);
afterAll(async () => {
  await door.close();
  await provider.close();
});

interface Away {
  readonly url: URL;
  readonly cookie: string;
}

async function start(): Promise<Away> {
  const response = await door.send('GET /api/auth/oidc/start?provider=corp');
  expect(response.statusCode).toBe(302);
  const [cookie = ''] = String(response.headers['set-cookie']).split(';');
  expect(String(response.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Lax/);
  return { url: new URL(String(response.headers.location)), cookie };
}

function comeBack(back: string, cookie: string | undefined) {
  const { pathname, search } = new URL(back);
  const headers = cookie === undefined ? {} : { cookie };
  return door.send(`GET ${pathname}${search}`, { headers });
}

const me = async (token: string) =>
  (await door.send('GET /api/auth/me', { token })).json<Record<string, unknown>>();

describe('RC-06 logging in by way of a provider', () => {
  test('sends the browser there with PKCE, state and nonce', async () => {
    const { url } = await start();
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: client.id,
      redirect_uri: `${publicUrl}/api/auth/oidc/callback`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      state: expect.stringMatching(/.{20}/),
      nonce: expect.stringMatching(/.{20}/),
    });
  });

  test('takes in whom it vouches for, with the role of a claim, and knows him again', async () => {
    const first = await start();
    const response = await comeBack(await provider.logIn(first.url.href, 'grace'), first.cookie);
    expect(response.statusCode).toBe(200);
    const once = await me(response.json<TokenPair>().access_token);
    expect(once).toMatchObject({
      authentication: 'OIDC',
      roles: ['ANALYST'],
      display_name: 'grace of the provider',
      email: 'grace@provider.example',
    });

    const second = await start();
    const again = await comeBack(await provider.logIn(second.url.href, 'grace'), second.cookie);
    expect((await me(again.json<TokenPair>().access_token))['id']).toBe(once['id']);
  });

  test('refuses whom no claim gives a role', async () => {
    const { url, cookie } = await start();
    const response = await comeBack(await provider.logIn(url.href, 'linus'), cookie);
    expect(response.statusCode).toBe(401);
    expect(response.json()).toMatchObject({ code: 'PROVIDER_LOGIN_FAILED' });
  });

  test('lets a linked user in, unless he is deactivated here', async () => {
    const { id } = await door.register();
    const admin = (await door.login()).access_token;
    const body = { issuer: provider.issuer, subject: 'barbara' };
    await door.send(`POST /api/users/${id}/identities`, { token: admin, body });
    const one = await start();
    const back = await comeBack(await provider.logIn(one.url.href, 'barbara'), one.cookie);
    expect((await me(back.json<TokenPair>().access_token))['id']).toBe(id);

    const reason = { reason: 'has left' };
    await door.send(`POST /api/users/${id}/deactivate`, { token: admin, body: reason });
    const other = await start();
    const refused = await comeBack(await provider.logIn(other.url.href, 'barbara'), other.cookie);
    expect(refused.json()).toMatchObject({ code: 'PROVIDER_LOGIN_FAILED' });
  });

  test.each<[string, (back: string, away: Away, other: Away) => [string, string | undefined]]>([
    ['another browser', (back) => [back, undefined]],
    ['a browser that began another login', (back, _, other) => [back, other.cookie]],
    ['a cookie that was changed', (back, { cookie }) => [back, `${cookie.slice(0, -4)}AAAA`]],
    ['another state', (back, { cookie }) => [withQuery(back, 'state', 'guess'), cookie]],
    ['another code', (back, { cookie }) => [withQuery(back, 'code', 'guess'), cookie]],
    [
      'another issuer',
      (back, { cookie }) => [withQuery(back, 'iss', 'https://evil.example'), cookie],
    ],
    ['an error of the provider', (back, { cookie }) => [erroneous(back), cookie]],
  ])('refuses %s', async (_, attack) => {
    const [away, other] = [await start(), await start()];
    const back = await provider.logIn(away.url.href, 'grace');
    const response = await comeBack(...attack(back, away, other));
    expect(response.statusCode).toBe(401);
    expect(response.json()).toMatchObject({ code: 'PROVIDER_LOGIN_FAILED' });
  });

  test('takes a code once', async () => {
    const { url, cookie } = await start();
    const back = await provider.logIn(url.href, 'grace');
    expect((await comeBack(back, cookie)).statusCode).toBe(200);
    expect((await comeBack(back, cookie)).statusCode).toBe(401);
  });

  test('is refused when it took over ten minutes', async () => {
    const { url, cookie } = await start();
    const back = await provider.logIn(url.href, 'grace');
    door.setTime(new Date(Date.now() + 601_000).toISOString());
    const response = await comeBack(back, cookie);
    door.setTime(new Date().toISOString());
    expect(response.json()).toMatchObject({ code: 'PROVIDER_LOGIN_FAILED' });
  });

  test('says so when the provider does not answer, or there is none', async () => {
    const gone = await door.send('GET /api/auth/oidc/start?provider=gone');
    expect(gone.json()).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', status: 503 });
    const unknown = await door.send('GET /api/auth/oidc/start?provider=none');
    expect(unknown.json()).toMatchObject({ code: 'PROVIDER_UNKNOWN', status: 404 });
  });
});

function withQuery(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

function erroneous(url: string): string {
  const changed = new URL(url);
  changed.searchParams.delete('code');
  return withQuery(changed.href, 'error', 'access_denied');
}

describe('RC-06 access tokens of a provider', () => {
  test('are taken for the audience that they have to name, from who is linked', async () => {
    // None is taken that comes from a time to come, and other tests have passed since.
    door.setTime(new Date().toISOString());
    const token = await provider.serviceToken(audience);
    const before = await door.send('GET /api/auth/me', { token });
    expect(before.json()).toMatchObject({ code: 'TOKEN_INVALID' });

    const { id } = await door.register();
    const admin = (await door.login()).access_token;
    const body = { issuer: provider.issuer, subject: client.id };
    await door.send(`POST /api/users/${id}/identities`, { token: admin, body });

    expect(await me(token)).toMatchObject({ id, authentication: 'OIDC', roles: ['ANALYST'] });
    const elsewhere = await provider.serviceToken('https://another.example/api');
    expect(await me(elsewhere)).toMatchObject({ code: 'TOKEN_INVALID' });
    const [head = '', claims = ''] = token.split('.');
    expect(await me(`${head}.${claims}.AAAA`)).toMatchObject({ code: 'TOKEN_INVALID' });

    const reason = { reason: 'has left' };
    await door.send(`POST /api/users/${id}/deactivate`, { token: admin, body: reason });
    expect(await me(token)).toMatchObject({ code: 'TOKEN_INVALID' });
  });
});
