import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseInstant } from '@counterfoil/event-store';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fingerprintOf } from '../api/idempotency.ts';
import { buildServer } from '../api/server.ts';
import { ConfigError } from '../config-error.ts';
import { loadConfig } from '../config.ts';
import { startPlatform, type Platform } from '../platform.ts';
import { serverParts } from '../server-parts.ts';
import { makeDemoUsers } from './demo-tokens.ts';
import { makeFirstAdmin } from './first-admin.ts';

const clock = () => parseInstant('2026-11-20T15:00:00Z') as never;

async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-identity-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function start(directory: string): Promise<Platform> {
  return startPlatform(loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } }), { clock });
}

/** Runs work on a program that is started for it and stopped after it. */
async function during<Result>(
  directory: string,
  work: (platform: Platform) => Promise<Result>,
): Promise<Result> {
  const platform = await start(directory);
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

const password = 'slanting copper harbour';
const attempt = { username: 'admin', password, address: '192.0.2.1' };

function loginWith({ identity }: Platform, other: string) {
  return identity.logins.login({ ...attempt, password: other }, {});
}

async function codeOf({ identity }: Platform, token: string): Promise<string> {
  try {
    const credentials = { authorization: `Bearer ${token}`, address: '192.0.2.1' };
    return (await identity.authenticate(credentials)).roles.join();
  } catch (failure) {
    return (failure as { readonly code: string }).code;
  }
}

describe('RC-06 after a restart', () => {
  test('users, sessions and keys are as they were, and what was ended stays so', async () => {
    const directory = await dataDirectory();
    const before = await during(directory, async ({ identity }) => {
      await makeFirstAdmin(identity, password);
      const [one, two] = [
        await identity.logins.login(attempt, {}),
        await identity.logins.login(attempt, {}),
      ];
      const session = [...identity.book.users()].length;
      expect(session).toBe(1);
      const principal = await identity.authenticate({
        authorization: `Bearer ${two.accessToken}`,
        address: '',
      });
      await identity.sessions.end(principal.sessionId as never, { userId: principal.id });
      return { one, two, keys: identity.tokens.publicKeys() };
    });

    await during(directory, async (platform) => {
      expect(await codeOf(platform, before.one.accessToken)).toBe('ADMIN');
      expect(await codeOf(platform, before.two.accessToken)).toBe('TOKEN_INVALID');
      expect(platform.identity.tokens.publicKeys()).toEqual(before.keys);
      await platform.identity.sessions.refresh(before.one.refreshToken, {});
      await expect(
        platform.identity.sessions.refresh(before.two.refreshToken, {}),
      ).rejects.toMatchObject({ code: 'REFRESH_TOKEN_INVALID' });
      await platform.identity.logins.login(attempt, {});
      expect(await makeFirstAdmin(platform.identity, undefined)).toBeUndefined();
    });
  });

  test('a lockout holds', async () => {
    const directory = await dataDirectory();
    await during(directory, async (platform) => {
      await makeFirstAdmin(platform.identity, password);
      for (let tries = 0; tries < 5; tries += 1) {
        await expect(loginWith(platform, 'wrong')).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
      }
    });
    await during(directory, async (platform) => {
      await expect(loginWith(platform, password)).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
    });
  });
});

describe('RC-06 the first start', () => {
  test('makes an administrator with a password that is told this once', async () => {
    await during(await dataDirectory(), async ({ identity }) => {
      const admin = await makeFirstAdmin(identity, undefined);
      expect(admin?.password).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/);
      await identity.logins.login({ ...attempt, password: admin?.password ?? '' }, {});
      expect(await makeFirstAdmin(identity, undefined)).toBeUndefined();
    });
  });

  test('takes one that was chosen, unless it is weak, and repeats it nowhere', async () => {
    await during(await dataDirectory(), async ({ identity }) => {
      for (const weak of ['admin', 'administrator1', 'password1234']) {
        await expect(makeFirstAdmin(identity, weak)).rejects.toThrow(ConfigError);
        await expect(makeFirstAdmin(identity, weak)).rejects.not.toThrow(weak);
      }
      expect(await makeFirstAdmin(identity, password)).toEqual({
        username: 'admin',
        password: undefined,
      });
    });
  });

  test('makes somebody of each role to try the program as, each time anew', async () => {
    await during(await dataDirectory(), async (platform) => {
      const first = await makeDemoUsers(platform.identity, ['DEMO-01' as never]);
      const second = await makeDemoUsers(platform.identity, ['DEMO-01' as never]);
      expect(second.map(({ role }) => role)).toEqual(first.map(({ role }) => role));
      for (const { role, token } of second) expect(await codeOf(platform, token)).toBe(role);
      for (const { token } of first) expect(await codeOf(platform, token)).toMatch(/^TOKEN_/);
    });
  });
});

