import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import {
  environmentOf,
  runHere,
  temporaryDirectory,
  type CommandEnd,
} from '../command-line.fixture.ts';

const instruments = 'symbol,name,currency\nAAPL,Apple Inc.,USD\nIBM,IBM,USD\n';
const accounts =
  'account_id,owner_name,owner_kind,currency,initial_balance,opened_on\n' +
  'A-1,Owner 1,INDIVIDUAL,USD,100000.00,2020-01-02\n' +
  'A-2,"Owner 2, endowed",CORPORATE,USD,100000.00,2020-01-02\n';
const prices = 'symbol,date,close\nAAPL,2020-01-02,300.35\nIBM,2020-01-02,135.42\n';
const tradeHeader = 'account_id,trade_id,side,symbol,quantity,price,fees,trade_date';
const goodTrade = 'A-1,T-1,BUY,AAPL,10,300.00,1.00,2020-01-02';

function tradeOf(account: string, id: string, side: string): string {
  return `${account},${id},${side},AAPL,1,300.00,,2020-01-02`;
}

/** What a file holds as soon as it holds anything. */
async function contentOnce(file: string): Promise<string> {
  for (;;) {
    const content = await readFile(file, 'utf8').catch(() => '');
    if (content !== '') return content;
    await setImmediate();
  }
}

interface Desk {
  /** Writes a file and imports it. */
  importText(kind: string, text: string | Buffer, name?: string): Promise<CommandEnd>;
  refused(name?: string): Promise<readonly Record<string, string>[]>;
  replayed(type: string): Promise<readonly EventLine[]>;
  readonly file: (name: string) => string;
}

interface EventLine {
  readonly aggregateId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly userId: string; readonly causationId: string | null };
}

async function openDesk(): Promise<Desk> {
  const directory = await temporaryDirectory();
  const environment = environmentOf(path.join(directory, 'data'));
  const file = (name: string): string => path.join(directory, name);
  return {
    file,
    importText: async (kind, text, name = `${kind}.csv`) => {
      await writeFile(file(name), text);
      return runHere(['import', kind, file(name)], environment);
    },
    refused: async (name = 'trades.csv') =>
      parse(await readFile(file(`${name}.refused.csv`)), { columns: true }),
    replayed: async (type) => {
      const { output } = await runHere(['replay', '--type', type, '--json'], environment);
      return output
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as EventLine);
    },
  };
}

async function deskWithAccounts(): Promise<Desk> {
  const desk = await openDesk();
  for (const [kind, text] of Object.entries({ instruments, accounts, prices })) {
    expect(await desk.importText(kind, text)).toMatchObject({ code: 0, errors: '' });
  }
  return desk;
}

