import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  announced,
  nextId,
  ratioOf,
} from '../../domain/corporate-actions/actions-in-force.fixture.ts';
import type { ActionId, Announcement } from '../../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import { currency } from '../../domain/money/currency.ts';
import { Price } from '../../domain/money/money.ts';
import { happened, lifeOf, noTotals } from '../../ledger/posted-actions.fixture.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';

// Prices of Apple round its dividend of 7 August and its split of 31 August 2020, and of a company that
// became another symbol.

let fixture: ServerFixture;

const put = (path: string, body: object) => fixture.done({ request: `PUT /api/v1${path}`, body });
const get = (path: string) => fixture.call({ request: `GET /api/v1${path}` });

interface Page {
  readonly adjust: string;
  readonly items: readonly Readonly<Record<string, string | null>>[];
  readonly nextCursor: string | null;
}

async function page(path: string): Promise<Page> {
  const separator = path.includes('?') ? '&' : '?';
  const response = await get(`${path}${separator}minPosition=${await fixture.head()}`);
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.body}`);
  return response.json();
}

async function closes(path: string): Promise<readonly string[]> {
  const { items } = await page(path);
  return items.map(({ date, close }) => `${date} ${close}`);
}

const aapl = 'AAPL' as InstrumentSymbol;
const split = announced('STOCK_SPLIT', '2020-08-31', ratioOf('4:1'), aapl);
const dividend = announced('DIVIDEND', '2020-08-07', { amountPerShare: Price.of('0.82') }, aapl);
const splitId = nextId();
const dividendId = nextId();

async function completed(id: ActionId, announcement: Announcement): Promise<void> {
  await happened(fixture.platform.store, id, lifeOf(announcement));
}

beforeAll(async () => {
  fixture = await openServer();
  for (const symbol of ['AAPL', 'FB', 'META']) {
    const body = { symbol, name: symbol, currency: 'USD' };
    await fixture.done({ request: 'POST /api/v1/instruments', body });
  }
  await put('/prices/AAPL/closes/2020-08-06', { close: '455.61', volume: '48853284' });
  await put('/prices/AAPL/closes/2020-08-07', { close: '444.45', volume: '46559480' });
  await put('/prices/AAPL/closes/2020-08-28', {
    open: '504.05',
    high: '505.77',
    low: '498.31',
    close: '499.23',
    volume: '44109029',
  });
  await put('/prices/AAPL/closes/2020-08-31', { close: '129.04', volume: '210024091' });
  await completed(splitId, split);
  await completed(dividendId, dividend);
  await put('/prices/FB/closes/2022-06-07', { close: '195.65' });
  await put('/prices/FB/closes/2022-06-08', { close: '196.64' });
  await put('/prices/FB/closes/2024-01-08', { close: '1' });
  await put('/prices/META/closes/2022-06-08', { close: '12' });
  await put('/prices/META/closes/2022-06-09', { close: '184' });
  await put('/prices/META/closes/2022-06-10', { close: '175.57' });
  const meta = { otherSymbol: 'META' as InstrumentSymbol };
  const change = announced('SYMBOL_CHANGE', '2022-06-09', meta, 'FB' as InstrumentSymbol);
  await completed(nextId(), change);
});
afterAll(() => fixture.close());

describe('CA-10 closes', () => {
  const raw = ['2020-08-06 455.61', '2020-08-07 444.45', '2020-08-28 499.23', '2020-08-31 129.04'];

  test.each([
    ['', 'none', raw],
    ['?adjust=none', 'none', raw],
    [
      '?adjust=split',
      'split',
      ['2020-08-06 113.9025', '2020-08-07 111.1125', '2020-08-28 124.8075', '2020-08-31 129.04'],
    ],
    [
      '?adjust=all',
      'all',
      // 455.61 / 4 x (1 - 0.82 / 455.61) = 113.6975
      ['2020-08-06 113.6975', '2020-08-07 111.1125', '2020-08-28 124.8075', '2020-08-31 129.04'],
    ],
  ])('%s', async (query, adjust, expected) => {
    const path = `/prices/AAPL/closes${query}`;
    expect((await page(path)).adjust).toBe(adjust);
    expect(await closes(path)).toEqual(expected);
  });

  test('are adjusted with the whole bar and its volume', async () => {
    const { items } = await page('/prices/AAPL/closes?adjust=all&from=2020-08-28&to=2020-08-28');
    expect(items).toMatchObject([
      {
        symbol: 'AAPL',
        open: '126.0125',
        high: '126.4425',
        low: '124.5775',
        close: '124.8075',
        volume: '176436116',
        source: 'api',
      },
    ]);
  });

  test('lead on into the symbol before, when adjusted', async () => {
    const continued = [
      '2022-06-07 195.65',
      '2022-06-08 196.64',
      '2022-06-09 184',
      '2022-06-10 175.57',
    ];
    expect(await closes('/prices/META/closes?to=2022-06-09')).toEqual([
      '2022-06-08 12',
      '2022-06-09 184',
    ]);
    expect(await closes('/prices/META/closes?adjust=split')).toEqual(continued);
    expect(await closes('/prices/META/closes?adjust=all&from=2022-06-08')).toEqual(
      continued.slice(1),
    );
    expect(await closes('/prices/META/closes?adjust=all&from=2022-06-10')).toEqual(
      continued.slice(3),
    );
    expect(await closes('/prices/META/closes?adjust=all&to=2022-06-08')).toEqual(
      continued.slice(0, 2),
    );
    const { items } = await page('/prices/META/closes?adjust=split');
    expect(items.map(({ symbol }) => symbol)).toEqual(['FB', 'FB', 'META', 'META']);
  });

  test('come in pages over a change of symbol', async () => {
    const first = await page('/prices/META/closes?adjust=split&limit=2');
    expect(first.items.map(({ date }) => date)).toEqual(['2022-06-07', '2022-06-08']);
    const second = await page(
      `/prices/META/closes?adjust=split&limit=2&cursor=${first.nextCursor}`,
    );
    expect(second.items.map(({ date }) => date)).toEqual(['2022-06-09', '2022-06-10']);
    expect(second.nextCursor).toBeNull();
  });

  test('are not adjusted in another way', async () => {
    const response = await get('/prices/AAPL/closes?adjust=total');
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('CA-10 adjustments', () => {
  test('name what each action does to the prices before it', async () => {
    const { items } = await page('/instruments/AAPL/adjustments');
    expect(items).toEqual([
      {
        exDate: '2020-08-07',
        actionId: dividendId,
        eventType: 'DIVIDEND',
        symbol: 'AAPL',
        splitDivisor: '1',
        dividendFactor: '0.998200215096',
        cumulativeSplitDivisor: '4',
        cumulativeDividendFactor: '0.998200215096',
        leftOut: null,
      },
      {
        exDate: '2020-08-31',
        actionId: splitId,
        eventType: 'STOCK_SPLIT',
        symbol: 'AAPL',
        splitDivisor: '4',
        dividendFactor: '1',
        cumulativeSplitDivisor: '4',
        cumulativeDividendFactor: '1',
        leftOut: null,
      },
    ]);
  });

  test('say which action is left out, and why', async () => {
    const euros = { amountPerShare: Price.of('1'), currency: currency('EUR') };
    const id = nextId();
    await completed(id, announced('DIVIDEND', '2022-07-01', euros, 'META' as InstrumentSymbol));
    const { items } = await page('/instruments/META/adjustments');
    expect(items).toMatchObject([
      { eventType: 'SYMBOL_CHANGE', symbol: 'FB', leftOut: null },
      { actionId: id, symbol: 'META', dividendFactor: '1', leftOut: 'OTHER_CURRENCY' },
    ]);
  });

  test('come in pages, with several of a day', async () => {
    const symbol = 'IBM' as InstrumentSymbol;
    const body = { symbol, name: 'IBM', currency: 'USD' };
    await fixture.done({ request: 'POST /api/v1/instruments', body });
    await put('/prices/IBM/closes/2020-01-02', { close: '100' });
    const ids = [nextId(), nextId(), nextId(), nextId()];
    const actions = [
      announced('STOCK_SPLIT', '2020-01-06', ratioOf('2:1'), symbol),
      announced('DIVIDEND', '2020-01-06', { amountPerShare: Price.of('1') }, symbol),
      announced('DIVIDEND', '2020-01-06', { amountPerShare: Price.of('2') }, symbol),
      announced('DIVIDEND', '2020-01-03', { amountPerShare: Price.of('3') }, symbol),
    ];
    for (const [at, id] of ids.entries()) await completed(id, actions[at]!);

    const seen: (string | null | undefined)[] = [];
    let cursor = '';
    for (;;) {
      const { items, nextCursor } = await page(
        `/instruments/IBM/adjustments?limit=1${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...items.map(({ actionId }) => actionId));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(seen).toEqual([ids[3], ids[1], ids[2], ids[0]]);
  });

  test('end with a reversal', async () => {
    const symbol = 'T' as InstrumentSymbol;
    const body = { symbol, name: 'T', currency: 'USD' };
    await fixture.done({ request: 'POST /api/v1/instruments', body });
    const id = nextId();
    await completed(id, announced('STOCK_SPLIT', '2020-01-06', ratioOf('2:1'), symbol));
    expect((await page('/instruments/T/adjustments')).items).toHaveLength(1);
    await happened(fixture.platform.store, id, [
      { type: 'ActionCancelled', data: { kind: 'CANCELLED', reason: 'sent in error' } },
      { type: 'ActionReversed', data: { version: 1, totals: noTotals } },
    ]);
    expect((await page('/instruments/T/adjustments')).items).toEqual([]);
  });

  test('of an instrument that is not listed there are none', async () => {
    const response = await get('/instruments/XYZ/adjustments');
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: 'INSTRUMENT_UNKNOWN' });
  });

  test('wait for a book that is behind the read models', async () => {
    const { actions, clock } = fixture.platform;
    let seen = 0;
    const behind = {
      clock,
      actions: {
        ...actions,
        postedOn: (symbol: InstrumentSymbol) =>
          seen < actionsUpTo ? [] : actions.postedOn(symbol),
        reach: async (position: number) => {
          await actions.reach(position);
          seen = position;
        },
      },
    };
    const actionsUpTo = await fixture.head();
    const server = await fixture.withParts(behind);
    const response = await server.inject(
      `/api/v1/instruments/AAPL/adjustments?minPosition=${actionsUpTo}`,
    );
    expect(response.json<Page>().items).toHaveLength(2);
  });

  test('say which position they reflect (LG-10)', async () => {
    const head = await fixture.head();
    const response = await get(`/instruments/AAPL/adjustments?minPosition=${head}`);
    expect(Number(response.headers['counterfoil-position'])).toBe(head);
  });
});
