import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { fillBooks, openReports, type ReportsUnderTest } from './reports.fixture.ts';

let books: ReportsUnderTest;

beforeAll(async () => {
  books = await openReports({ perHour: 1_000 });
  await fillBooks(books);
});
afterAll(() => books.close());

interface Report {
  readonly title: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly position: number;
  readonly checkpoint: string;
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  readonly row_count: number;
  readonly totals: readonly Readonly<Record<string, string | number | null>>[];
}

async function report(nameAndQuery: string): Promise<Report> {
  const response = await books.report(nameAndQuery);
  expect(`${response.statusCode} ${response.statusCode < 300 ? '' : response.body}`).toBe('200 ');
  return response.json<Report>();
}

async function column(nameAndQuery: string, name: string) {
  return (await report(nameAndQuery)).rows.map((row) => row[name]);
}

describe('RC-08 the trade blotter', () => {
  test('has every trade: booked, cancelled and refused', async () => {
    const { rows, totals } = await report('trade-blotter');

    expect(
      rows.map(({ account_id, trade_id, status, amount, currency, reason }) => ({
        account_id,
        trade_id,
        status,
        amount,
        currency,
        reason,
      })),
    ).toEqual([
      {
        account_id: 'A1',
        trade_id: '-T1',
        status: 'BOOKED',
        amount: '-10000',
        currency: 'USD',
        reason: null,
      },
      {
        account_id: 'A1',
        trade_id: 'T2',
        status: 'CANCELLED',
        amount: '-1010',
        currency: 'USD',
        reason: '=1+1',
      },
      {
        account_id: 'A2',
        trade_id: 'T3',
        status: 'BOOKED',
        amount: '-10000.5',
        currency: 'EUR',
        reason: null,
      },
      {
        account_id: 'A1',
        trade_id: 'T4',
        status: 'REFUSED',
        amount: null,
        currency: null,
        reason: 'INSUFFICIENT_BUYING_POWER',
      },
    ]);
    expect(totals).toEqual([
      {
        currency: 'EUR',
        status: 'BOOKED',
        rows: 1,
        fees: '0',
        amount: '-10000.5',
        realized_pnl: '0',
      },
      {
        currency: 'USD',
        status: 'BOOKED',
        rows: 1,
        fees: '0',
        amount: '-10000',
        realized_pnl: '0',
      },
      {
        currency: 'USD',
        status: 'CANCELLED',
        rows: 1,
        fees: '0',
        amount: '-1010',
        realized_pnl: '0',
      },
      { currency: null, status: 'REFUSED', rows: 1, fees: '0', amount: '0', realized_pnl: '0' },
    ]);
  });

  it.each([
    ['', ['-T1', 'T2', 'T3', 'T4']],
    ['?from=2026-11-03', ['T2', 'T3', 'T4']],
    ['?from=2026-11-03&to=2026-11-10', ['T2', 'T3']],
    ['?account=A1', ['-T1', 'T2', 'T4']],
    ['?account=A1&from=2026-11-10', ['T2', 'T4']],
    ['?symbol=SAP', ['T3']],
    ['?status=CANCELLED', ['T2']],
    ['?account=A1&status=BOOKED', ['-T1']],
    ['?account=NOBODY', []],
  ])('by trade date, account, symbol and status: %s', async (query, trades) => {
    expect(await column(`trade-blotter${query}`, 'trade_id')).toEqual(trades);
  });
});

describe('RC-08 large trades', () => {
  it.each([
    ['9999', ['-T1', 'T3']],
    ['10000', ['T3']],
    ['10000.4999', ['T3']],
    ['10000.5', []],
    ['1000', ['-T1', 'T2', 'T3']],
    ['1000&currency=EUR', ['T3']],
    ['1000&status=CANCELLED', ['T2']],
  ])('are those above %s in the currency of the account', async (threshold, trades) => {
    expect(await column(`large-trades?threshold=${threshold}`, 'trade_id')).toEqual(trades);
  });

  test('and are summed up by currency', async () => {
    const { totals } = await report('large-trades?threshold=1000');

    expect(totals).toEqual([
      { currency: 'EUR', status: 'BOOKED', rows: 1, notional: '10000.5' },
      { currency: 'USD', status: 'BOOKED', rows: 1, notional: '10000' },
      { currency: 'USD', status: 'CANCELLED', rows: 1, notional: '1010' },
    ]);
  });
});