describe('TC-08 every bad line is reported with its number, a code and the reason', () => {
  test.each([
    [
      'a side that is none',
      'A-1,T-2,BOUGHT,AAPL,1,300,,2020-01-02',
      'LINE_INVALID',
      /^side must be one of BUY, SELL/,
    ],
    [
      'a quantity that is no number',
      'A-1,T-2,BUY,AAPL,ten,300,,2020-01-02',
      'LINE_INVALID',
      /^quantity must be a decimal/,
    ],
    [
      'too many decimals',
      'A-1,T-2,BUY,AAPL,1,300.123456789,,2020-01-02',
      'LINE_INVALID',
      /^price must be a decimal/,
    ],
    [
      'a day that does not exist',
      'A-1,T-2,BUY,AAPL,1,300,,2020-02-30',
      'LINE_INVALID',
      /^trade_date must be a day/,
    ],
    [
      'a day in another order',
      'A-1,T-2,BUY,AAPL,1,300,,02/01/2020',
      'LINE_INVALID',
      /^trade_date must be a day/,
    ],
    ['two faults', 'A-1,T-2,BUY,AAPL,1,x,y,2020-01-02', 'LINE_INVALID', /^price .*; fees /],
    [
      'an empty cell that is required',
      'A-1,,BUY,AAPL,1,300,,2020-01-02',
      'LINE_INVALID',
      /^trade_id is required$/,
    ],
    [
      'too few columns',
      'A-1,T-2,BUY,AAPL,1,300',
      'LINE_MALFORMED',
      /it has 6 columns, and the header has 8/,
    ],
    [
      'too many columns',
      'A-1,T-2,BUY,AAPL,1,300,,2020-01-02,x',
      'LINE_MALFORMED',
      /it has 9 columns/,
    ],
    [
      'a quote without its other',
      'A-1,T-2,BUY,"AAPL,1,300,,2020-01-02',
      'LINE_MALFORMED',
      /quotes do not match/,
    ],
    [
      'a line without end',
      `A-1,T-2,BUY,AAPL,1,300,,${'2'.repeat(70_000)}`,
      'LINE_MALFORMED',
      /over 65536 bytes/,
    ],
    [
      'bytes that are no UTF-8',
      Buffer.from('A-1,T-\xff,BUY,AAPL,1,300,,2020-01-02', 'latin1'),
      'LINE_MALFORMED',
      /not UTF-8/,
    ],
    [
      'an account that is not open',
      'A-9,T-2,BUY,AAPL,1,300,,2020-01-02',
      'ACCOUNT_UNKNOWN',
      /no account A-9/,
    ],
    [
      'an instrument that is not listed',
      'A-1,T-2,BUY,XYZ,1,300,,2020-01-02',
      'INSTRUMENT_UNKNOWN',
      /no instrument XYZ/,
    ],
    [
      'a price far from the last',
      'A-1,T-2,BUY,AAPL,1,30,,2020-01-02',
      'PRICE_OUTSIDE_COLLAR',
      /more than 10 % away/,
    ],
    [
      'more than is held',
      'A-1,T-2,SELL,AAPL,11,300,,2020-01-02',
      'INSUFFICIENT_HOLDING',
      /11 would be sold and 10 is held/,
    ],
    ['a trade id that is taken', goodTrade, 'TRADE_ALREADY_BOOKED', /has a trade T-1 already/],
  ])('%s', async (_, line, code, reason) => {
    const desk = await deskWithAccounts();
    const after = 'A-2,T-1,BUY,IBM,5,135.00,,2020-01-02';
    const text = [`${tradeHeader}\r\n${goodTrade}\r\n\r\n`, line, `\r\n${after}`].map((part) =>
      Buffer.from(part),
    );

    const end = await desk.importText('trades', Buffer.concat(text));

    expect(end.code).toBe(2);
    expect(end.output).toContain('2 lines imported, 1 refused');
    expect(end.errors).toContain(`line 4: ${code}: `);
    const [refused, ...others] = await desk.refused();
    expect(others).toEqual([]);
    expect(refused).toMatchObject({
      line: '4',
      code,
      reason: expect.stringMatching(reason) as string,
    });
    const booked = await desk.replayed('TradeBooked');
    expect(booked.map(({ aggregateId }) => aggregateId)).toEqual(['account-A-1', 'account-A-2']);
  });
});

