import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeKeyProviderContract } from '../key-provider.contract.ts';
import { openFileKeys } from './file-keys.ts';
import { KeyFileRefused, openKeyDirectory } from './key-directory.ts';

async function place(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-keys-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return path.join(directory, 'keys', 'key-encryption.json');
}

describeKeyProviderContract('RC-04 the file', async () => {
  const file = await place();
  return {
    provider: await openFileKeys(file),
    reopened: () => openFileKeys(file),
    shutOff: () => rm(file),
    destroy: async () => {},
  };
});

describe('RC-04 the file of key-encryption keys', () => {
  test('may be read and written by its owner only, and so may its folder', async () => {
    const file = await place();
    await (await openFileKeys(file)).create('a');

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  });

  test.each([0o640, 0o604, 0o660])('is refused with the mode %o', async (mode) => {
    const file = await place();
    const provider = await openFileKeys(file);
    const { kept } = await provider.create('a');
    await chmod(file, mode);

    await expect(openFileKeys(file)).rejects.toThrow(KeyFileRefused);
    await expect(provider.open('a', kept)).rejects.toThrow(KeyFileRefused);
    await expect(provider.create('b')).rejects.toThrow(KeyFileRefused);
  });

  test.each(['', '{}', '{"format":"another"}', 'not JSON'])('is refused as "%s"', async (text) => {
    const file = await place();
    await (await openFileKeys(file)).create('a');
    await writeFile(file, text);

    await expect(openFileKeys(file)).rejects.toThrow(KeyFileRefused);
  });

  test('loses no key when several make some at once', async () => {
    const file = await place();
    const [first, second] = [await openFileKeys(file), await openFileKeys(file)];
    const ids = Array.from({ length: 20 }, (_, at) => `k${at}`);

    const made = await Promise.all(ids.map((id, at) => (at % 2 === 0 ? first : second).create(id)));

    const anew = await openFileKeys(file);
    for (const [at, { secret, kept }] of made.entries()) {
      expect(Buffer.from(await anew.open(`k${at}`, kept)).equals(secret)).toBe(true);
    }
    expect(await readdir(path.dirname(file))).toEqual([
      'key-encryption.json',
      'key-encryption.json.lock',
    ]);
  });

  test('loses no key that another process makes, and none to one that dies', async () => {
    const file = await place();
    const program = `
      const { openFileKeys } = await import(${JSON.stringify(import.meta.resolve('./file-keys.ts'))});
      const keys = await openFileKeys(${JSON.stringify(file)});
      for (let at = 0; ; at += 1) {
        await keys.create(process.argv[1] + at);
        console.log(process.argv[1] + at);
      }`;
    const told = await Promise.all(['a', 'b', 'c'].map((name) => untilKilled(program, name)));

    const { keys } = JSON.parse(await readFile(file, 'utf8')) as { keys: object };
    expect(told.map((ids) => ids.length > 0)).toEqual([true, true, true]);
    expect(Object.keys(keys)).toEqual(expect.arrayContaining(told.flat()));
    await (await openFileKeys(file)).create('last');
    expect(await readdir(path.dirname(file))).toEqual([
      'key-encryption.json',
      'key-encryption.json.lock',
    ]);
  });

  test('holds nothing more of a key that was destroyed, and opens it no more', async () => {
    const file = await place();
    const provider = await openFileKeys(file);
    const { secret, kept } = await provider.create('a');

    await provider.destroy('a');

    expect(await readFile(file, 'utf8')).not.toContain(Buffer.from(secret).toString('base64'));
    await expect(provider.open('a', kept)).rejects.toThrow('holds no key a');
  });

  test('makes no key twice', async () => {
    const provider = await openFileKeys(await place());
    await provider.create('a');

    await expect(provider.create('a')).rejects.toThrow('holds a key a already');
  });
});

describe('RC-04 the directory of the keys', () => {
  test('is made for its owner alone', async () => {
    const directory = path.dirname(await place());
    await openKeyDirectory(directory);

    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test.each([0o750, 0o701, 0o777])('is refused with the mode %o', async (mode) => {
    const directory = path.dirname(await place());
    await openKeyDirectory(directory);
    await chmod(directory, mode);

    await expect(openKeyDirectory(directory)).rejects.toThrow('chmod 700 it');
  });

  test.each([0o640, 0o604])('is refused when any file in it has the mode %o', async (mode) => {
    const directory = path.dirname(await place());
    await openKeyDirectory(directory);
    const file = path.join(directory, 'token-keys.json');
    await writeFile(file, '{}', { mode: 0o600 });
    await openKeyDirectory(directory);
    await chmod(file, mode);

    await expect(openKeyDirectory(directory)).rejects.toThrow(`${file} may be read by others`);
  });
});

/** What a program says by the time it is killed, in the middle of whatever it does. */
async function untilKilled(program: string, word: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, word], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
    if (said.split('\n').length > 10) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return said.split('\n').slice(0, -1);
}