describe('RC-06 private keys of tokens', () => {
  test('are in a file of the owner alone, and another is refused with a sentence', async () => {
    const directory = await dataDirectory();
    await during(directory, async ({ identity }) => {
      await makeFirstAdmin(identity, password);
      await identity.logins.login(attempt, {});
    });
    const file = path.join(directory, 'keys', 'token-keys.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o077).toBe(0);

    await chmod(file, 0o644);
    await expect(start(directory)).rejects.toThrow(/chmod 600/);
  });

  test('that are lost end no session: new ones sign what follows', async () => {
    const directory = await dataDirectory();
    const token = await during(directory, async ({ identity }) => {
      await makeFirstAdmin(identity, password);
      return (await identity.logins.login(attempt, {})).accessToken;
    });
    await rm(path.join(directory, 'keys', 'token-keys.json'));
    await during(directory, async (platform) => {
      expect(await codeOf(platform, token)).toBe('ADMIN');
      const fresh = await platform.identity.logins.login(attempt, {});
      expect(await codeOf(platform, fresh.accessToken)).toBe('ADMIN');
    });
  });
});

describe('RC-06 keys of tokens that were withdrawn', () => {
  test('stay so after a restart, also with the file of before', async () => {
    const directory = await dataDirectory();
    const file = path.join(directory, 'keys', 'token-keys.json');
    const token = await during(directory, async ({ identity }) => {
      await makeFirstAdmin(identity, password);
      return (await identity.logins.login(attempt, {})).accessToken;
    });
    const before = await readFile(file, 'utf8');
    await during(directory, async ({ identity }) => {
      await identity.tokenKeys.withdraw('stolen', { cause: { userId: 'test' } });
      await identity.logins.login(attempt, {});
    });
    const [stolen] = (JSON.parse(before) as { readonly keys: { readonly keyId: string }[] }).keys;
    expect(await readFile(file, 'utf8')).not.toContain(stolen?.keyId);

    await writeFile(file, before);

    await during(directory, async (platform) => {
      expect(await codeOf(platform, token)).toBe('TOKEN_INVALID');
      const fresh = await platform.identity.logins.login(attempt, {});
      expect(await codeOf(platform, fresh.accessToken)).toBe('ADMIN');
    });
  });
});

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

describe('RC-04, RC-09 what is secret or personal', () => {
  test('is in no file of the data directory and in no line of the log', async () => {
    const directory = await dataDirectory();
    const marker = `m${randomBytes(9).toString('hex')}`;
    const secretPassword = `${marker} slanting copper`;
    const lines: string[] = [];
    const secrets: string[] = [];
    await during(directory, async (platform) => {
      const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
      const server = await buildServer(serverParts(platform, logger));
      await makeFirstAdmin(platform.identity, secretPassword);
      const send = (method: 'POST' | 'GET', url: string, token: string, body?: object) =>
        server.inject({
          method,
          url,
          headers: { authorization: `Bearer ${token}` },
          ...(body === undefined ? {} : { payload: body }),
        });
      const credentials = { username: 'admin', password: secretPassword };
      const tokens = (await send('POST', '/api/auth/login', 'none', credentials)).json<{
        readonly access_token: string;
        readonly refresh_token: string;
      }>();
      const token = tokens.access_token;
      const headers = {
        authorization: `Bearer ${token}`,
        'idempotency-key': '8e03978e-40d5-43e8-bc93-6894a57f9324',
      };
      const body = {
        username: marker,
        display_name: `${marker} Lovelace`,
        email: `${marker}@example.com`,
        password: `${marker} seven quiet`,
        roles: ['ANALYST'],
      };
      // From this a password could be guessed by somebody who knows the rest.
      secrets.push(fingerprintOf('POST', '/api/users', JSON.stringify(body)));
      const registered = await server.inject({
        method: 'POST',
        url: '/api/users',
        headers,
        payload: body,
      });
      expect(registered.statusCode).toBe(201);
      await send('POST', '/api/auth/login', 'none', {
        username: marker,
        password: `${marker} wrong`,
      });
      const key = await send('POST', '/api/api-keys', token, { name: 'x', permissions: ['READ'] });
      const refreshed = await send('POST', '/api/auth/refresh', 'none', {
        refresh_token: tokens.refresh_token,
      });
      secrets.push(token, tokens.refresh_token, key.json<{ readonly secret: string }>().secret);
      secrets.push(refreshed.json<{ readonly refresh_token: string }>().refresh_token);
      await platform.projector.waitFor((await platform.store.head()).position, 10_000);
      await server.close();
    });
    secrets.push(marker, sha256(`${marker} seven quiet`), sha256(secretPassword));

    const files = await filesBelow(directory);
    expect(files.length).toBeGreaterThan(4);
    const contents = [
      ...(await Promise.all(files.map((file) => readFile(file)))),
      Buffer.from(lines.join()),
    ];
    for (const content of contents) {
      for (const secret of secrets) expect(content.includes(secret)).toBe(false);
    }
    // The search finds what is there: a username's index is kept, and so is what is public.
    expect(contents.some((content) => content.includes('UserRegistered'))).toBe(true);
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
