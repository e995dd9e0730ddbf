import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PositionAnswer } from '../../domain/accounts/contract.ts';
import type { Page } from '../pages.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { book, list, open, post } from './worked-cases.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await list(fixture, 'AAPL');
  await open(fixture, 'A1');
  const close = { close: '499.23' };
  await fixture.done({ request: 'PUT /api/v1/prices/AAPL/closes/2020-08-28', body: close });
  await book(fixture, 'A1', 'BUY 10 AAPL at 499.23 on 2020-08-28');
  await post(fixture, {
    event_type: 'STOCK_SPLIT',
    symbol: 'AAPL',
    ex_date: '2020-08-31',
    record_date: '2020-08-24',
    payment_date: '2020-08-28',
    terms: { ratio: '4:1' },
  });
});
afterAll(() => fixture.close());

async function aaplOf(query: string): Promise<PositionAnswer | undefined> {
  const request = `GET /api/v1/accounts/A1/positions?${query}`;
  return (await fixture.done({ request })).json<Page<PositionAnswer>>().items[0];
}

describe('CA-10 LG-08 prices of before a split, when it has gone ex and none has come since', () => {
  test.each([
    ['now', async () => `minPosition=${await fixture.head()}`],
    ['on the ex-date', async () => 'asOf=2020-08-31'],
  ])('value a position %s as they did before', async (_, query) => {
    expect(await aaplOf(await query())).toMatchObject({
      quantity: '40',
      lastPrice: '124.8075',
      marketValue: '4992.3',
      unrealizedPnl: '0',
    });
  });

  test('value it before the ex-date as they are', async () => {
    expect(await aaplOf('asOf=2020-08-30')).toMatchObject({ quantity: '10', lastPrice: '499.23' });
  });

  test('hold trades to the collar of the new shares', async () => {
    const order = { side: 'BUY', symbol: 'AAPL', quantity: '1', tradeDate: '2020-08-31' };
    const at = (price: string) =>
      fixture.call({ request: 'POST /api/v1/accounts/A1/orders', body: { ...order, price } });
    expect((await at('499.23')).json<{ code: string }>().code).toBe('PRICE_OUTSIDE_COLLAR');
    expect((await at('127.67')).statusCode).toBe(201);
  });
});