describe('TC-08 an import', () => {
  test('takes columns in any order and spelling, and leaves optional ones out', async () => {
    const desk = await deskWithAccounts();
    const text = '\u{feff}Symbol,Quantity,Account ID,price,SIDE,tradeId\nIBM,5,A-2,135,BUY,T-1\n';

    expect(await desk.importText('trades', text)).toMatchObject({ code: 0 });

    const [trade] = await desk.replayed('TradeBooked');
    expect(trade).toMatchObject({
      aggregateId: 'account-A-2',
      data: { tradeId: 'T-1', fees: '0' },
    });
  });

  test.each([
    [
      'a missing column',
      'account_id,side\n',
      /the column trade_id is missing; .*Expected: account_id,trade_id/,
    ],
    ['an unknown column', `${tradeHeader},prize\n`, /there is no column "prize" for trades/],
    ['a column twice', `${tradeHeader},fees\n`, /the column fees is there twice/],
    ['nothing at all', '', /is empty: it needs a header line/],
  ])('refuses the whole file for a header with %s', async (_, text, sentence) => {
    const desk = await deskWithAccounts();

    const end = await desk.importText('trades', text);

    expect(end.code).toBe(1);
    expect(end.errors).toMatch(sentence);
    expect(end.errors.trim().split('\n')).toHaveLength(1);
  });

  test('tells in each event which line it came from', async () => {
    const desk = await deskWithAccounts();

    await desk.importText('trades', `${tradeHeader}\n${goodTrade}\n`);

    const [trade] = await desk.replayed('TradeBooked');
    expect(trade?.metadata).toMatchObject({
      userId: 'import',
      causationId: expect.stringMatching(/^trades\/[\w-]{22}\/2\/1$/) as string,
    });
  });

  test('of a file that was imported before imports nothing twice', async () => {
    const desk = await deskWithAccounts();
    const text = `${tradeHeader}\n${goodTrade}\nA-1,T-2,SELL,AAPL,4,301,,2020-01-02\n`;
    await desk.importText('trades', text);

    const again = await desk.importText('trades', text);

    expect(again.code).toBe(0);
    expect(again.output).toContain('0 lines imported, 2 imported before, 0 refused');
    expect(await desk.replayed('TradeBooked')).toHaveLength(2);
    for (const [kind, known] of Object.entries({ instruments, accounts })) {
      expect(await desk.importText(kind, known)).toMatchObject({
        code: 0,
        output: expect.stringContaining('0 lines imported, 2 imported before') as string,
      });
    }
    expect(await desk.importText('prices', prices)).toMatchObject({ code: 0 });
    expect(await desk.replayed('DailyBarRecorded')).toHaveLength(2);
  });

  test('of a file that was imported before tries again what was refused', async () => {
    const desk = await deskWithAccounts();
    const text = `${tradeHeader}\n${goodTrade}\nA-1,T-2,BUY,SPY,4,320,,2020-01-02\n`;
    expect(await desk.importText('trades', text)).toMatchObject({ code: 2 });
    await desk.importText('instruments', 'symbol,name,currency\nSPY,SPDR,USD\n', 'more.csv');

    const again = await desk.importText('trades', text);

    expect(again).toMatchObject({ code: 0 });
    expect(again.output).toContain('1 line imported, 1 imported before, 0 refused');
  });

  test('takes back its result file, corrected', async () => {
    const desk = await deskWithAccounts();
    const text = `${tradeHeader}\nA-1,T-1,BUY,AAPL,1,"3,00.00",,2020-01-02\n${goodTrade.replace('T-1', 'T-2')}\n`;
    expect(await desk.importText('trades', text)).toMatchObject({ code: 2 });
    const result = await readFile(desk.file('trades.csv.refused.csv'), 'utf8');
    expect(result).toContain('"3,00.00"');

    const corrected = await desk.importText(
      'trades',
      result.replace('"3,00.00"', '300.00'),
      'corrected.csv',
    );

    expect(corrected).toMatchObject({ code: 0 });
    const booked = await desk.replayed('TradeBooked');
    expect(booked.map(({ data }) => data['tradeId'])).toEqual(['T-2', 'T-1']);
  });

  test.each([
    ['the next lines', 1],
    ['many lines', 5_000],
  ])(
    'OP-11 keeps a refusal when it is interrupted before word of it but behind %s',
    async (_, others) => {
      const desk = await deskWithAccounts();
      const early = Array.from({ length: others }, (_line, at) =>
        tradeOf('A-2', `T-${at}`, at % 2 === 0 ? 'BUY' : 'SELL'),
      );
      const tooSoon = tradeOf('A-1', 'T-1', 'SELL');
      const text = [tradeHeader, ...early, tooSoon, tradeOf('A-1', 'T-2', 'BUY')].join('\n');
      // As a crash leaves it: all of it in the log, and of that only the first checkpoint knows nothing.
      const [checkpoint, first] = await Promise.all([
        contentOnce(desk.file('trades.csv.checkpoint.json')),
        desk.importText('trades', text),
      ]);
      expect(first).toMatchObject({ code: 2 });
      const refused = await desk.refused();
      await writeFile(
        desk.file('trades.csv.checkpoint.json'),
        JSON.stringify({ ...JSON.parse(checkpoint), process: null }),
      );

      const again = await desk.importText('trades', text);

      expect(again.output).toContain(
        `${(others + 1).toLocaleString('en-US')} lines imported, 1 refused`,
      );
      expect(refused).toMatchObject([{ code: 'INSUFFICIENT_HOLDING' }]);
      expect(await desk.refused()).toEqual(refused);
    },
  );

  test('refuses a trade that another file has booked under the same id', async () => {
    const desk = await deskWithAccounts();
    await desk.importText('trades', `${tradeHeader}\n${goodTrade}\n`);

    const other = await desk.importText('trades', `${tradeHeader}\n\n${goodTrade}\n`, 'other.csv');

    expect(other.code).toBe(2);
    expect(await desk.refused('other.csv')).toMatchObject([
      { line: '3', code: 'TRADE_ALREADY_BOOKED' },
    ]);
  });
});

function plainHash(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}

test('RC-04 what the log keeps of a file of accounts gives nobody a name to guess at', async () => {
  const desk = await openDesk();
  const oneLine = accounts.split('\n').slice(0, 2).join('\n');

  await desk.importText('accounts', oneLine);
  await desk.importText('instruments', instruments);

  const [opened] = await desk.replayed('AccountOpened');
  const [listed] = await desk.replayed('InstrumentListed');
  expect(opened?.metadata.causationId).toMatch(/^accounts\/[A-Za-z0-9_-]{22}\/2\/1$/);
  expect(opened?.metadata.causationId).not.toContain(plainHash(oneLine));
  expect(listed?.metadata.causationId).toContain(plainHash(instruments));
  const again = await desk.importText('accounts', oneLine);
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining('1 imported before') });
});