describe('RC-08 positions as of a date', () => {
  it.each([
    ['2026-11-01', []],
    ['2026-11-02', ['A1 AAPL 100 10000']],
    ['2026-11-03', ['A1 AAPL 100 10000', 'A2 SAP 50 10000.5']],
    ['2026-11-20', ['A1 AAPL 100 10000', 'A2 SAP 50 10000.5']],
  ])('%s', async (date, positions) => {
    const { rows, parameters } = await report(`positions?as_of=${date}`);

    expect(parameters).toEqual({ as_of: date });
    expect(
      rows.map((row) => [row['account_id'], row['symbol'], row['quantity'], row['cost']].join(' ')),
    ).toEqual(positions);
  });

  test('are those of today unless a date is given, and says so', async () => {
    const { parameters, totals } = await report('positions?account=A1');

    expect(parameters).toEqual({ account: 'A1', as_of: '2026-11-20' });
    expect(totals).toMatchObject([{ currency: 'USD', rows: 1, cost: '10000' }]);
  });

  test('of a date to come are refused', async () => {
    const response = await books.report('positions?as_of=2026-11-21');

    expect(response.json()).toMatchObject({ status: 400, code: 'AS_OF_INVALID' });
  });
});

describe('RC-08 the register of corporate actions', () => {
  test('has what was posted of each', async () => {
    const { rows, totals } = await report('corporate-actions?symbol=AAPL');

    expect(rows).toMatchObject([
      {
        event_type: 'DIVIDEND',
        symbol: 'AAPL',
        terms: 'amount 0.25, kind ORDINARY',
        ex_date: '2026-11-06',
        status: 'COMPLETED',
        accounts: 1,
        eligible: '100',
        gross: '25',
        cash: '25',
        currency: 'USD',
      },
    ]);
    expect(totals).toEqual([
      { currency: 'USD', status: 'COMPLETED', rows: 1, gross: '25', tax: '0', cash: '25' },
    ]);
  });

  it.each([
    ['?from=2026-11-07', 0],
    ['?from=2026-11-06&to=2026-11-06', 1],
    ['?event_type=STOCK_SPLIT', 0],
    ['?status=COMPLETED', 1],
  ])('by ex-date, type and status: %s', async (query, count) => {
    expect((await report(`corporate-actions${query}`)).row_count).toBe(count);
  });
});

/** The instruments that were listed in some time. */
function late(query: string) {
  return column(`audit-trail?event_type=InstrumentListed&${query}`, 'stream');
}

