import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { instantFromMilliseconds } from '@counterfoil/event-store';
import { checkpointText, openCheckpoint, parseVerifierKey } from '@counterfoil/event-store/log';
import { expect, onTestFinished, test } from 'vitest';
import { openLogKeys, renewLogKey, type LogKeysOptions } from './log-keys.ts';

const clock = () => instantFromMilliseconds(1_790_000_000_000);

async function place(origin?: string): Promise<LogKeysOptions & { readonly file: string }> {
  const home = await mkdtemp(path.join(tmpdir(), 'counterfoil-keys-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const directory = path.join(home, 'keys');
  return { directory, origin, clock, file: path.join(directory, 'log-signing-keys.json') };
}

test('RC-01 the first start makes a name and a key, and later ones find them', async () => {
  const at = await place();
  const first = await openLogKeys(at);
  const second = await openLogKeys(at);

  expect(first.origin).toMatch(/^counterfoil\.local\/[0-9a-f]{8}$/);
  expect(second.origin).toBe(first.origin);
  expect(second.publicKeys).toEqual(first.publicKeys);
  expect(second.signer.sign('a\n')).toBe(first.signer.sign('a\n'));
});

test('RC-01 processes that start at once have one key', async () => {
  const at = await place();
  const all = await Promise.all(Array.from({ length: 8 }, () => openLogKeys(at)));

  expect(new Set(all.map(({ publicKeys }) => publicKeys.join())).size).toBe(1);
});

test('RC-01 nobody else may read the private key: such a file is refused', async () => {
  const at = await place();
  await openLogKeys(at);
  expect((await stat(at.file)).mode & 0o777).toBe(0o600);
  expect((await stat(at.directory)).mode & 0o777).toBe(0o700);

  await chmod(at.file, 0o640);
  await expect(openLogKeys(at)).rejects.toThrow('others may read it: chmod 600');
});

test('RC-01 a log keeps its name', async () => {
  const at = await place('example.com/log');
  const { origin } = await openLogKeys(at);
  expect(origin).toBe('example.com/log');

  await expect(openLogKeys({ ...at, origin: 'example.com/other' })).rejects.toThrow(
    'a log keeps its name',
  );
});

test('RC-01 after a rotation the new key signs, and what the old one signed is still verified', async () => {
  const at = await place();
  const before = await openLogKeys(at);
  const { origin } = before;
  const text = checkpointText({ origin, size: 1, root: Buffer.alloc(32) });
  const early = before.signer.sign(text);
  const [old = ''] = before.publicKeys;
  const privateKey = JSON.parse(await readFile(at.file, 'utf8')).keys[0].private_key as string;

  await renewLogKey(at);
  const after = await openLogKeys(at);
  const verifiers = after.publicKeys.map(parseVerifierKey);

  expect(after.publicKeys).toEqual([after.signer.verifierKey, old]);
  expect(after.signer.verifierKey).not.toBe(old);
  expect(openCheckpoint(early, origin, verifiers).size).toBe(1);
  expect(openCheckpoint(after.signer.sign(text), origin, verifiers).size).toBe(1);
  expect(await readFile(at.file, 'utf8')).not.toContain(privateKey);
});
