import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { startProcess } from './command-line.fixture.ts';
import { writeHistory } from './history.fixture.ts';
import { placeOn, storedLog } from './stores.fixture.ts';

const commands = ['serve', 'import', 'replay', 'rebuild', 'verify', 'backup', 'restore'];
const onLogs = [['replay'], ['rebuild'], ['verify'], ['backup', 'somewhere']];

describe('OP-01 the command line', () => {
  test('lists its commands, and helps with each', async () => {
    const { environment } = await placeOn();

    const { code, output } = await startProcess(['--help'], environment).ended;

    expect(code).toBe(0);
    for (const command of commands) expect(output).toMatch(new RegExp(`^  ${command} `, 'm'));
    const pages = commands.map((command) => startProcess([command, '--help'], environment).ended);
    for (const [at, page] of (await Promise.all(pages)).entries()) {
      expect(page).toMatchObject({ code: 0, errors: '' });
      expect(page.output).toMatch(new RegExp(`^Usage: counterfoil ${commands[at]} `));
      expect(page.output).toContain(`\nExamples:\n  counterfoil ${commands[at]}`);
    }
  });

  test('says its version', async () => {
    const { environment } = await placeOn();

    expect(await startProcess(['--version'], environment).ended).toEqual({
      code: 0,
      output: `${packageJson.version}\n`,
      errors: '',
    });
  });

  test.each([
    [[], /^Usage: counterfoil \[options\] \[command\]$/m],
    [['reconcile'], /^error: unknown command 'reconcile'$/m],
    [['verify', '--fast'], /^error: unknown option '--fast'$/m],
    [['verify', 'now'], /^error: too many arguments/m],
    [['backup'], /^error: missing required argument 'file'$/m],
    [['restore'], /^error: missing required argument 'backup'$/m],
    [['import', 'trades'], /^error: missing required argument 'file'$/m],
    [['replay', '--from'], /^error: option '--from <position>' argument missing$/m],
    [['replay', '--type'], /^error: option '--type <types...>' argument missing$/m],
  ])('refuses %j with 1, on standard error, and makes nothing', async (args, sentence) => {
    const { environment, config } = await placeOn();

    const { code, output, errors } = await startProcess(args, environment).ended;

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(existsSync(config.dataDirectory)).toBe(false);
  });
});

describe('OP-01 a command', () => {
  test.each([
    [['replay', '--from', '0'], /^--from is "0": use a position from 1 up\n$/],
    [['replay', '--from', '1.5'], /^--from is "1.5": use a position from 1 up\n$/],
    [
      ['replay', '--to', 'yesterday'],
      /^--to is "yesterday": use a position, such as 1200, or a moment/,
    ],
    [['replay', '--to', '2026-05-20T13:30:00'], /^--to is .* with its offset from UTC, such as/],
    [
      ['replay', '--type', 'TradeBooked', 'Trade'],
      /^There is no event type "Trade". There are AccountOpened, /,
    ],
    [
      ['replay', '--stream', 'account-nobody'],
      /^There is no stream account-nobody: streams are called account-/,
    ],
    [['rebuild', 'holdings'], /^There is no read model "holdings". There are accounts, /],
    [['import', 'dividends', 'file.csv'], /^"dividends" can't be imported: name one of accounts, /],
    [['import', 'trades', 'no-such.csv'], /^no-such.csv can't be read: there is no such file\n$/],
    [['verify', '--config', 'no-such.json'], /^no-such.json can't be read as JSON: /i],
  ])('%j is refused with 1 and one sentence, and changes nothing', async (args, sentence) => {
    const place = await placeOn();
    await writeHistory(place.config, 90, 20);
    const before = await storedLog(place);

    const { code, output, errors } = await place.run(...args);

    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect(await storedLog(place)).toEqual(before);
  });

  test.each(onLogs)('%s of a directory without a log says so and makes none', async (...args) => {
    const { run, config } = await placeOn();

    expect(await run(...args)).toEqual({
      code: 1,
      output: '',
      errors: `There is no log in ${config.dataDirectory}: set COUNTERFOIL_DATA_DIR to the directory that holds it\n`,
    });
    expect(existsSync(config.dataDirectory)).toBe(false);
  });

  test.each([...onLogs, ['restore', 'somewhere'], ['import', 'trades', 'some.csv']])(
    '%s of a store in memory is refused',
    async (...args) => {
      const place = await placeOn('memory');

      expect(await place.run(...args)).toEqual({
        code: 1,
        output: '',
        errors:
          'A store in memory holds nothing when the command begins: set COUNTERFOIL_STORE to another\n',
      });
    },
  );

  test.each([...onLogs, ['import', 'trades', 'some.csv'], ['serve']])(
    '%s says which database can not be reached, without its password',
    async (...args) => {
      const place = await placeOn('postgres://somebody:secret@127.0.0.1:1/nowhere');
      await writeFile(place.file('some.csv'), 'account_id,trade_id,side,symbol,quantity,price\n');

      const { code, output, errors } = await place.run(
        ...args.map((argument) => (argument === 'some.csv' ? place.file(argument) : argument)),
      );

      expect({ code, output }).toEqual({ code: 1, output: '' });
      expect(errors).toMatch(
        /^The database at 127\.0\.0\.1:1\/nowhere can't be used: .*ECONNREFUSED.*; check that it runs and that COUNTERFOIL_STORE names it\n$/,
      );
    },
  );

  test('takes settings from the file that --config names', async () => {
    const { config, file } = await placeOn();
    await writeHistory(config, 91, 10);
    await writeFile(file('settings.json'), JSON.stringify({ dataDirectory: config.dataDirectory }));
    const elsewhere = { COUNTERFOIL_STORE: 'sqlite' };

    const { code, output } = await startProcess(
      ['replay', '--config', file('settings.json')],
      elsewhere,
    ).ended;

    expect(code).toBe(0);
    expect(output).toContain('folded into 4 accounts');
  });
});
