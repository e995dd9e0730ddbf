import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServer, type ServerFixture } from '../server.fixture.ts';

// One account, and what can be asked of it: bought on the 10th, sold on the 16th, and on the 18th the
// bank reports a purchase of the 12th that nobody had known of.

let fixture: ServerFixture;

const post = (path: string, body: object) => fixture.done({ request: `POST /api/v1${path}`, body });
const put = (path: string, body: object) => fixture.done({ request: `PUT /api/v1${path}`, body });
const get = (path: string) => fixture.call({ request: `GET /api/v1${path}` });

interface Shown {
  readonly [name: string]: unknown;
  readonly items: readonly Readonly<Record<string, string>>[];
  readonly nextCursor: string | null;
}

async function json(path: string): Promise<Shown> {
  const response = await get(path);
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.body}`);
  return response.json();
}

async function items(path: string): Promise<Shown['items']> {
  return (await json(path)).items;
}

beforeAll(async () => {
  fixture = await openServer();
  fixture.setTime('2026-11-10T15:00:00Z');
  await post('/instruments', { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' });
  await post('/instruments', { symbol: 'MSFT', name: 'Microsoft', currency: 'USD' });
  await post('/accounts', {
    accountId: 'A1',
    ownerName: 'Ada',
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: '10000',
  });
  const order = { side: 'BUY', symbol: 'AAPL', quantity: '10', price: '100', fees: '1.50' };
  await post('/accounts/A1/orders', { ...order, tradeId: 'T1' });
  await put('/prices/AAPL/closes/2026-11-10', { close: '101' });
  fixture.setTime('2026-11-12T22:00:00Z');
  await put('/prices/AAPL/closes/2026-11-12', { close: '105', volume: 1000 });
  fixture.setTime('2026-11-16T15:00:00Z');
  await post('/accounts/A1/orders', {
    tradeId: 'T2',
    side: 'SELL',
    symbol: 'AAPL',
    quantity: '4',
    price: '106',
  });
  fixture.setTime('2026-11-18T15:00:00Z');
  await post('/accounts/A1/orders', {
    tradeId: 'T3',
    side: 'BUY',
    symbol: 'MSFT',
    quantity: '2',
    price: '400',
    tradeDate: '2026-11-12',
  });
  await fixture.call({
    request: 'POST /api/v1/accounts/A1/orders',
    body: { tradeId: 'T4', side: 'SELL', symbol: 'MSFT', quantity: '3', price: '400' },
  });
  await put('/prices/AAPL/last', { price: '110' });
  fixture.setTime('2026-11-20T15:00:00Z');
  const { position } = (await put('/prices/MSFT/last', { price: '390.25' })).json();
  await get(`/accounts?minPosition=${position}`);
});
afterAll(() => fixture.close());

const apple = {
  accountId: 'A1',
  symbol: 'AAPL',
  currency: 'USD',
  quantity: '6',
  averageCost: '100.15',
  cost: '600.9',
  lastPrice: '110',
  marketValue: '660',
  unrealizedPnl: '59.1',
  realizedPnl: '23.4',
};
const microsoft = {
  accountId: 'A1',
  symbol: 'MSFT',
  currency: 'USD',
  quantity: '2',
  averageCost: '400',
  cost: '800',
  lastPrice: '390.25',
  marketValue: '780.5',
  unrealizedPnl: '-19.5',
  realizedPnl: '0',
};

describe('positions (LG-10)', () => {
  test('have quantity, average cost, value, gains and the time of their last change', async () => {
    expect(await items('/accounts/A1/positions')).toEqual([
      { ...apple, updatedAt: '2026-11-16T15:00:00.000000Z' },
      { ...microsoft, updatedAt: '2026-11-18T15:00:00.000000Z' },
    ]);
  });

  test('come in pages', async () => {
    const first = await json('/accounts/A1/positions?limit=1');
    expect(first.items).toMatchObject([{ symbol: 'AAPL' }]);
    const second = await json(`/accounts/A1/positions?limit=1&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ symbol: 'MSFT' }], nextCursor: null });
  });

  test('one has its lots (LG-07)', async () => {
    expect(await json('/accounts/A1/positions/AAPL')).toEqual({
      ...apple,
      updatedAt: null,
      lots: [
        {
          lotId: 'T1',
          openedOn: '2026-11-10',
          settlementDate: '2026-11-11',
          quantity: '6',
          cost: '600.9',
        },
      ],
    });
  });
});

