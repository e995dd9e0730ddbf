import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { streamId } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { openKeys } from '../key-stores.ts';
import type { OpenedKeys } from '../vault/opened-keys.ts';
import { configOf, environmentOf, runHere, temporaryDirectory } from './command-line.fixture.ts';
import { writeHistory } from './history.fixture.ts';

const first = streamId('account-A-0');

async function place() {
  const directory = await temporaryDirectory();
  const environment = environmentOf(directory);
  await writeHistory(configOf(environment), 1, 0);
  const keyFile = path.join(directory, 'keys', 'key-encryption.json');
  return {
    environment,
    keyFile,
    keyStore: path.join(directory, 'keys', 'keys.sqlite'),
    backup: path.join(directory, 'backup.jsonl'),
    run: (...words: readonly string[]) => runHere(['keys', ...words], environment),
    on: async <Result>(work: (keys: OpenedKeys) => Promise<Result>): Promise<Result> => {
      const keys = await openKeys(configOf(environment));
      try {
        return await work(keys);
      } finally {
        await keys.close();
      }
    },
  };
}

describe('RC-04 counterfoil keys', () => {
  test('lists the key-encryption key and counts whom it serves', async () => {
    const { run } = await place();

    const { code, output } = await run('list');

    expect(code).toBe(0);
    expect(output).toMatch(
      /^kek-[0-9a-f]{16} {2}since \d{4}-.*Z {2}current\n4 subjects with a key, 0 erased\n$/,
    );
  });

  test('rotates: another key, and every subject under it', async () => {
    const { run, keyFile } = await place();
    const before = await readFile(keyFile, 'utf8');

    const { code, output } = await run('rotate');

    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/^kek-\S+ is the key-encryption key now: 4 keys wrapped anew\n$/),
    ]);
    expect(await readFile(keyFile, 'utf8')).not.toBe(before);
    expect((await run('list')).output).toContain('4 subjects with a key');
  });

  test('brings back what it backed up, but nobody who was erased since', async () => {
    const { run, on, backup, keyStore } = await place();
    await run('backup', backup);
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    await on(({ vault }) => vault.erase(first));

    expect((await run('restore', backup)).output).toBe(
      '0 keys restored, 4 there before, 0 erased, 0 lost\n',
    );
    expect(await on(({ vault }) => vault.open(first, 'open Ada'))).toBeUndefined();

    for (const end of ['', '-wal', '-shm']) await rm(keyStore + end, { force: true });
    expect((await run('restore', backup)).output).toBe(
      '4 keys restored, 0 there before, 0 erased, 0 lost\n',
    );
  });

  test('erases whom the backup knows as erased', async () => {
    const { run, on, backup, keyStore } = await place();
    await on(({ vault }) => vault.erase(first));
    await run('backup', backup);
    for (const end of ['', '-wal', '-shm']) await rm(keyStore + end, { force: true });

    expect((await run('restore', backup)).output).toBe(
      '3 keys restored, 0 there before, 1 erased, 0 lost\n',
    );
    expect((await run('list')).output).toContain('3 subjects with a key, 1 erased');
  });

  test('takes no line that another has written, and loses no key to one', async () => {
    const { run, on, backup } = await place();
    await on(({ vault }) => vault.erase(streamId('account-GONE')));
    await run('backup', backup);
    const whole = await readFile(backup, 'utf8');
    const lines = whole.split('\n');
    const forged = `{"kind":"erased","subject":"${first}","at":1}`;
    const spoilt: readonly (readonly [string, string])[] = [
      [lines.toSpliced(-2, 0, forged).join('\n'), 'is not as it was written'],
      [lines.toSpliced(4, 1).join('\n'), 'is not as it was written'],
      [whole.replace(/"at":\d+/, '"at":1'), 'is not as it was written'],
      [[...lines.slice(0, -1), forged, ''].join('\n'), 'is behind its end'],
      [lines.toSpliced(-2, 1).join('\n'), 'its end is missing'],
      [lines.toSpliced(1, 0, forged).join('\n'), 'is not as it was written'],
    ];
    for (const [text, sentence] of spoilt) {
      await writeFile(backup, text);
      const { code, errors } = await run('restore', backup);
      expect([code, errors]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect((await run('list')).output).toContain('4 subjects with a key, 1 erased');
  });

  test('destroys no key that is in use, though an older backup knows its subject as erased', async () => {
    const { run, on, backup, keyStore } = await place();
    await on(({ vault }) => vault.erase(first));
    await run('backup', backup);
    for (const end of ['', '-wal', '-shm']) await rm(keyStore + end, { force: true });
    await on(({ vault }) => vault.hold(first, 'Ada'));

    await run('restore', backup);

    expect(await on(({ vault }) => vault.open(first, 'open Ada'))).toBe('Ada');
  });

  test('says when nobody can open a backup any more', async () => {
    const { run, backup, keyStore } = await place();
    await run('backup', backup);
    await run('rotate');
    for (const end of ['', '-wal', '-shm']) await rm(keyStore + end, { force: true });

    const { output, errors } = await run('restore', backup);

    expect(output).toBe('');
    expect(errors).toMatch(/kek-\S+ can't be opened, .* destroyed by a rotation/);
  });

  test.each([
    [['list', 'all'], 0, ''],
    [['burn'], 1, '"burn" can\'t be done about keys: say one of list, rotate, backup, restore'],
    [['backup'], 1, 'Name the file of the backup behind the action'],
    [['restore', '/nowhere/keys.jsonl'], 1, 'There is no file /nowhere/keys.jsonl'],
  ])('with %j ends with %i: %s', async (words, code, errors) => {
    const { run } = await place();

    const end = await run(...words);

    expect([end.code, end.errors]).toEqual([code, expect.stringContaining(errors)]);
  });

  test('takes no other file for a backup of keys, and writes over none', async () => {
    const { run, backup } = await place();
    await writeFile(backup, '{"kind":"export"}\n');

    expect((await run('restore', backup)).errors).toContain('line 1 is not of a backup of keys');
    expect((await run('backup', backup)).errors).toContain('is there already');
  });
});
