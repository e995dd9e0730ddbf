import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, person, type Door } from './identity.fixture.ts';

let door: Door;

beforeAll(async () => {
  door = await openDoor();
}, 60_000);
afterAll(() => door.close());

const me = 'GET /api/auth/me';
const tryLogin = (username: string, password: string, address?: string) =>
  door.send('POST /api/auth/login', { body: { username, password }, address });

const refresh = (token: string) =>
  door.send('POST /api/auth/refresh', { body: { refresh_token: token } });
const status = async (token: string) => (await door.send(me, { token })).statusCode;
const ascending = (one: number, other: number) => one - other;

describe('RC-06 logging in', () => {
  test('gives tokens that say who one is, kept by nobody on the way', async () => {
    const { id, username } = await door.register();

    const response = await tryLogin(username.toLowerCase(), person.password);

    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const token = response.json<{ readonly access_token: string }>().access_token;
    expect((await door.send(me, { token })).json()).toEqual({
      id,
      authentication: 'PASSWORD',
      username,
      display_name: 'Ada Lovelace',
      email: 'ada@example.com',
      roles: ['ANALYST'],
      accounts: [],
      permissions: null,
    });
  });

  test('answers alike whatever is wrong', async () => {
    const left = await door.register();
    const { username } = await door.register();
    const { access_token: token } = await door.login();
    const body = { reason: 'has left' };
    await door.send(`POST /api/users/${left.id}/deactivate`, { token, body });

    const answers = [
      await tryLogin(username, 'a wrong password'),
      await tryLogin('nobody', person.password),
      await tryLogin(left.username, person.password),
      await tryLogin('\u0000 no name at all', ''),
    ];

    const [first] = answers;
    expect(first?.statusCode).toBe(401);
    expect(first?.json()).toMatchObject({ code: 'LOGIN_FAILED' });
    for (const answer of answers) {
      expect(answer.body).toBe(first?.body);
      expect(Object.keys(answer.headers)).toEqual(Object.keys(first?.headers ?? {}));
    }
  });

  test.each(['a user', 'nobody'])(
    'has %s wait after five failures, twice as long each time',
    async (who) => {
      const name = who === 'nobody' ? who : (await door.register()).username;
      const address = '198.51.100.1';
      for (let tries = 0; tries < 5; tries += 1) {
        expect((await tryLogin(name, 'wrong', address)).json()).toMatchObject({
          code: 'LOGIN_FAILED',
        });
      }

      const locked = await tryLogin(name, 'wrong', address);

      expect(locked.statusCode).toBe(429);
      expect(locked.json()).toMatchObject({ code: 'LOGIN_LOCKED' });
      expect(locked.headers['retry-after']).toBe('1');
      door.pass(1);
      expect((await tryLogin(name, 'wrong', address)).statusCode).toBe(401);
      expect((await tryLogin(name, 'wrong', address)).headers['retry-after']).toBe('2');
    },
  );

  test('lets the user in where he was before, while strangers keep failing from everywhere', async () => {
    const { username } = await door.register();
    await tryLogin(username, person.password, '198.51.100.7');
    for (let tries = 0; tries < 8; tries += 1) {
      await tryLogin(username, 'wrong', `203.0.113.${tries}`);
    }

    const stranger = await tryLogin(username, person.password, '203.0.113.99');
    const own = await tryLogin(username, person.password, '198.51.100.7');

    // Nothing tells the stranger that the password was right.
    expect(stranger.json()).toMatchObject({ code: 'LOGIN_FAILED' });
    expect(own.statusCode).toBe(200);
  });

  test('hashes a password anew that was hashed otherwise, and takes it as before', async () => {
    const { users } = door.platform.identity;
    const { id, username } = await door.register();
    const { count } = await users.passwordHash(id);
    const { hash: argon2 } = await import('@node-rs/argon2');
    const weak = await argon2(person.password, { memoryCost: 1_024, timeCost: 1 });
    await users.rehash(id, weak, count, { cause: { userId: 'test' } });

    await door.login(username, person.password);

    const { hash = '' } = await users.passwordHash(id);
    expect(hash).toContain('m=19456,t=2,p=1');
    await door.login(username, person.password);
  });

  test('is refused to forms, which any page may send', async () => {
    const form = 'username=admin&password=x';
    const response = await door.send('POST /api/auth/login', { form });
    expect(response.json()).toMatchObject({ code: 'MEDIA_TYPE_UNSUPPORTED' });
  });
});