describe('RC-07 the audit trail', () => {
  test('has every entry up to its position, each with its leaf hash', async () => {
    const { rows, position, checkpoint } = await report('audit-trail');

    expect(rows.map((row) => row['position'])).toEqual(
      Array.from({ length: position }, (_, number) => number + 1),
    );
    expect(Number(checkpoint.split('\n')[1])).toBeGreaterThanOrEqual(position);
    for (const { leaf_hash: hash } of rows) expect(hash).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  test('by type and by user', async () => {
    const [booked] = (await report('audit-trail?event_type=TradeBooked')).rows;

    expect(await column('audit-trail?event_type=TradeBooked', 'stream')).toEqual([
      'account-A1',
      'account-A1',
      'account-A2',
    ]);
    expect(booked).toMatchObject({ user: 'local', version: 2 });
    expect(JSON.parse(String(booked?.['data']))).toMatchObject({
      tradeId: '-T1',
      amount: '-10000',
    });
    const types = new Set(await column('audit-trail?user=local', 'event_type'));
    expect(types).toContain('InstrumentListed');
    expect(types).not.toContain('EntitlementPosted');
    expect(await column('audit-trail?user=nobody', 'position')).toEqual([]);
  });

  test('by when it was recorded, both ends included', async () => {
    books.setTime('2026-11-20T16:00:00.001Z');
    await books.done({
      request: 'POST /api/v1/instruments',
      body: { symbol: 'LATE', name: 'Late', currency: 'USD' },
    });
    books.setTime('2026-11-21T16:00:00Z');

    expect(await late('from=2026-11-20T16:00:00.001Z')).toEqual(['instrument-LATE']);
    expect(await late('from=2026-11-20T16:00:00.002Z')).toEqual([]);
    expect(await late('to=2026-11-20T16:00:00.001Z')).toHaveLength(3);
    expect(await late('to=2026-11-20T16:00:00Z')).toHaveLength(2);
    expect(await late('from=2026-11-20&to=2026-11-20')).toHaveLength(3);
    expect(await late('from=2026-11-21')).toEqual([]);
    expect(await late('to=2026-11-19')).toEqual([]);
  });

  test('what is encrypted stays so', async () => {
    const response = await books.report('audit-trail?event_type=AccountOpened');

    expect(response.json<Report>().row_count).toBe(2);
    expect(response.body).not.toContain('Ada Lovelace');
  });
});

describe('RC-07 each form', () => {
  const [json, csv, pdf] = ['', '&format=csv', '&format=pdf'];

  test.each([
    ['trade-blotter?', ['-10000.5', '-1010']],
    ['positions?as_of=2026-11-20', ['10000.5', '10000']],
    ['large-trades?threshold=1000', ['10000.5', '1010']],
    ['corporate-actions?', ['25']],
    ['audit-trail?from=2026-11-20&to=2026-11-20', []],
  ])('of %s has the same totals', async (asked, sums) => {
    const { totals, row_count: count } = (await books.report(asked + json)).json<Report>();
    const records: Record<string, string>[] = parse((await books.report(asked + csv)).body, {
      columns: true,
    });

    const inCsv = records.filter(({ record, name }) => record === 'total' && name === 'rows');
    const names = Object.keys(totals[0] ?? {}).filter((name) => name !== 'rows');
    expect(inCsv.map((line) => [line['value'], ...names.map((name) => line[name])])).toEqual(
      totals.map((total) => [String(total['rows']), ...names.map((name) => total[name] ?? '')]),
    );
    expect(records.at(-1)).toMatchObject({
      record: 'total',
      name: 'row_count',
      value: String(count),
    });
    for (const sum of sums) expect(JSON.stringify(totals)).toContain(`"${sum}"`);
    expect((await books.report(asked + pdf)).rawPayload.subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('comes as what it is, to be saved under a name', async () => {
    const answers = await Promise.all(
      ['json', 'csv', 'pdf'].map((format) => books.report(`positions?format=${format}`)),
    );

    expect(answers.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'text/csv; charset=utf-8; header=present',
      'application/pdf',
    ]);
    expect(answers[1]?.headers['content-disposition']).toMatch(
      /^attachment; filename="positions-\d+\.csv"$/,
    );
  });

  test('keeps formulas from being run, and numbers numbers', async () => {
    const { body } = await books.report('trade-blotter?account=A1&format=csv');

    expect(body).toContain(",'-T1,");
    expect(body).toContain(",'=1+1,");
    expect(body).toContain(',-1010,');
  });
});

describe('RC-09 what can not be asked for is refused, and not counted', () => {
  it.each([
    ['trade-blotter?from=2026-11-20&to=2026-11-19', 400, 'RANGE_INVALID'],
    ['audit-trail?from=2026-11-20&to=2026-11-19', 400, 'RANGE_INVALID'],
    ['audit-trail?from=2026-11-20T15:00:01Z&to=2026-11-20T15:00:00Z', 400, 'RANGE_INVALID'],
    ['trade-blotter?format=xls', 400, 'REQUEST_INVALID'],
    ['trade-blotter?package=yes', 400, 'REQUEST_INVALID'],
    ['trade-blotter?from=yesterday', 400, 'REQUEST_INVALID'],
    ['trade-blotter?from=2026-02-30', 400, 'REQUEST_INVALID'],
    ['trade-blotter?user=local', 400, 'REQUEST_INVALID'],
    ['audit-trail?from=2026-11-20T15:00:00', 400, 'REQUEST_INVALID'],
    ['audit-trail?event_type=NoSuchType', 400, 'REQUEST_INVALID'],
    ['large-trades', 400, 'REQUEST_INVALID'],
    ['large-trades?threshold=much', 400, 'REQUEST_INVALID'],
    ['positions?as_of=2999-01-01', 400, 'AS_OF_INVALID'],
    ['balance-sheet', 404, 'ROUTE_UNKNOWN'],
  ])('%s', async (asked, status, code) => {
    const before = await books.platform().store.head();
    const response = await books.report(asked);

    expect(response.json()).toMatchObject({ status, code });
    expect((await books.platform().store.head()).position).toBe(before.position);
  });
});

describe('RC-01 a report of a record that was altered', () => {
  test('is refused, naming the entry, and nothing of it is told', async () => {
    const altered = await openReports();
    await fillBooks(altered);
    await altered.report('audit-trail');
    const { position } = await altered.platform().store.head();
    const file = path.join(altered.directory, 'data', 'log.sqlite');
    const database = new DatabaseSync(file);
    flipBodyOf(database, 3);
    database.close();
    const response = await altered.report('audit-trail');

    expect(response.json()).toMatchObject({ code: 'RECORD_ALTERED' });
    expect(response.json<{ detail: string }>().detail).toContain('Entry 3 ');
    expect(position).toBeGreaterThan(3);
    await altered.close();
  });
});

/** Changes the last byte of an entry behind the program's back. */
function flipBodyOf(database: DatabaseSync, position: number): void {
  const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  const row = database.prepare('SELECT body FROM events WHERE position = ?').get(position);
  const body = Buffer.from(row?.['body'] as Uint8Array);
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  database.prepare('UPDATE events SET body = ? WHERE position = ?').run(body, position);
}
