import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { recordOf, tradeOne } from './trades.fixture.ts';

let fixture: ServerFixture;

beforeEach(async () => {
  fixture = await openServer();
});
afterEach(() => fixture.close());

interface LineAnswer {
  readonly line: number;
  readonly status: string;
  readonly request_id?: string;
  readonly code?: string;
}

async function send(type: string, body: string, query = ''): Promise<readonly LineAnswer[]> {
  const response = await fixture.call({
    request: `POST /api/v1/trades/bulk${query}`,
    headers: { 'Content-Type': type },
    body,
  });
  expect(response.statusCode).toBe(200);
  return response.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LineAnswer);
}

const line = (trade: object): string => JSON.stringify({ ...tradeOne, ...trade });

describe('TC-08 many records in one stream', () => {
  test('are answered line by line, in order, and each accepted one is settled', async () => {
    const lines = [
      line({ trade_id: 'T1' }),
      '',
      line({ trade_id: 'T2', version: 0 }),
      'not JSON',
      line({ trade_id: 'T3', maturity_date: '2014-05-20' }),
      line({ trade_id: 'T4' }),
      JSON.stringify({ trade_id: 'x'.repeat(20_000) }),
      line({ trade_id: 'T5' }),
    ];

    const answers = await send('application/x-ndjson', lines.join('\n'));

    expect(answers.map(({ line: number, status, code }) => [number, status, code])).toEqual([
      [1, 'accepted', undefined],
      [3, 'invalid', 'REQUEST_INVALID'],
      [4, 'invalid', 'MALFORMED_JSON'],
      [5, 'rejected', 'TRADE_MATURED'],
      [6, 'accepted', undefined],
      [7, 'invalid', 'LINE_TOO_LONG'],
      [8, 'accepted', undefined],
    ]);
    for (const id of ['T1', 'T4', 'T5']) {
      await until(async () => (await recordOf(fixture, id)) !== undefined);
    }
    const [first] = answers;
    const request = await fixture.call({
      request: `GET /api/v1/requests/${first?.request_id}?wait=20s`,
    });
    expect(request.json()).toMatchObject({ status: 'SUCCESS', trade_ids: ['T1'] });
  });

  test('may be CSV, with the dates as the source writes them', async () => {
    const file = [
      'trade_id,version,counterparty_id,book_id,maturity_date,created_date',
      'T1,1,CP-1,B1,20/05/2027,1/11/2026',
      '"T2",2,CP-2,B1,20/05/2027,',
      'T3,3,CP-3,B2,2027-05-20,',
      'T4,three,CP-3,B2,31/02/2027,',
      'T5,1,CP-3',
    ].join('\r\n');

    const answers = await send('text/csv', file, '?dates=day-first');

    expect(answers.map(({ line: number, status, code }) => [number, status, code])).toEqual([
      [2, 'accepted', undefined],
      [3, 'accepted', undefined],
      [4, 'accepted', undefined],
      [5, 'invalid', 'REQUEST_INVALID'],
      [6, 'invalid', 'CSV_INVALID'],
    ]);
    await until(async () => (await recordOf(fixture, 'T2')) !== undefined);
    expect(await recordOf(fixture, 'T1')).toMatchObject({
      maturity_date: '2027-05-20',
      created_date: '2026-11-01',
    });
    expect(await recordOf(fixture, 'T2')).toMatchObject({ version: 2, created_date: '2026-11-20' });
  });

  test('are not read where the first line does not name the columns', async () => {
    const answers = await send('text/csv', 'trade_id,version,colour\nT1,1,red\nT2,1,blue\n');

    expect(answers).toMatchObject([
      {
        line: 1,
        status: 'invalid',
        code: 'CSV_INVALID',
        detail: expect.stringContaining(
          '"colour" is no column; counterparty_id is missing; book_id is missing; maturity_date is missing.',
        ),
      },
    ]);
  });

  test('TC-06 wait in the queue while nobody takes them, in the order in which they came', async () => {
    await fixture.platform.trades.pause();
    const lines = Array.from({ length: 5_000 }, (_, number) =>
      line({ trade_id: `T${number % 100}`, version: 1 + Math.floor(number / 100) }),
    );

    const answers = await send('application/x-ndjson', `${lines.join('\n')}\n`);

    expect(answers).toHaveLength(5_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['accepted']));
    expect(new Set(answers.map(({ request_id }) => request_id)).size).toBe(5_000);
    expect(await fixture.platform.trades.backlog()).toBe(5_000);
    await fixture.platform.trades.resume();
    await until(async () => (await fixture.platform.trades.backlog()) === 0);
    const record = await recordOf(fixture, 'T42');
    expect(record?.versions.map(({ version }) => version)).toEqual(
      Array.from({ length: 50 }, (_, number) => 50 - number),
    );
  });
});
