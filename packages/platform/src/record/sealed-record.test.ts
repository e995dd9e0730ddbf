import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseCheckpoint } from '@counterfoil/event-store/log';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig, type Config } from '../config.ts';
import { startPlatform, type Platform } from '../platform.ts';

async function configOf(store: 'sqlite' | 'memory'): Promise<Config> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-record-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return loadConfig({
    environment: { COUNTERFOIL_STORE: store, COUNTERFOIL_DATA_DIR: directory },
  });
}

/** Adds something to the log, and answers where. */
async function check({ record }: Platform): Promise<number> {
  return (await record.checks.begin('USR-1'))?.position ?? 0;
}

test('RC-01 a log in memory is sealed and checked too', async () => {
  const platform = await startPlatform(await configOf('memory'));
  onTestFinished(platform.close);
  const position = await check(platform);
  const { log, checks } = platform.record;
  const { size } = parseCheckpoint((await log.checkpoint(position)).split('\n\n')[0] + '\n');

  expect(size).toBeGreaterThanOrEqual(position);
  expect((await log.entries(position - 1, 1))[0]?.type).toBe('LogChecked');
  await check(platform);
  expect(checks.last()).toMatchObject({ from: 1, fault: undefined });
  expect(checks.last()?.to).toBeGreaterThanOrEqual(position);
});

test('RC-01 the last checkpoint is kept outside the log when the program ends', async () => {
  const config = await configOf('sqlite');
  const platform = await startPlatform(config);
  const position = await check(platform);
  const note = await platform.record.log.checkpoint(position);
  await platform.close();

  const kept = await readFile(path.join(config.dataDirectory, 'checkpoints.txt'), 'utf8');
  expect(kept).toContain(note);
});

test('RC-01 a log that was set back is served and not sealed, and says so', async () => {
  const config = await configOf('sqlite');
  const before = await startPlatform(config);
  await check(before);
  const position = await check(before);
  await before.record.log.checkpoint(position);
  await before.close();
  const database = new DatabaseSync(path.join(config.dataDirectory, 'log.sqlite'));
  database.exec('DROP TRIGGER events_are_never_removed');
  database.exec(`DELETE FROM events WHERE position >= ${position}`);
  database.exec(`DELETE FROM schema_ranges WHERE first >= ${position}`);
  database.close();

  const failures: unknown[] = [];
  const after = await startPlatform(config, { onFailure: (failure) => failures.push(failure) });
  onTestFinished(after.close);
  await expect.poll(() => after.record.state().refusedFrom, { timeout: 20_000 }).toBe(position);

  expect(failures.join()).toContain('it was rolled back');
  await after.store.append({
    appends: [
      {
        stream: 'record-checks' as never,
        expected: 'any',
        events: [
          {
            type: 'LogChecked',
            data: {
              occasion: 'ON_DEMAND',
              from: 1,
              to: 0,
              outcome: 'WHOLE',
              badPosition: null,
              reason: null,
            },
          },
        ],
      },
    ],
    cause: { userId: 'USR-1' },
  });
  expect(after.record.state().sealedUpTo).toBe(position);
});
