import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, person, type Door, type Registered } from '../auth/identity.fixture.ts';

let door: Door;
let admin: string;

beforeAll(async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'counterfoil-users-')), 'settings.json');
  // Users may be erased at once.
  writeFileSync(file, '{ "retentionYears": { "users": 0 } }');
  door = await openDoor({ file });
  admin = (await door.login()).access_token;
}, 60_000);
afterAll(() => door.close());

const reason = { reason: 'example' };

const post = (path_: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  door.send(`POST /api/users${path_}`, { token: admin, body, headers });
const put = (path_: string, body: object) =>
  door.send(`PUT /api/users${path_}`, { token: admin, body });

async function shown(id: string): Promise<Record<string, unknown>> {
  const { position } = await door.platform.store.head();
  const response = await door.send(`GET /api/users/${id}?minPosition=${position}`, {
    token: admin,
  });
  return response.json();
}

describe('MD-08 users', () => {
  test('are registered, shown with what is personal, and listed', async () => {
    const { id, username } = await door.register();
    expect(await shown(id)).toMatchObject({
      user_id: id,
      username,
      display_name: 'Ada Lovelace',
      email: 'ada@example.com',
      roles: ['ANALYST'],
      accounts: [],
      status: 'ACTIVE',
      last_login_at: null,
    });
    await door.login(username, person.password);
    expect(await shown(id)).toMatchObject({ last_login_at: expect.stringMatching(/^2026/) });

    const page = await door.send('GET /api/users?limit=1', { token: admin });
    const { items, nextCursor } = page.json<{ items: object[]; nextCursor: string }>();
    expect(items).toHaveLength(1);
    const rest = await door.send(`GET /api/users?cursor=${nextCursor}`, { token: admin });
    const names = [...items, ...rest.json<{ items: object[] }>().items];
    expect(names).toContainEqual(expect.objectContaining({ username }));
    expect(names).toContainEqual(expect.objectContaining({ username: 'admin' }));
  });

  test('have names that differ, in capitals too, also when asked for at the same moment', async () => {
    const { username } = await door.register();
    const body = { ...person, username: username.toUpperCase() };
    expect((await post('', body)).json()).toMatchObject({ code: 'USERNAME_TAKEN' });

    const same = { ...person, username: 'twice' };
    const answers = await Promise.all([post('', same), post('', same), post('', same)]);
    expect(
      answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other),
    ).toEqual([201, 409, 409]);
  });

  test('CA-02 are registered once under an idempotency key, and nothing to guess a password from is kept', async () => {
    const headers = { 'idempotency-key': '6a3f3b8e-40d5-43e8-bc93-6894a57f9324' };
    const body = { ...person, username: 'once' };
    const first = await post('', body, headers);
    const again = await post('', body, headers);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json()).toEqual(first.json());
    const other = await post('', { ...body, password: 'four plain wooden ducks' }, headers);
    expect(other.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test.each([
    'Sh0rt!',
    'password1234',
    'aaaaaaaaaaaaaaaa',
    'counterfoil2026',
    'grace-hopper',
    'gracehopper12',
  ])('do not get the password "%s"', async (password) => {
    const body = { ...person, username: 'grace-hopper', display_name: 'Grace Hopper', password };
    expect((await post('', body)).json()).toMatchObject({ code: 'PASSWORD_WEAK', status: 422 });
  });

  test('get another password from an administrator, who ends their sessions by it', async () => {
    const { id, username } = await door.register();
    const { access_token: token } = await door.login(username, person.password);
    const body = { new_password: 'four plain wooden ducks' };
    expect((await post(`/${id}/password`, body)).statusCode).toBe(200);
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(401);
    await door.login(username, 'four plain wooden ducks');
  });

  test('have accounts of their own as investors, and only as such', async () => {
    const { id } = await door.register({ roles: ['INVESTOR'], accounts: ['ACC-1'] });
    expect((await put(`/${id}/accounts`, { accounts: ['ACC-1', 'ACC-2'] })).statusCode).toBe(200);
    expect(await shown(id)).toMatchObject({ accounts: ['ACC-1', 'ACC-2'] });
    expect((await put(`/${id}/roles`, { roles: ['AUDITOR'] })).json()).toMatchObject({
      code: 'ACCOUNTS_NOT_FOR_ROLE',
    });
  });

  test('that there are not are said to be none', async () => {
    const id = 'USR-000000000000000000';
    for (const response of [
      await post(`/${id}/deactivate`, reason),
      await post(`/${id}/erase`, reason),
      await post(`/${id}/password`, { new_password: 'four plain wooden ducks' }),
      await put(`/${id}/roles`, { roles: ['AUDITOR'] }),
      await door.send(`GET /api/users/${id}`, { token: admin }),
    ]) {
      expect(response.json()).toMatchObject({ code: 'USER_UNKNOWN', status: 404 });
    }
  });
});

describe('RC-06 the last active administrator', () => {
  test('stays, whatever is asked for', async () => {
    const { id } = (await door.send('GET /api/auth/me', { token: admin })).json<Registered>();
    for (const response of [
      await post(`/${id}/deactivate`, reason),
      await post(`/${id}/erase`, reason),
      await put(`/${id}/roles`, { roles: ['ANALYST'] }),
    ]) {
      expect(response.json()).toMatchObject({ code: 'LAST_ADMIN', status: 409 });
    }
  });

  test('is left when two take the role from each other at the same moment', async () => {
    const one = await door.register({ roles: ['ADMIN'] });
    const { users, book } = door.platform.identity;
    const { id: self } = (await door.send('GET /api/auth/me', { token: admin })).json<Registered>();
    const options = { cause: { userId: 'test' } };
    const admins = () =>
      [...book.users()].filter(
        ([, { status, roles }]) => status === 'ACTIVE' && roles.includes('ADMIN'),
      );
    expect(admins()).toHaveLength(2);

    const results = await Promise.all(
      [one.id, self].map((id) =>
        users.handle(id, { type: 'ChangeRoles', roles: ['ANALYST'] }, options),
      ),
    );

    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['accepted', 'rejected']);
    const [[left] = []] = admins();
    expect(left).toBeDefined();
    // The tests after this one need the first administrator again.
    const all = { type: 'ChangeRoles', roles: ['ADMIN'] } as const;
    for (const id of [self, one.id]) await users.handle(id, all, options);
  });
});

describe('RC-04 erasing a user', () => {
  test('leaves nobody to be seen, to log in or to be named so again', async () => {
    const { id, username } = await door.register();
    const { access_token: token } = await door.login(username, person.password);
    door.pass(1);

    const response = await post(`/${id}/erase`, reason);

    expect(response.statusCode).toBe(200);
    expect(await shown(id)).toMatchObject({
      username: null,
      display_name: null,
      email: null,
      status: 'ERASED',
    });
    expect((await door.send('GET /api/auth/me', { token })).statusCode).toBe(401);
    const body = { username, password: person.password };
    expect((await door.send('POST /api/auth/login', { body })).json()).toMatchObject({
      code: 'LOGIN_FAILED',
    });
    expect((await post('', { ...person, username })).json()).toMatchObject({
      code: 'USERNAME_TAKEN',
    });
    expect((await post(`/${id}/reactivate`, reason)).json()).toMatchObject({ code: 'USER_ERASED' });
    const again = await post(`/${id}/erase`, reason);
    expect(again.json()).toMatchObject({ eventIds: [] });
  });
});

describe('RC-03 erasing a user', () => {
  test('is refused while the record has to be kept', async () => {
    const kept = await openDoor();
    const { id } = await kept.register();
    const { access_token: token } = await kept.login();
    const response = await kept.send(`POST /api/users/${id}/erase`, { token, body: reason });
    expect(response.json()).toMatchObject({ code: 'RETENTION_IN_FORCE' });
    await kept.close();
  });
});
