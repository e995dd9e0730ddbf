import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccessTokens } from '../../identity/access-tokens.ts';
import { openIdentityBook } from '../../identity/identity-book.ts';
import { openDoor, type Door } from './identity.fixture.ts';

let door: Door;

beforeAll(async () => {
  door = await openDoor();
}, 60_000);
afterAll(() => door.close());

interface Parts {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  readonly signature: string;
}

function partsOf(token: string): Parts {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return { header: read(header), claims: read(claims), signature };
}

function read(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** The key that the server signs with now: what an attacker would like to have. */
async function ownKey(): Promise<{ readonly kid: string; readonly publicKey: KeyObject }> {
  const jwks = (await door.send('GET /.well-known/jwks.json')).json<{
    readonly keys: readonly { readonly kid: string; readonly x: string }[];
  }>();
  const key = jwks.keys.at(-1);
  if (key === undefined) throw new Error('no key is published');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: key.x },
  });
  return { kid: key.kid, publicKey };
}

const foreign = generateKeyPairSync('ed25519');

/** A token that is as ours but for what is said, signed with a key of the attacker. */
async function forged(header: object, claims: object, own: Parts): Promise<string> {
  return new SignJWT({ ...own.claims, ...claims })
    .setProtectedHeader({ ...own.header, ...header } as { alg: string })
    .sign(foreign.privateKey);
}

/** A token that the server itself signs, with claims that it would never give. */
async function misissued(claims: object, header: object = {}): Promise<string> {
  const own = partsOf((await door.login()).access_token);
  const { signer } = await keysOf(door);
  const { keyId, privateKey } = await signer();
  const all = { ...own.claims, ...claims };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(kept)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId, ...header })
    .sign(privateKey);
}

async function keysOf({ platform }: Door) {
  const { openTokenKeys } = await import('../../identity/token-keys.ts');
  const { store, identity, clock } = platform;
  // Its own keys, published in the same log: the server knows them as it would those of another process.
  return openTokenKeys({ directory: undefined, store, book: identity.book, clock });
}

const now = () => Number(door.platform.clock() / 1_000_000_000n);

