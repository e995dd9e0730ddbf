import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { resumeSealing } from '@counterfoil/event-store/log';
import { describe, expect, test } from 'vitest';
import { verify } from '../../../verify/src/verify.ts';
import type { Config } from '../config.ts';
import { openSigningKeys, openStorage, openTree } from '../stores.ts';
import { configOf, environmentOf, runHere, temporaryDirectory } from './command-line.fixture.ts';
import { openHistory, writeHistory } from './history.fixture.ts';

/** As a server does while it runs; answers the key that signed, and how many entries there are. */
async function seal(config: Config): Promise<{ readonly key: string; readonly size: number }> {
  const storage = await openStorage(config);
  const tree = await openTree(config);
  const { origin, signer, publicKeys } = await openSigningKeys(config);
  const sealing = await resumeSealing({ storage, tree, origin, signer, publicKeys });
  while ((await sealing.next()) !== undefined);
  const { position: size } = await storage.head();
  await tree.close();
  await storage.close();
  return { key: signer.verifierKey, size };
}

async function place() {
  const environment = environmentOf(await temporaryDirectory());
  const config = configOf(environment);
  const directory = await temporaryDirectory();
  await writeHistory(config, 7, 40);
  return {
    config,
    directory,
    run: (until: string, to = directory) =>
      runHere(['archive', '--until', until, '--to', to], environment),
    /** What each file proves, given the key. */
    proven: async (key: string) => {
      const found = [];
      for (const name of (await readdir(directory)).toSorted()) {
        const content = gunzipSync(await readFile(path.join(directory, name)));
        found.push([name, await verify(new Blob([content]), { keys: [key] })]);
      }
      return found;
    },
  };
}

describe('RC-03 counterfoil archive', () => {
  test('writes a compressed file that verifies offline and only its owner may read', async () => {
    const { config, directory, run, proven } = await place();
    const { key, size } = await seal(config);

    const { code, output } = await run('2100-01-01');

    expect(code).toBe(0);
    expect(output).toContain(`holds entries 1 to ${size}\n`);
    const name = `entries-1-${size}.jsonl.gz`;
    expect(await proven(key)).toMatchObject([
      [name, { outcome: 'proven', facts: { from: 1, to: size } }],
    ]);
    expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600);
  });

  test('goes on behind what is archived, and leaves what is', async () => {
    const { config, run, proven } = await place();
    const { size: before } = await seal(config);
    await run('2100-01-01');
    await run('2100-01-01');
    const more = await openHistory(config, 8);
    await more.act(10);
    await more.close();
    const { key, size } = await seal(config);

    await run('2100-01-01');

    expect(await proven(key)).toMatchObject([
      [`entries-1-${before}.jsonl.gz`, { outcome: 'proven', facts: { from: 1, to: before } }],
      [
        `entries-${before + 1}-${size}.jsonl.gz`,
        { outcome: 'proven', facts: { from: before + 1, to: size } },
      ],
    ]);
  });

  test('takes only what was recorded before the day', async () => {
    const { config, directory, run } = await place();
    const { size } = await seal(config);

    // All of it was recorded on one day.
    const { code, output } = await run('2026-11-02');
    expect([code, output]).toEqual([0, 'Nothing was recorded before 2026-11-02\n']);
    expect(await readdir(directory)).toEqual([]);
    await run('2026-11-03');
    expect(await readdir(directory)).toEqual([`entries-1-${size}.jsonl.gz`]);
  });

  test('takes what is sealed, and says what is left, while the server is not done with the rest', async () => {
    const { config, run, proven } = await place();
    const { key, size } = await seal(config);
    const more = await openHistory(config, 8);
    await more.act(10);
    await more.close();

    const { code, errors } = await run('2100-01-01');

    expect([code, errors]).toEqual([0, expect.stringMatching(/^\d+ more are not sealed yet/)]);
    expect(await proven(key)).toMatchObject([
      [`entries-1-${size}.jsonl.gz`, { outcome: 'proven', facts: { from: 1, to: size } }],
    ]);
  });

  test('says when a file of it is gone, when there is no such day, and no such directory', async () => {
    const { config, directory, run } = await place();
    await seal(config);
    await run('2100-01-01');
    const more = await openHistory(config, 8);
    await more.act(10);
    await more.close();
    await seal(config);
    await run('2100-01-01');
    const [first = ''] = (await readdir(directory)).toSorted();
    await rm(path.join(directory, first));

    expect((await run('2100-01-01')).errors).toContain('has no file of entry 1: bring it back');
    expect((await run('soon')).errors).toContain('--until is "soon": use a day');
    expect((await run('2100-01-01', '/nowhere')).errors).toContain(
      'There is no directory /nowhere',
    );
  });
});
