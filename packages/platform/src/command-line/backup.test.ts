import { existsSync } from 'node:fs';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyLog } from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { describe, expect, test } from 'vitest';
import { openStorage } from '../stores.ts';
import { startProcess, type RunningCommand } from './command-line.fixture.ts';
import { openHistory, writeHistory } from './history.fixture.ts';
import {
  placeOn,
  storedFile,
  storedLog,
  storeKinds,
  upTo,
  useStores,
  type Place,
} from './stores.fixture.ts';

const placeIn = useStores();

async function positionOf(place: Place): Promise<number> {
  return (await storedLog(place)).records.length;
}

/** Resolves when a backup has begun to copy, or has ended. */
async function begun({ process }: RunningCommand, file: string): Promise<void> {
  while (!existsSync(`${file}.partial`) && process.exitCode === null) await sleep(1);
}

/** Leaves in a file what a copy has done when it is interrupted at a position. */
async function copyUpTo(place: Place, file: string, position: number): Promise<void> {
  const source = await openStorage(place.config);
  const target = await openSqliteStorage({ file });
  await copyLog(source, target, { end: { kind: 'position', position } });
  await target.close();
  await source.close();
}

describe.each(storeKinds)('LG-14 backup of %s', (kind) => {
  test('holds every event and claim as they are stored, in one file that only its owner may read', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 30, 120);
    const log = await storedLog(place);
    const file = place.file('backup');

    const { code, output, errors } = await place.run('backup', file);

    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toBe(`${file} holds the log up to position ${log.records.length}\n`);
    // Among the data are keys, whatever holds the log.
    expect(await readdir(place.file('.'))).toEqual(['backup', 'data']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await storedFile(file)).toEqual(log);
  });

  test('is the log at one position while it is written', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 31, 300);
    const before = await positionOf(place);
    const history = await openHistory(place.config, 32);
    const file = place.file('backup');
    let isOver = false;
    const write = async () => {
      while (!isOver) await history.act(20);
    };

    const [backup] = await Promise.all([
      place.run('backup', file).finally(() => {
        isOver = true;
      }),
      write(),
    ]);

    await history.close();
    expect(backup).toMatchObject({ code: 0, errors: '' });
    const copied = await storedFile(file);
    expect(copied.records.length).toBeGreaterThanOrEqual(before);
    expect(copied).toEqual(upTo(await storedLog(place), copied.records.length));
  });

  test('is brought up to date in place', async () => {
    const place = await placeIn(kind);
    const file = place.file('backup');
    await writeHistory(place.config, 33, 60);
    await place.run('backup', file);
    const { ino } = await stat(file);
    await writeHistory(place.config, 34, 60);

    expect(await place.run('backup', file)).toMatchObject({ code: 0 });

    expect(await storedFile(file)).toEqual(await storedLog(place));
    expect((await stat(file)).ino).toBe(ino);
  });

  test('goes on with what an interrupted one has left', async () => {
    const place = await placeIn(kind);
    const file = place.file('backup');
    await writeHistory(place.config, 35, 60);
    await copyUpTo(place, `${file}.partial`, 40);
    const { ino } = await stat(`${file}.partial`);

    expect(await place.run('backup', file)).toMatchObject({ code: 0 });

    expect(await storedFile(file)).toEqual(await storedLog(place));
    expect((await stat(file)).ino).toBe(ino);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  test('throws away what an interrupted one of another log has left', async () => {
    const other = await placeOn();
    await writeHistory(other.config, 36, 20);
    const place = await placeIn(kind);
    const file = place.file('backup');
    await writeHistory(place.config, 37, 60);
    await copyUpTo(other, `${file}.partial`, 10);

    expect(await place.run('backup', file)).toMatchObject({ code: 0 });

    expect(await storedFile(file)).toEqual(await storedLog(place));
  });

  test('never replaces the backup of another log', async () => {
    const other = await placeOn();
    await writeHistory(other.config, 38, 20);
    const place = await placeIn(kind);
    await writeHistory(place.config, 39, 60);
    const file = place.file('backup');
    await other.run('backup', file);
    const before = await storedFile(file);

    const { code, errors } = await place.run('backup', file);

    expect(code).toBe(1);
    expect(errors).toBe(
      `${file} is a backup of another log, or of more than this one: name another file\n`,
    );
    expect(await storedFile(file)).toEqual(before);
  });
});

describe('LG-14 backup', () => {
  test(
    'killed again and again never leaves a half file under its name',
    { timeout: 240_000 },
    async () => {
      const place = await placeOn();
      await writeHistory(place.config, 40, 1_500);
      const log = await storedLog(place);
      const file = place.file('backup');
      let killed = 0;
      // Later and later, so that one comes through.
      for (let delayMs = 0; ; delayMs += 40) {
        const running = startProcess(['backup', file], place.environment);
        await begun(running, file);
        await sleep(delayMs);
        running.process.kill('SIGKILL');
        const { code } = await running.ended;
        if (code === 0) break;
        killed += 1;
        if (existsSync(file)) expect(await storedFile(file)).toEqual(log);
      }
      expect(killed).toBeGreaterThan(0);
      expect(await storedFile(file)).toEqual(log);
    },
  );

  test('stopped with Ctrl-C says so, and the same command goes on', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 41, 4_000);
    const file = place.file('backup');
    const running = startProcess(['backup', file], place.environment);
    await begun(running, file);
    running.process.kill('SIGINT');

    const { code, errors } = await running.ended;

    expect(code).toBe(130);
    expect(errors).toMatch(
      /^Stopped at position [\d,]+: start the same command again to continue$/m,
    );
    expect(existsSync(file)).toBe(false);
    expect(await place.run('backup', file)).toMatchObject({ code: 0 });
    expect(await storedFile(file)).toEqual(await storedLog(place));
  });

  test.each([
    [
      'its own log',
      (place: Place) => path.join(place.config.dataDirectory, 'log.sqlite'),
      /is the log itself: name another file/,
    ],
    ['its own log by another name', linkToLog, /is the log itself: name another file/],
    [
      'a file of something else',
      somethingElse,
      /is there, and is no backup of a log: name another file/,
    ],
    ['a directory', (place: Place) => place.file('data'), /is there, and is no backup of a log/],
    [
      'a directory that is not there',
      (place: Place) => place.file('nowhere/backup'),
      /There is no directory .*nowhere: make it first/,
    ],
  ])('into %s is refused', async (_, target, sentence) => {
    const place = await placeOn();
    await writeHistory(place.config, 42, 20);
    const file = await target(place);
    const before = await storedLog(place);
    const content = await readFile(file).catch(() => undefined);

    const { code, output, errors } = await place.run('backup', file);

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(await storedLog(place)).toEqual(before);
    expect(existsSync(`${file}.partial`)).toBe(false);
    if (file === place.file('notes')) expect(await readFile(file)).toEqual(content);
  });
});

async function linkToLog(place: Place): Promise<string> {
  const name = place.file('alias');
  await symlink(path.join(place.config.dataDirectory, 'log.sqlite'), name);
  return name;
}

async function somethingElse(place: Place): Promise<string> {
  await writeFile(place.file('notes'), 'to whom it may concern');
  return place.file('notes');
}