describe('RC-06 attacks on access tokens are all answered with 401', () => {
  const attacks: Readonly<Record<string, (token: string) => Promise<string> | string>> = {
    'alg none': (token) => new UnsecuredJWT(partsOf(token).claims).encode(),
    'alg none with the signature left on': (token) => {
      const { header, claims, signature } = partsOf(token);
      return `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.${signature}`;
    },
    'HS256 with the public key as the secret': async (token) => {
      const { header, claims } = partsOf(token);
      const signed = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`;
      const secret = await exportSPKI((await ownKey()).publicKey);
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    },
    'a changed payload': (token) => {
      const [header = '', , signature = ''] = token.split('.');
      return `${header}.${encoded({ ...partsOf(token).claims, sub: 'USR-0' })}.${signature}`;
    },
    'no signature': (token) => token.slice(0, token.lastIndexOf('.') + 1),
    'a signature of another key under our kid': (token) => forged({}, {}, partsOf(token)),
    'a kid of nobody': (token) => forged({ kid: 'foreign' }, {}, partsOf(token)),
    'no kid': (token) => forged({ kid: undefined }, {}, partsOf(token)),
    'a kid that is a path': (token) =>
      forged({ kid: '../../keys/token-keys.json' }, {}, partsOf(token)),
    'a key in the header': (token) =>
      forged({ jwk: foreign.publicKey.export({ format: 'jwk' }) }, {}, partsOf(token)),
    'a link to a key in the header': (token) =>
      forged({ jku: 'https://evil.example/jwks.json' }, {}, partsOf(token)),
    'a link to a certificate in the header': (token) =>
      forged({ x5u: 'https://evil.example/cert.pem' }, {}, partsOf(token)),
    'a refresh token': async () => (await door.login()).refresh_token,
    'no JWT at all': () => 'a.b.c',
    'another issuer': () => misissued({ iss: 'https://evil.example' }),
    'another audience': () => misissued({ aud: 'another-api' }),
    'no audience': () => misissued({ aud: undefined }),
    'another type': () => misissued({}, { typ: 'JWT' }),
    'no type': () => misissued({}, { typ: undefined }),
    'the type of a pending login': () => misissued({}, { typ: 'login+jwt' }),
    'a time to come': () => misissued({ iat: now() + 60, exp: now() + 900 }),
    'not valid before a time to come': () => misissued({ nbf: now() + 60 }),
    'no end': () => misissued({ exp: undefined }),
    'no beginning': () => misissued({ iat: undefined }),
    'an end far away': () => misissued({ iat: now() - 1_000, exp: now() + 86_400 }),
    'a session that there is not': () => misissued({ sid: 'SES-000000000000000000' }),
    "another user's session": () => misissued({ sub: 'USR-000000000000000000' }),
    'a header that nobody has to understand': () => misissued({}, { crit: ['b64'], b64: true }),
  };

  test.each(Object.keys(attacks))('%s', async (name) => {
    const { access_token: token } = await door.login();

    const response = await door.send('GET /api/auth/me', { token: await attacks[name]?.(token) });

    expect(response.statusCode).toBe(401);
    expect(['TOKEN_INVALID', 'TOKEN_EXPIRED']).toContain(response.json<{ code: string }>().code);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
    // The same door lets the real one in: it is not locked to everybody.
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(200);
  });

  test('a token that is signed as it should be, with nothing changed, gets in', async () => {
    const token = await misissued({});
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(200);
  });

  test.each([undefined, 'Basic YWRtaW46YWRtaW4=', 'Bearer', 'Bearer a b', 'bearer', 'Token abc'])(
    'the header "%s"',
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await door.send('GET /api/auth/me', { headers });
      expect(response.statusCode).toBe(401);
    },
  );
});

describe('RC-06 the life of an access token', () => {
  test('is a quarter of an hour, to the second', async () => {
    const { access_token: token } = await door.login();
    const code = async () =>
      (await door.send('GET /api/auth/me', { token })).json<{ readonly code?: string }>().code;
    door.pass(899);
    expect(await code()).toBeUndefined();
    door.pass(1);
    expect(await code()).toBe('TOKEN_EXPIRED');
    door.pass(86_400);
    expect(await code()).toBe('TOKEN_EXPIRED');
  });

  test('says for whom and for what it is, and nothing personal', async () => {
    const { id, username } = await door.register();
    const { access_token: token } = await door.login(username, 'seven quiet umbrellas');
    const { header, claims } = partsOf(token);
    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.any(String) });
    expect(claims).toEqual({
      iss: 'counterfoil',
      aud: 'counterfoil-api',
      sub: id,
      client_id: 'counterfoil',
      sid: expect.stringMatching(/^SES-/),
      jti: expect.any(String),
      roles: ['ANALYST'],
      iat: now(),
      exp: now() + 900,
    });
  });
});

describe('RC-06 the keys of access tokens', () => {
  test('are withdrawn by an administrator: what they have signed is refused, sessions go on', async () => {
    const { access_token: token, refresh_token: refreshToken } = await door.login();
    const kids = async () =>
      (await door.send('GET /.well-known/jwks.json')).json<{ readonly keys: readonly object[] }>();
    const stolen = await keysOf(door);
    const { keyId, privateKey } = await stolen.signer();
    const forge = () =>
      new SignJWT({ ...partsOf(token).claims, jti: 'another' })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId })
        .sign(privateKey);
    const seen = await forge();
    const status = async (of: string) =>
      (await door.send('GET /api/auth/me', { token: of })).statusCode;
    // From now on both are known by their hashes, and not verified again.
    expect([await status(token), await status(seen)]).toEqual([200, 200]);

    const body = { reason: 'a disk was stolen' };
    const response = await door.send('POST /api/token-keys/withdraw', { token, body });

    expect(response.statusCode).toBe(200);
    expect([await status(token), await status(seen), await status(await forge())]).toEqual([
      401, 401, 401,
    ]);
    expect(await kids()).toEqual({ keys: [] });
    const refreshed = await door.send('POST /api/auth/refresh', {
      body: { refresh_token: refreshToken },
    });
    const { access_token: next } = refreshed.json<{ readonly access_token: string }>();
    expect(await status(next)).toBe(200);
    expect((await stolen.signer()).keyId).not.toBe(keyId);
  });

  test('are withdrawn by nobody else', async () => {
    const { username } = await door.register();
    const { access_token: token } = await door.login(username, 'seven quiet umbrellas');
    const body = { reason: 'for fun' };
    const response = await door.send('POST /api/token-keys/withdraw', { token, body });
    expect(response.json()).toMatchObject({ code: 'FORBIDDEN' });
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(200);
  });

  test('are looked for in the log once a second, however many tokens name one that there is not', async () => {
    const { access_token: token } = await door.login();
    door.pass(5);
    const { store } = door.platform;
    const { head } = store;
    let looks = 0;
    const counted = { ...store, head: () => ((looks += 1), head()) };
    const book = await openIdentityBook(counted, door.platform.clock);
    looks = 0;
    const { tokenKeys: keys } = door.platform.identity;
    const { clock } = door.platform;
    const tokens = createAccessTokens({ issuer: 'counterfoil', keys, book, clock });
    const refused = async () => {
      const kid = `foreign-${Math.random()}`;
      const junk = await forged({ kid }, {}, partsOf(token));
      await expect(tokens.verify(junk)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    };

    await Promise.all(Array.from({ length: 20 }, refused));
    expect(looks).toBe(1);
    door.pass(1);
    await refused();
    expect(looks).toBe(2);
    await book.close();
  });

  test('change every thirty days, the next one known a day before', async () => {
    const days = 86_400;
    const kids = async () =>
      (await door.send('GET /.well-known/jwks.json'))
        .json<{ readonly keys: readonly { readonly kid: string }[] }>()
        .keys.map(({ kid }) => kid);
    const signedBy = async () => partsOf((await door.login()).access_token).header['kid'];
    // Those of the tests before have come to their end by then.
    door.pass(61 * days);
    const first = await signedBy();
    expect(await kids()).toEqual([first]);

    door.pass(28 * days);
    expect(await signedBy()).toBe(first);
    expect(await kids()).toHaveLength(1);
    door.pass(1 * days);
    expect(await signedBy()).toBe(first);
    const [, second] = await kids();
    expect(second).toBeDefined();

    door.pass(1 * days - 60);
    const { access_token: token } = await door.login();
    door.pass(60);
    expect(await signedBy()).toBe(second);
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(200);
    door.pass(3_600);
    expect(await kids()).toEqual([second]);
  });
});
