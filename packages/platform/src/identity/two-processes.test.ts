import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../config.ts';
import { openKeys } from '../key-stores.ts';
import { openIdentityOf } from '../platform.ts';
import { createRetention } from '../retention/retention.ts';
import { openLog, systemClock } from '../stores.ts';
import { makeFirstAdmin } from './first-admin.ts';
import type { Identity } from './identity.ts';
import { newApiKeyId } from './random-ids.ts';

let directory: string;
let one: Identity;
let other: Identity;
const opened: (() => Promise<void>)[] = [];

function onFailure(failure: unknown): never {
  throw failure;
}

/** Identity on a connection of its own to the log, as another process has it, with token keys of its own. */
async function openProcess(): Promise<Identity> {
  const config = loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } });
  const store = await openLog(config);
  const keys = await openKeys(config);
  const { vault } = keys;
  const clock = systemClock;
  const policy = config.retentionYears;
  const retention = createRetention({ log: store, vault, keys: keys.store, policy, clock });
  const identity = await openIdentityOf(config, { store, vault, retention, clock, onFailure });
  opened.push(identity.close, keys.close, store.close);
  return identity;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-two-'));
  one = await openProcess();
  await makeFirstAdmin(one, password);
  other = await openProcess();
}, 60_000);
afterAll(async () => {
  for (const close of opened) await close();
  await rm(directory, { recursive: true, force: true });
});

const password = 'slanting copper harbour';
const attempt = { username: 'admin', password, address: '192.0.2.1' };
const credentials = (token: string) => ({ authorization: `Bearer ${token}`, address: '' });

async function knows({ authenticate }: Identity, token: string): Promise<boolean> {
  try {
    await authenticate(credentials(token));
    return true;
  } catch {
    return false;
  }
}

// Whoever has to notice is given time for it: how long it takes is measured elsewhere.
const patient = { timeout: 10_000, interval: 20 };

describe('RC-06 of two processes', () => {
  test('each takes the tokens of the other, at once', async () => {
    const { accessToken, refreshToken } = await one.logins.login(attempt, {});
    expect(await knows(other, accessToken)).toBe(true);
    const refreshed = await other.sessions.refresh(refreshToken, {});
    expect(await knows(one, refreshed.accessToken)).toBe(true);
  });

  test('each refuses what the other has ended', async () => {
    const { accessToken: token } = await one.logins.login(attempt, {});
    const { sessionId, id } = await other.authenticate(credentials(token));

    await one.sessions.end(sessionId as never, { userId: id });

    await vi.waitFor(async () => expect(await knows(other, token)).toBe(false), patient);
  });

  test('each sees a refresh token that comes to both', async () => {
    const { refreshToken } = await one.logins.login(attempt, {});
    const next = await one.sessions.refresh(refreshToken, {});

    await expect(other.sessions.refresh(refreshToken, {})).rejects.toMatchObject({
      code: 'REFRESH_TOKEN_INVALID',
    });

    expect(await knows(other, next.accessToken)).toBe(false);
    await vi.waitFor(async () => expect(await knows(one, next.accessToken)).toBe(false), patient);
  });

  test('each refuses what was signed before the other has withdrawn the keys', async () => {
    const { accessToken: token } = await one.logins.login(attempt, {});
    expect([await knows(one, token), await knows(other, token)]).toEqual([true, true]);

    await other.tokenKeys.withdraw('stolen', { cause: { userId: 'test' } });

    await vi.waitFor(async () => expect(await knows(one, token)).toBe(false), patient);
    const { accessToken: next } = await one.logins.login(attempt, {});
    expect(await knows(other, next)).toBe(true);
  });

  test('each refuses a key that the other has revoked', async () => {
    const id = newApiKeyId();
    const options = { cause: { userId: 'test' } };
    const key = {
      name: 'x',
      permissions: ['READ'],
      accounts: [],
      lifetimeDays: undefined,
    } as const;
    const { secret } = await one.apiKeys.create(id, key, options);
    await vi.waitFor(async () => expect(await knows(other, secret)).toBe(true), patient);

    await other.apiKeys.revoke(id, 'leaked', options);

    await vi.waitFor(async () => expect(await knows(one, secret)).toBe(false), patient);
  });

  test('one makes a name, and the other can not give it again', async () => {
    const user = {
      username: 'grace',
      displayName: 'Grace',
      email: undefined,
      password: undefined,
      roles: ['ANALYST'],
      accounts: [],
    } as const;
    const options = { cause: { userId: 'test' } };
    const results = await Promise.allSettled([
      one.users.register('USR-000000000000000001' as never, user, options),
      other.users.register('USR-000000000000000002' as never, user, options),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});
