import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  copyLog,
  formatInstant,
  type EventStorage,
  type RecordedEvent,
} from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { projections } from '../read-models/projections.ts';
import { openStorage } from '../stores.ts';
import { startProcess } from './command-line.fixture.ts';
import { writeHistory } from './history.fixture.ts';
import { inReadModels } from './read-models.fixture.ts';
import {
  eventsOf,
  placeOn,
  storedFile,
  storedLog,
  storeKinds,
  upTo,
  useStores,
  type Place,
} from './stores.fixture.ts';
import { count } from './terminal.ts';
import { isUnfinished, whileUnfinished } from './unfinished-restore.ts';

const placeIn = useStores();

/** The backup of a random history, and where it came from. */
async function backupOf(seed: number, commands = 80) {
  const origin = await placeOn();
  await writeHistory(origin.config, seed, commands);
  const file = origin.file('backup');
  expect(await origin.run('backup', file)).toMatchObject({ code: 0 });
  return { origin, file, log: await storedLog(origin) };
}

async function expectSoundUpTo(place: Place, position: number): Promise<void> {
  const { code, output } = await place.run('verify');
  expect(
    output.match(new RegExp(`equal to the log up to position ${count(position)}$`, 'gm')),
  ).toHaveLength(projections.length);
  expect(code).toBe(0);
}

describe.each(storeKinds)('LG-14 restore into %s', (kind) => {
  test('of all makes the store what the backed up one was', async () => {
    const { file, log } = await backupOf(50);
    const place = await placeIn(kind);
    const { code, output, errors } = await place.run('restore', file);

    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(
      new RegExp(`^The log is restored up to position ${log.records.length}, recorded at `),
    );
    expect(await storedLog(place)).toEqual(log);
    await expectSoundUpTo(place, log.records.length);
    // What comes beside a database in use is gone, and the backup is as it was.
    expect(await readdir(path.dirname(file))).toEqual(['backup', 'data']);
    expect(await storedFile(file)).toEqual(log);
  });

  test('to a position leaves out what came later, and the store goes on from there', async () => {
    const { file, log, origin } = await backupOf(51);
    const place = await placeIn(kind);

    expect(await place.run('restore', file, '--to', '60')).toMatchObject({ code: 0 });

    expect(await storedLog(place)).toEqual(upTo(log, 60));
    await expectSoundUpTo(place, 60);
    await writeHistory(place.config, 52, 20);
    expect((await eventsOf(place)).slice(0, 60)).toEqual((await eventsOf(origin)).slice(0, 60));
    expect(await place.run('rebuild')).toMatchObject({ code: 0 });
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });

  test('to a moment takes what was recorded by it', async () => {
    const { file, log, origin } = await backupOf(53);
    const events = await eventsOf(origin);
    const { recordedAt } = events[59] as RecordedEvent;
    const last = events.filter((event) => event.recordedAt <= recordedAt).length;
    const place = await placeIn(kind);

    const { code, output } = await place.run('restore', file, '--to', formatInstant(recordedAt));

    expect(code).toBe(0);
    expect(output).toContain(`up to position ${last}, recorded at ${formatInstant(recordedAt)}\n`);
    expect(await storedLog(place)).toEqual(upTo(log, last));
    await expectSoundUpTo(place, last);
  });

  test('of a store that holds a log is refused and changes nothing', async () => {
    const { file } = await backupOf(54);
    const place = await placeIn(kind);
    await writeHistory(place.config, 55, 20);
    await place.run('rebuild');
    const before = await storedLog(place);

    const { code, output, errors } = await place.run('restore', file);

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(
      new RegExp(`holds a log of ${before.records.length} events: restore into an empty`),
    );
    expect(await storedLog(place)).toEqual(before);
    await expectSoundUpTo(place, before.records.length);
  });

  test('replaces read models that another log has left', async () => {
    const { file, log } = await backupOf(56);
    const place = await placeIn(kind);
    await writeHistory(place.config, 57, 200);
    await place.run('rebuild');
    await dropLog(place);

    expect(await place.run('restore', file)).toMatchObject({ code: 0 });

    await expectSoundUpTo(place, log.records.length);
  });

  test.each([
    ['1000000', /^Not restored: the backup ends at position \d+, before 1,000,000$/m],
    ['0', /^Not restored: the backup holds nothing up to there$/m],
    ['2001-01-01T00:00:00Z', /^Not restored: the backup holds nothing up to there$/m],
    ['2026-11-02', /^--to is "2026-11-02": use a position/m],
    ['-5', /^--to is "-5": use a position/m],
  ])('--to %s is refused and changes nothing', async (to, sentence) => {
    const { file } = await backupOf(58, 20);
    const place = await placeIn(kind);

    const { code, output, errors } = await place.run('restore', file, `--to=${to}`);

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(existsSync(place.config.dataDirectory)).toBe(false);
    expect((await storedLog(place)).records).toEqual([]);
  });
});

