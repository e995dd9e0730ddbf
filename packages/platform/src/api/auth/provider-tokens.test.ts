import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDoor, person, type Door, type Registered } from './identity.fixture.ts';
import { faultyIssuers, startIssuers, type Issuers } from './provider-issuer.fixture.ts';

const audience = 'https://counterfoil.example/api';

let issuers: Issuers;
let door: Door;
let admin: string;
let user: Registered;

beforeAll(async () => {
  issuers = await startIssuers();
  const provider = (name: string, terms: object = {}) => ({
    name,
    issuer: issuers.issuer(name),
    clientId: 'counterfoil',
    audience,
    ...terms,
  });
  const settings = {
    publicUrl: 'http://127.0.0.1:8000',
    identityProviders: [
      provider('good'),
      provider('scoped', { scopes: { desk: ['READ', 'CREATE'], eyes: ['READ'] } }),
      provider('wide', { clients: ['desk', 'phone'], tokenMinutesMax: 120 }),
      ...faultyIssuers.map((name) => provider(name)),
    ],
  };
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'counterfoil-issuers-')), 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  door = await openDoor({ file });
}, 60_000);
afterAll(async () => {
  await door.close();
  await issuers.close();
});

beforeEach(async () => {
  door.pass(3_600);
  admin = (await door.login()).access_token;
  user = await door.register();
  for (const name of ['good', 'scoped', 'wide']) await change('identities', linkTo(name));
});

const linkTo = (name: string) => ({ issuer: issuers.issuer(name), subject: user.username });

async function change(what: string, body: object): Promise<void> {
  const response = await door.send(`POST /api/users/${user.id}/${what}`, { token: admin, body });
  expect(response.statusCode).toBe(200);
}

const now = () => Number(door.platform.clock() / 1_000_000_000n);

/** A token as it should be but for what is said; what is undefined is left out. */
function tokenWith(terms: object = {}, name = 'good'): Promise<string> {
  const claims = {
    sub: user.username,
    aud: audience,
    client_id: 'counterfoil',
    iat: now(),
    exp: now() + 600,
    ...terms,
  };
  const said = Object.entries(claims).filter(([, value]) => value !== undefined);
  return issuers.sign(name, Object.fromEntries(said));
}

async function answerTo(token: string) {
  const response = await door.send('GET /api/auth/me', { token });
  return response.json<{ readonly code?: string; readonly permissions?: readonly string[] }>();
}

const codeOf = async (token: string) => (await answerTo(token)).code ?? 'TAKEN';

describe("RC-06 a provider's access token", () => {
  test.each<[string, () => object, string, string]>([
    ['as it should be', () => ({}), 'good', 'TAKEN'],
    [
      'that names the client as azp',
      () => ({ client_id: undefined, azp: 'counterfoil' }),
      'good',
      'TAKEN',
    ],
    ['for a client that the settings name', () => ({ client_id: 'phone' }), 'wide', 'TAKEN'],
    [
      'of two hours, where they are taken',
      () => ({ client_id: 'desk', exp: now() + 7_200 }),
      'wide',
      'TAKEN',
    ],
    ['of an hour', () => ({ exp: now() + 3_600 }), 'good', 'TAKEN'],
    ['of more than an hour', () => ({ exp: now() + 3_601 }), 'good', 'TOKEN_INVALID'],
    ['that does not say when it was made', () => ({ iat: undefined }), 'good', 'TOKEN_INVALID'],
    ['made in a time to come', () => ({ iat: now() + 60 }), 'good', 'TOKEN_INVALID'],
    ['for another client', () => ({ client_id: 'wiki' }), 'good', 'TOKEN_INVALID'],
    [
      'for ours by one name and another by the other',
      () => ({ azp: 'wiki' }),
      'good',
      'TOKEN_INVALID',
    ],
    ['for our own client, where others are named', () => ({}), 'wide', 'TOKEN_INVALID'],
    ['for a client that is none', () => ({ client_id: ['counterfoil'] }), 'good', 'TOKEN_INVALID'],
    ['for nobody', () => ({ client_id: undefined }), 'good', 'TOKEN_INVALID'],
  ])('%s', async (_, terms, provider, code) => {
    expect(await codeOf(await tokenWith(terms(), provider))).toBe(code);
  });

  test.each<[string, string | undefined, string, readonly string[] | null]>([
    ['no scope: all that the user may', undefined, 'good', null],
    ['scopes of other programs: the same', 'openid profile', 'good', null],
    ['a scope of ours', 'openid counterfoil:read', 'good', ['READ']],
    ['two of them', 'counterfoil:update counterfoil:read', 'good', ['READ', 'UPDATE']],
    ['a scope that the settings explain', 'eyes', 'scoped', ['READ']],
    ['two of them, together', 'eyes desk', 'scoped', ['CREATE', 'READ']],
  ])('has %s', async (_, scope, provider, permissions) => {
    expect((await answerTo(await tokenWith({ scope }, provider))).permissions).toEqual(permissions);
  });

  test.each([undefined, 'openid', 'counterfoil:read', 'constructor'])(
    'opens nothing by scopes that the settings do not explain, such as "%s"',
    async (scope) => {
      expect(await codeOf(await tokenWith({ scope }, 'scoped'))).toBe('FORBIDDEN');
    },
  );

  test.each<[string, () => Promise<void>]>([
    ['all sessions are ended', () => logoutEverywhere()],
    ['the password is set', () => change('password', { new_password: 'four plain wooden ducks' })],
    ['the user was deactivated, and is back', () => offAndOn()],
  ])('is over, with the next request, when %s', async (_, end) => {
    const token = await tokenWith();
    expect(await codeOf(token)).toBe('TAKEN');
    await end();
    expect(await codeOf(token)).toBe('TOKEN_INVALID');
    expect(await codeOf(await tokenWith({ jti: 'not seen before' }))).toBe('TOKEN_INVALID');
    door.pass(1);
    expect(await codeOf(await tokenWith())).toBe('TAKEN');
  });

  test('is over, with the next request, when the two are unlinked, and so are sessions', async () => {
    const token = await tokenWith();
    expect(await codeOf(token)).toBe('TAKEN');
    const { access_token: session } = await door.login(user.username, person.password);
    await change('identities/unlink', linkTo('good'));
    door.pass(1);
    expect(await codeOf(token)).toBe('TOKEN_INVALID');
    expect(await codeOf(await tokenWith())).toBe('TOKEN_INVALID');
    expect(await codeOf(session)).toBe('TOKEN_INVALID');
    expect(await codeOf(await tokenWith({ client_id: 'desk' }, 'wide'))).toBe('TAKEN');
    await change('identities', linkTo('good'));
    expect(await codeOf(await tokenWith())).toBe('TAKEN');
  });

  test.each(faultyIssuers)(
    'can not be judged while the keys of its provider are %s',
    async (name) => {
      const response = await door.send('GET /api/auth/me', { token: await tokenWith({}, name) });
      expect(response.json()).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', status: 503 });
    },
  );
});

async function logoutEverywhere(): Promise<void> {
  const { access_token: token } = await door.login(user.username, person.password);
  await door.send('POST /api/auth/logout', { token, body: { all: true } });
}

async function offAndOn(): Promise<void> {
  await change('deactivate', { reason: 'on leave' });
  await change('reactivate', { reason: 'is back' });
}
