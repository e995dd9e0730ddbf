import { openAsBlob } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { resumeSealing } from '@counterfoil/event-store/log';
import { describe, expect, test } from 'vitest';
import { verify } from '../../../verify/src/verify.ts';
import type { Config } from '../config.ts';
import { openSigningKeys, openStorage, openTree } from '../stores.ts';
import { startProcess } from './command-line.fixture.ts';
import { writeHistory } from './history.fixture.ts';
import { placeOn, storedLog, storeKinds, useStores } from './stores.fixture.ts';

const placeIn = useStores();

/** Seals all of the log, as a server does while it runs; answers the key that signed. */
async function seal(config: Config): Promise<string> {
  const storage = await openStorage(config);
  const tree = await openTree(config);
  const { origin, signer, publicKeys } = await openSigningKeys(config);
  const sealing = await resumeSealing({ storage, tree, origin, signer, publicKeys });
  while ((await sealing.next()) !== undefined);
  await tree.close();
  await storage.close();
  return signer.verifierKey;
}

describe.each(storeKinds)('RC-02 export of %s', (kind) => {
  test('is the whole record, which verifies offline, and only its owner may read it', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 41, 120);
    const key = await seal(place.config);
    const { length } = (await storedLog(place)).records;
    const file = place.file('record.jsonl');

    const { code, output, errors } = await place.run('export', '--to', file);

    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toContain(`${file} holds entries 1 to ${length}, as they were sealed`);
    expect(output).toContain(`counterfoil-verify ${file} --key ${key}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await verify(await openAsBlob(file), { keys: [key] })).toMatchObject({
      outcome: 'proven',
      facts: { from: 1, to: length, size: String(length) },
    });
  });

  test('is of a part, and agrees with a checkpoint of that part', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 42, 60);
    const key = await seal(place.config);
    const first = place.file('first.jsonl');
    const second = place.file('second.jsonl');

    await place.run('export', '--to', first, '--until', '30');
    const { code } = await place.run('export', '--to', second, '--from', '21', '--until', '50');

    expect(code).toBe(0);
    const kept = JSON.parse((await readFile(first, 'utf8')).trimEnd().split('\n').at(-1) ?? '') as {
      readonly note: string;
    };
    const options = { keys: [key], checkpoints: [kept.note] };
    expect(await verify(await openAsBlob(second), options)).toMatchObject({
      outcome: 'proven',
      facts: { from: 21, to: 50 },
    });
  });
});

describe('RC-02 an export that can not be made', () => {
  test.each([
    ['of what is not there', ['--from', '5', '--until', '9999'], /no entries 5 to 9999: .* sealed/],
    ['that ends before it begins', ['--from', '9', '--until', '5'], /no entries 9 to 5/],
    ['of no position', ['--from', 'june'], /--from is "june": use a position/],
  ])('%s says why, and leaves no file', async (_, range, sentence) => {
    const place = await placeOn();
    await writeHistory(place.config, 43, 20);
    await seal(place.config);

    const { code, errors } = await place.run('export', '--to', place.file('record'), ...range);

    expect(code).toBe(1);
    expect(errors).toMatch(sentence);
    expect(await readdir(place.file('.'))).toEqual(['data']);
  });

  test('as nothing was ever sealed, says so', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 44, 20);
    const { code, errors } = await place.run('export', '--to', place.file('record'));
    expect(code).toBe(1);
    expect(errors).toMatch('Nothing of this log was ever sealed');
  });

  test('into a file that is there, leaves that as it is', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 45, 20);
    await seal(place.config);
    await writeFile(place.file('record'), 'mine');
    const { code, errors } = await place.run('export', '--to', place.file('record'));
    expect(code).toBe(1);
    expect(errors).toMatch('is there already: name another file');
    expect(await readFile(place.file('record'), 'utf8')).toBe('mine');
  });
});

test('RC-02 an export that is interrupted leaves nothing', async () => {
  const place = await placeOn();
  await writeHistory(place.config, 46, 1_500);
  await seal(place.config);
  const file = place.file('record');

  const running = startProcess(['export', '--to', file], place.environment);
  while (!(await readdir(place.file('.'))).includes('record.partial')) {
    if (running.process.exitCode !== null) break;
  }
  running.process.kill('SIGINT');
  const { code, errors } = await running.ended;

  expect({ code, errors }).toEqual({ code: 130, errors: 'Stopped: nothing was exported\n' });
  expect(await readdir(place.file('.'))).toEqual(['data']);
});