/** Takes the log away, and leaves its read models. */
async function dropLog(place: Place): Promise<void> {
  if (place.config.store.kind === 'sqlite') await rm(logOf(place));
  else
    await inReadModels(place, (kysely) => sql`drop schema counterfoil_log cascade`.execute(kysely));
}

function logOf({ config }: Place): string {
  return path.join(config.dataDirectory, 'log.sqlite');
}

describe('LG-14 restore in place', () => {
  test('keeps the log before under a dated name, from where it can be brought back', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 60, 40);
    const file = place.file('backup');
    await place.run('backup', file);
    await writeHistory(place.config, 61, 40);
    await place.run('rebuild');
    const before = await storedLog(place);

    const restored = await place.run('restore', file, '--in-place', '--to', '30');

    expect(restored).toMatchObject({ code: 0, errors: '' });
    const [, kept = ''] = /^The log before is kept as (.*)$/m.exec(restored.output) ?? [];
    expect(path.dirname(kept)).toBe(place.config.dataDirectory);
    expect(path.basename(kept)).toMatch(/^log\.sqlite\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/);
    expect((await storedLog(place)).records).toHaveLength(30);
    await expectSoundUpTo(place, 30);

    expect(await place.run('restore', kept, '--in-place')).toMatchObject({ code: 0 });
    expect(await storedLog(place)).toEqual(before);
    await expectSoundUpTo(place, before.records.length);
  });

  test('is refused while a server has the log open', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 62, 20);
    const file = place.file('backup');
    await place.run('backup', file);
    const server = startProcess(['serve'], { ...place.environment, COUNTERFOIL_PORT: '0' });
    await server.said(/listens on/);

    const { code, errors } = await place.run('restore', file, '--in-place');

    expect(code).toBe(1);
    expect(errors).toBe(`Another process has ${logOf(place)} open: stop the server first\n`);
    server.process.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(await place.run('restore', file, '--in-place')).toMatchObject({ code: 0 });
  });

  test(
    'killed again and again leaves one log or the other, whole',
    { timeout: 240_000 },
    async () => {
      const place = await placeOn();
      await writeHistory(place.config, 63, 1_000);
      const file = place.file('backup');
      await place.run('backup', file);
      const whole = await storedLog(place);
      const [before, after] = [upTo(whole, 100), upTo(whole, 900)];
      await place.run('restore', file, '--in-place', '--to', '100');
      let killed = 0;
      for (let delayMs = 300; ; delayMs += 80) {
        const running = startProcess(
          ['restore', file, '--in-place', '--to', '900'],
          place.environment,
        );
        await sleep(delayMs);
        running.process.kill('SIGKILL');
        const { code } = await running.ended;
        if (code === 0) break;
        killed += 1;
        expect(existsSync(logOf(place))).toBe(true);
        const present = await storedLog(place);
        expect(present).toEqual(present.records.length === 100 ? before : after);
      }
      expect(killed).toBeGreaterThan(0);
      expect(await storedLog(place)).toEqual(after);
      await expectSoundUpTo(place, 900);
    },
  );

  test('stopped with Ctrl-C leaves the log as it was, and the same command goes on', async () => {
    const { file, log } = await backupOf(65, 4_000);
    const place = await placeOn();
    await writeHistory(place.config, 66, 20);
    const before = await storedLog(place);
    const command = ['restore', file, '--in-place'];
    const running = startProcess(command, place.environment);
    while (!existsSync(`${logOf(place)}.restoring`) && running.process.exitCode === null)
      await sleep(1);
    running.process.kill('SIGINT');

    expect(await running.ended).toMatchObject({
      code: 130,
      errors: expect.stringContaining(
        'Stopped: start the same command again to continue',
      ) as string,
    });
    expect(await storedLog(place)).toEqual(before);
    expect(await place.run(...command)).toMatchObject({ code: 0 });
    expect(await storedLog(place)).toEqual(log);
  });

  test('goes on with what an interrupted one has built', async () => {
    const { file, log } = await backupOf(64);
    const place = await placeOn();
    const building = `${logOf(place)}.restoring`;
    await mkdir(place.config.dataDirectory);
    await copyPart(file, await openSqliteStorage({ file: building }), 40);
    const { ino } = await stat(building);

    expect(await place.run('restore', file)).toMatchObject({ code: 0 });

    expect(await storedLog(place)).toEqual(log);
    expect((await stat(logOf(place))).ino).toBe(ino);
  });
});