describe('as of a business date, and as it was known (LG-12)', () => {
  test('positions as of a past evening, at its close', async () => {
    expect(await items('/accounts/A1/positions?asOf=2026-11-12')).toMatchObject([
      { symbol: 'AAPL', quantity: '10', lastPrice: '105', marketValue: '1050' },
      { symbol: 'MSFT', quantity: '2', lastPrice: null, marketValue: null, unrealizedPnl: null },
    ]);
  });

  test('the same evening as it was known the day before the bank reported', async () => {
    const known = '/accounts/A1/positions?asOf=2026-11-12&knownAt=2026-11-17T00:00:00Z';
    expect(await items(known)).toMatchObject([{ symbol: 'AAPL', quantity: '10' }]);
  });

  test('the account: cash, settled cash and worth', async () => {
    expect(await json('/accounts/A1')).toMatchObject({
      asOf: '2026-11-20',
      cash: '8622.5',
      settledCash: '8622.5',
      marketValue: '1440.5',
      total: '10063',
      unrealizedPnl: '39.6',
      realizedPnl: '23.4',
      unpriced: [],
    });
    expect(await json('/accounts/A1?asOf=2026-11-16')).toMatchObject({
      asOf: '2026-11-16',
      cash: '8622.5',
      settledCash: '8198.5',
      unpriced: ['MSFT'],
    });
  });

  test('before it was opened, or known, there was no account', async () => {
    const answers = await Promise.all(
      ['?asOf=2026-11-09', '?knownAt=2026-11-09T00:00:00Z', '/positions?asOf=2026-11-09'].map(
        (query) => get(`/accounts/A1${query}`),
      ),
    );
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'ACCOUNT_UNKNOWN'));
  });

  test('balances by day', async () => {
    const days = await json('/accounts/A1/balance-history?from=2026-11-08&to=2026-11-12');
    expect(days['days']).toEqual([
      { date: '2026-11-10', cash: '8998.5', marketValue: '1010', total: '10008.5', unpriced: [] },
      { date: '2026-11-11', cash: '8998.5', marketValue: '1010', total: '10008.5', unpriced: [] },
      {
        date: '2026-11-12',
        cash: '8198.5',
        marketValue: '1050',
        total: '9248.5',
        unpriced: ['MSFT'],
      },
    ]);
    const known = '&knownAt=2026-11-17T00:00:00Z';
    const before = await json(`/accounts/A1/balance-history?from=2026-11-12&to=2026-11-12${known}`);
    expect(before['days']).toMatchObject([{ cash: '8998.5', total: '10048.5' }]);
  });
});

function codeOf(response: LightMyRequestResponse): unknown {
  return response.json<{ code: unknown }>().code;
}

async function tradeIds(query: string): Promise<readonly (string | undefined)[]> {
  return (await items(`/accounts/A1/trades${query}`)).map(({ tradeId }) => tradeId);
}

