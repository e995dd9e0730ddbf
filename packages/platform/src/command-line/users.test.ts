import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatform } from '../platform.ts';
import { configOf, environmentOf, runHere, type Environment } from './command-line.fixture.ts';

let directory: string;
let environment: Environment;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-users-'));
  environment = environmentOf(directory);
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const users = (...words: readonly string[]) => runHere(['users', ...words], environment);
const passwordIn = (output: string) => /Password: (\S+)/.exec(output)?.[1] ?? '';

async function canLogIn(username: string, password: string): Promise<boolean> {
  const platform = await startPlatform(configOf(environment));
  try {
    const attempt = { username, password, address: '192.0.2.1' };
    await platform.identity.logins.login(attempt, {});
    return true;
  } catch {
    return false;
  } finally {
    await platform.close();
  }
}

async function isTaken(accessToken: string): Promise<boolean> {
  const platform = await startPlatform(configOf(environment));
  try {
    await platform.identity.tokens.verify(accessToken);
    return true;
  } catch {
    return false;
  } finally {
    await platform.close();
  }
}

describe('MD-08 users on the command line', () => {
  test('are added, listed, given another password and deactivated', async () => {
    const added = await users('add', 'Ada', '--name', 'Ada Lovelace', '--role', 'ADMIN', 'AUDITOR');
    expect(added).toMatchObject({ code: 0, errors: '' });
    expect(added.output).toMatch(/^User Ada is USR-[0-9A-Z]{18}\nPassword: \S+\n$/);
    const first = passwordIn(added.output);
    expect(await canLogIn('ada', first)).toBe(true);

    const second = passwordIn((await users('password', 'ada')).output);
    expect(second).not.toBe(first);
    expect(await canLogIn('ada', first)).toBe(false);

    await users('add', 'grace');
    expect((await users('list')).output).toMatch(
      /^USR-\S+ {2}ACTIVE +ADMIN,AUDITOR +Ada\nUSR-\S+ {2}ACTIVE +READ_ONLY +grace\n$/,
    );
    expect((await users('deactivate', 'grace')).code).toBe(0);
    expect((await users('list')).output).toMatch(/DEACTIVATED +READ_ONLY +grace\n$/);
  }, 60_000);

  test('RC-06 have their access tokens refused, and log in again', async () => {
    const password = passwordIn((await users('add', 'linus')).output);
    const token = async () => {
      const platform = await startPlatform(configOf(environment));
      const attempt = { username: 'linus', password, address: '192.0.2.1' };
      const { accessToken } = await platform.identity.logins.login(attempt, {});
      await platform.close();
      return accessToken;
    };
    const before = await token();
    expect(await isTaken(before)).toBe(true);

    expect((await users('withdraw-token-keys')).output).toMatch(/^1 key/);

    expect(await isTaken(before)).toBe(false);
    expect(await isTaken(await token())).toBe(true);
  }, 60_000);

  test.each([
    [['dance'], /use list, add, password, deactivate, withdraw-token-keys/],
    [['add'], /Say whom/],
    [['add', 'x y'], /That is no user/],
    [['add', 'eve', '--role', 'KING'], /That is no user/],
    [['password', 'nobody'], /There is no user "nobody"/],
    [['deactivate', 'ada'], /last active administrator/],
    [['add', 'ADA'], /The name|has this name/],
  ])('refuse %j with a sentence', async (words, sentence) => {
    const { code, errors } = await users(...words);
    expect(code).toBe(1);
    expect(errors).toMatch(sentence);
  });
});