/** Copies the beginning of a backup, as a restore that is interrupted does. */
async function copyPart(file: string, target: EventStorage, position: number): Promise<void> {
  const source = await openSqliteStorage({ file });
  await copyLog(source, target, { end: { kind: 'position', position } });
  await target.close();
  await source.close();
}

describe('LG-14 an unfinished restore into PostgreSQL', () => {
  const others = [
    ['serve'],
    ['import', 'trades', 'package.json'],
    ['replay'],
    ['rebuild'],
    ['verify'],
    ['backup', 'somewhere'],
  ];

  test('is refused by every other command until it is finished', async () => {
    const { file, log } = await backupOf(70);
    const place = await placeIn('PostgreSQL');
    const copying = async () => copyPart(file, await openStorage(place.config), 40);
    await whileUnfinished(place.config, copying, () => false);

    for (const command of others) {
      expect(await place.run(...command)).toEqual({
        code: 1,
        output: '',
        errors:
          'The store holds a restore that was not finished: start the same "counterfoil restore" again\n',
      });
    }
    expect(await place.run('restore', file)).toMatchObject({ code: 0, errors: '' });

    expect(await storedLog(place)).toEqual(log);
    await expectSoundUpTo(place, log.records.length);
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('by %s goes on where it was', async (signal) => {
    const { file, log } = await backupOf(71, 2_500);
    const place = await placeIn('PostgreSQL');
    const running = startProcess(['restore', file], place.environment);
    while (!(await isUnfinished(place.config))) await sleep(5);
    running.process.kill(signal);

    expect(await running.ended).toMatchObject({ code: signal === 'SIGINT' ? 130 : null });
    expect(await place.run('verify')).toMatchObject({ code: 1, output: '' });
    expect(await place.run('restore', file)).toMatchObject({ code: 0 });

    expect(await storedLog(place)).toEqual(log);
    await expectSoundUpTo(place, log.records.length);
  });
});

describe('LG-14 restore from', () => {
  test.each([
    ['what is not there', () => undefined, /^.*backup is no backup of a log$/m],
    [
      'something else',
      (file: string) => writeFile(file, 'x'.repeat(100)),
      /is no backup of a log$/m,
    ],
    ['an empty file', (file: string) => writeFile(file, ''), /is no backup of a log$/m],
    ['a directory', (file: string) => mkdir(file), /is no backup of a log$/m],
    ['a damaged backup', damagedBackup, /^Not restored: .*backup is damaged: /m],
  ])('%s is refused and changes nothing', async (_, make, sentence) => {
    const place = await placeOn();
    await writeHistory(place.config, 80, 20);
    const before = await storedLog(place);
    await make(place.file('backup'));

    const { code, output, errors } = await place.run('restore', place.file('backup'), '--in-place');

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(await storedLog(place)).toEqual(before);
  });

  test('the log itself is refused', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 81, 20);
    const before = await storedLog(place);

    expect(await place.run('restore', logOf(place), '--in-place', '--to', '5')).toMatchObject({
      code: 1,
      errors: `${logOf(place)} is the log itself: make a backup of it, and restore that\n`,
    });
    expect(await storedLog(place)).toEqual(before);
  });

  test('where this user may not write is refused with what to do', async () => {
    const { file, origin } = await backupOf(82, 20);
    // To root nothing is forbidden.
    const isRoot = process.getuid?.() === 0;
    const nobody = 65_534;
    const data = origin.file('other');
    await mkdir(data);
    if (isRoot) await chown(data, nobody, nobody);
    await chmod(file, 0o444);
    await chmod(origin.file('.'), 0o555);
    const environment = { ...origin.environment, COUNTERFOIL_DATA_DIR: data };

    const running = startProcess(['restore', file], environment, isRoot ? { uid: nobody } : {});
    const { code, errors } = await running.ended;

    await chmod(origin.file('.'), 0o755);
    expect(code).toBe(1);
    expect(errors).toContain(`This user may not write ${file} or its directory`);
    expect(await readdir(data)).toEqual([]);
  });
});

async function damagedBackup(file: string): Promise<void> {
  const origin = await placeOn();
  await writeHistory(origin.config, 83, 200);
  await origin.run('backup', file);
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xa5, 4 * 4096, 8 * 4096));
}