describe('RC-06 refreshing', () => {
  test('gives new tokens, and each token is good for one use', async () => {
    const first = await door.login();

    const second = (await refresh(first.refresh_token)).json<typeof first>();

    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect((await door.send(me, { token: second.access_token })).statusCode).toBe(200);
  });

  test('ends the session when a token comes twice: for the thief and the robbed', async () => {
    const first = await door.login();
    const other = await door.login();
    const second = (await refresh(first.refresh_token)).json<typeof first>();

    const reuse = await refresh(first.refresh_token);

    expect(reuse.statusCode).toBe(401);
    expect(reuse.json()).toMatchObject({ code: 'REFRESH_TOKEN_INVALID' });
    expect((await refresh(second.refresh_token)).statusCode).toBe(401);
    const answer = await door.send(me, { token: second.access_token });
    expect(answer.json()).toMatchObject({ code: 'TOKEN_INVALID' });
    expect((await door.send(me, { token: other.access_token })).statusCode).toBe(200);
  });

  test('takes one of two that come at the same moment', async () => {
    const { refresh_token: token } = await door.login();
    const answers = await Promise.all([refresh(token), refresh(token)]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted(ascending)).toEqual([200, 401]);
  });

  test.each([
    '',
    'cfr_',
    'cfr_000000000000000000_x',
    'cf_0_0_0',
    `cfr_${'0'.repeat(18)}_${'A'.repeat(43)}`,
  ])('refuses "%s"', async (token) => {
    expect((await refresh(token)).json()).toMatchObject({ code: 'REFRESH_TOKEN_INVALID' });
  });

  test('is over after seven days of silence', async () => {
    const { refresh_token: token } = await door.login();
    door.pass(7 * 86_400);
    expect((await refresh(token)).statusCode).toBe(401);
  });
});

describe('RC-06 what ends sessions bites with the next request', () => {
  test('logging out ends this one, or all', async () => {
    const [one, two, three] = [await door.login(), await door.login(), await door.login()];

    await door.send('POST /api/auth/logout', { token: one.access_token, body: {} });
    expect(await status(one.access_token)).toBe(401);
    expect(await status(two.access_token)).toBe(200);

    await door.send('POST /api/auth/logout', { token: two.access_token, body: { all: true } });
    expect(await status(two.access_token)).toBe(401);
    expect(await status(three.access_token)).toBe(401);
    await door.login();
  });

  test('another password ends all but the one that the answer begins', async () => {
    const { username } = await door.register();
    const before = await door.login(username, person.password);
    const change = (current: string, next: string) =>
      door.send('POST /api/auth/password', {
        token: before.access_token,
        body: { current_password: current, new_password: next },
      });

    expect((await change('wrong', 'four plain wooden ducks')).json()).toMatchObject({
      code: 'LOGIN_FAILED',
    });
    expect((await change(person.password, 'ada lovelace 12')).json()).toMatchObject({
      code: 'PASSWORD_WEAK',
    });
    const changed = await change(person.password, 'four plain wooden ducks');

    expect(changed.statusCode).toBe(200);
    expect(await status(before.access_token)).toBe(401);
    expect(await status(changed.json<typeof before>().access_token)).toBe(200);
    await door.login(username, 'four plain wooden ducks');
  });

  test('so does deactivating, and coming back begins anew', async () => {
    const { id, username } = await door.register();
    const { access_token: token } = await door.login(username, person.password);
    const admin = (await door.login()).access_token;
    const body = { reason: 'example' };

    await door.send(`POST /api/users/${id}/deactivate`, { token: admin, body });
    expect(await status(token)).toBe(401);
    await door.send(`POST /api/users/${id}/reactivate`, { token: admin, body });
    expect(await status(token)).toBe(401);
    await door.login(username, person.password);
  });

  test('and roles hold from the next request on', async () => {
    const { id, username } = await door.register();
    const { access_token: token } = await door.login(username, person.password);
    const admin = (await door.login()).access_token;
    expect((await door.send('GET /api/users', { token })).statusCode).toBe(403);

    const body = { roles: ['AUDITOR'] };
    await door.send(`PUT /api/users/${id}/roles`, { token: admin, body });

    expect((await door.send('GET /api/users', { token })).statusCode).toBe(200);
  });
});

describe('MD-08 signing up', () => {
  const request = 'POST /api/auth/sign-up';
  const { roles: _, ...rest } = person;
  const body = { username: 'grace', ...rest };

  test('is not there unless it was asked for', async () => {
    expect((await door.send(request, { body })).statusCode).toBe(404);
  });

  test('makes an investor without accounts', async () => {
    const { identity } = door.platform;
    const open = await door.withParts({ signUp: true, authenticate: identity.authenticate });

    const response = await open.inject({ method: 'POST', url: '/api/auth/sign-up', payload: body });

    expect(response.statusCode).toBe(201);
    const token = response.json<{ readonly access_token: string }>().access_token;
    expect((await door.send(me, { token })).json()).toMatchObject({
      roles: ['INVESTOR'],
      accounts: [],
    });
  });
});