describe('trades (LG-10)', () => {
  test.each([
    ['', ['T4', 'T2', 'T3', 'T1']],
    ['?side=SELL', ['T4', 'T2']],
    ['?symbol=MSFT', ['T4', 'T3']],
    ['?status=BOOKED', ['T2', 'T3', 'T1']],
    ['?from=2026-11-12&to=2026-11-16', ['T2', 'T3']],
  ])('latest first, with filters "%s"', async (query, expected) => {
    expect(await tradeIds(query)).toEqual(expected);
  });

  test('page by page they are all there, once', async () => {
    const seen: (string | undefined)[] = [];
    let cursor = '';
    do {
      const page = await json(`/accounts/A1/trades?limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ tradeId }) => tradeId));
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(['T4', 'T2', 'T3', 'T1']);
  });

  test('a refused one says why (LG-08)', async () => {
    expect(await items('/accounts/A1/trades?status=REFUSED')).toMatchObject([
      {
        tradeId: 'T4',
        status: 'REFUSED',
        amount: null,
        refusalCode: 'INSUFFICIENT_HOLDING',
        refusalLimit: '2',
        refusalActual: '3',
      },
    ]);
  });
});

describe('events (LG-04)', () => {
  test('carry the whole envelope, with decimals and dates as text', async () => {
    const events = await items('/accounts/A1/events');
    expect(events.map(({ eventType, version }) => `${version} ${eventType}`)).toEqual([
      '1 AccountOpened',
      '2 TradeBooked',
      '3 TradeBooked',
      '4 TradeBooked',
      '5 TradeRefused',
    ]);
    expect(events[1]).toEqual({
      eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      aggregateId: 'account-A1',
      version: 2,
      position: 4,
      timestamp: '2026-11-10T15:00:00.000Z',
      eventType: 'TradeBooked',
      schemaVersion: 1,
      data: {
        tradeId: 'T1',
        side: 'BUY',
        symbol: 'AAPL',
        quantity: '10',
        price: '100',
        fees: '1.5',
        currency: 'USD',
        amount: '-1001.5',
        costChange: '1001.5',
        realizedPnl: '0',
        tradeDate: '2026-11-10',
        settlementDate: '2026-11-11',
        lots: null,
        replaces: null,
        lotsRestated: false,
      },
      metadata: {
        userId: 'local',
        correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        causationId: null,
      },
    });
  });

  test('come in pages', async () => {
    const first = await json('/accounts/A1/events?limit=3');
    const second = await json(`/accounts/A1/events?limit=3&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ version: 4 }, { version: 5 }], nextCursor: null });
  });
});

describe('instruments and prices', () => {
  test('instruments by status', async () => {
    expect(await items('/instruments?status=TRADING')).toMatchObject([
      { symbol: 'AAPL', lotSize: '1', tickSize: '0.01', isin: null, statusReason: null },
      { symbol: 'MSFT' },
    ]);
    expect(await items('/instruments?status=HALTED')).toEqual([]);
    expect(await json('/instruments/MSFT')).toMatchObject({ name: 'Microsoft', currency: 'USD' });
  });

  test('closes in a range, and the last price', async () => {
    expect(await items('/prices/AAPL/closes?from=2026-11-11')).toEqual([
      {
        symbol: 'AAPL',
        date: '2026-11-12',
        open: '105',
        high: '105',
        low: '105',
        close: '105',
        volume: '1000',
        source: 'api',
        recordedAt: '2026-11-12T22:00:00.000000Z',
      },
    ]);
    expect(await json('/prices/AAPL/last')).toMatchObject({
      price: '110',
      date: '2026-11-18',
      markedAt: '2026-11-18T15:00:00.000000Z',
    });
  });
});

describe('every answer says which position it reflects (LG-10)', () => {
  test.each([
    '/accounts',
    '/accounts/A1',
    '/accounts/A1/limits',
    '/accounts/A1/positions',
    '/accounts/A1/positions?asOf=2026-11-12',
    '/accounts/A1/positions/AAPL',
    '/accounts/A1/trades',
    '/accounts/A1/events',
    '/accounts/A1/balance-history?from=2026-11-10&to=2026-11-12',
    '/instruments',
    '/instruments/AAPL',
    '/prices/AAPL/last',
    '/prices/AAPL/closes',
  ])('%s', async (path) => {
    const head = await fixture.head();
    const response = await get(`${path}${path.includes('?') ? '&' : '?'}minPosition=${head}`);
    expect(response.statusCode).toBe(200);
    expect(Number(response.headers['counterfoil-position'])).toBe(head);
  });

  test('minPosition reads what was just written', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const body = { ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'CHF' };
      const { position } = (await post('/accounts', body)).json();
      const found = await items(`/accounts?currency=CHF&minPosition=${position}`);
      expect(found).toHaveLength(round);
    }
  });
});
