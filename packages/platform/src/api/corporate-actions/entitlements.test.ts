import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntitlementTexts } from '../../queries/entitlement-facts.ts';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import {
  completed,
  inBrief,
  listed,
  listInstruments,
  openAccount,
  order,
  post,
  shown,
  type EntitlementsPage,
} from './entitlements.fixture.ts';
import { announced } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await listInstruments(fixture, 'AAPL', 'IBM', 'GE', 'SAP', 'MSFT');
  await openAccount(fixture, 'A1', '280 AAPL at 100');
  await openAccount(fixture, 'A2', '20 AAPL at 100');
  await openAccount(fixture, 'A3', '5 AAPL at 100');
  await order(fixture, 'A3', 'SELL 5 AAPL at 100 on 2020-01-06');
  await openAccount(fixture, 'A4', '100 GE at 13');
});
afterAll(() => fixture.close());

const dividend = {
  event_type: 'DIVIDEND',
  symbol: 'AAPL',
  ex_date: '2020-11-06',
  record_date: '2020-11-09',
  payment_date: '2020-11-12',
  terms: { amount: '0.205', withholding_percent: '15' },
};

const page = (id: string, query = '') =>
  listed<EntitlementsPage>(fixture, `/events/${id}/entitlements${query}`);
const ofAccount = (account: string, query = '') =>
  listed<EntitlementsPage>(fixture, `/accounts/${account}/entitlements${query}`);
const told = ({ calculation }: EntitlementTexts): readonly string[] =>
  calculation.map(({ line, formula, value }) => `${line}: ${formula} = ${value}`);

describe('CA-06 what accounts get of an action that is posted', () => {
  test('each with its terms, and the lines that lead to it', async () => {
    const id = await post(fixture, dividend);

    const { items, nextCursor, pending } = await page(id);
    expect({ nextCursor, pending }).toEqual({ nextCursor: null, pending: null });
    expect(items.map(inBrief)).toEqual([
      'A1 POSTED 280 eligible: 57.4 - 8.61 = 48.79',
      'A2 POSTED 20 eligible: 4.1 - 0.62 = 3.48',
    ]);
    expect(items[0]).toMatchObject({
      event_id: id,
      version: 1,
      event_type: 'DIVIDEND',
      symbol: 'AAPL',
      settled: '280',
      pending_receipts: '0',
      pending_deliveries: '0',
      option: null,
      quantity: null,
      currency: 'USD',
      cash_in_lieu: '0',
      fraction: '0',
      movements: [],
      ex_date: '2020-11-06',
      effective_date: '2020-11-12',
      settlement_date: '2020-11-12',
      reason: null,
      recorded_at: '2026-11-20T15:00:00.000000Z',
    });
    expect(items[0]?.position).toBeGreaterThan(0);
    expect(told(items[0] as EntitlementTexts)).toEqual([
      'eligible quantity: 280 settled + 0 bought and not settled - 0 sold and not settled = 280',
      'gross: 280 x 0.205 = 57.4',
      'tax: 57.4 x 15 % = 8.61',
      'net: 57.4 - 8.61 = 48.79',
    ]);
  });

  test('GE 1:8: the shares that went, the fraction, and its cash', async () => {
    const terms = { ratio: '1:8', price_in_lieu: '104' };
    const split = { event_type: 'STOCK_SPLIT', symbol: 'GE', ex_date: '2021-08-02', terms };
    const id = await post(fixture, split);

    const { items } = await page(id);
    expect(items).toHaveLength(1);
    const [one] = items as [EntitlementTexts];
    expect(one).toMatchObject({
      account: 'A4',
      fraction: '0.5',
      cash_in_lieu: '52',
      amount: '52',
      movements: [{ symbol: 'GE', quantity: '-88', cost: '-52', realized_pnl: '0' }],
    });
    expect(told(one)).toContain('new quantity: 100 x 1 / 8 = 12.5');
    expect(told(one)).toContain('cash in lieu: 0.5 x 104 = 52');
  });

  test('a page at a time, and by account and status', async () => {
    const id = await post(fixture, {
      ...dividend,
      ex_date: '2020-08-07',
      record_date: '2020-08-10',
    });
    const first = await page(id, '?limit=1');
    expect(first.items.map(({ account }) => account)).toEqual(['A1']);
    const second = await page(id, `?limit=1&cursor=${first.nextCursor}`);
    expect(second.items.map(({ account }) => account)).toEqual(['A2']);
    expect(second.nextCursor).toBeNull();
    const only = await page(id, '?account=A2');
    expect(only.items.map(({ account }) => account)).toEqual(['A2']);
    expect((await page(id, '?status=REVERSED')).items).toEqual([]);
    expect((await page(id, '?status=EXPECTED')).items).toEqual([]);
    expect((await page(id, '?status=POSTED')).items).toHaveLength(2);
  });

  test('a trade that becomes known later adjusts it, and the lines with it', async () => {
    await listInstruments(fixture, 'LATE');
    await openAccount(fixture, 'B1', '280 LATE at 100');
    const id = await post(fixture, { ...dividend, symbol: 'LATE' });
    await order(fixture, 'B1', 'BUY 20 LATE at 100 on 2020-11-05');

    const { items } = await page(id);
    expect(items.map(inBrief)).toEqual(['B1 ADJUSTED 300 eligible: 61.5 - 9.23 = 52.27']);
    expect(items[0]?.reason).toBeTruthy();
    expect(told(items[0] as EntitlementTexts).slice(1)).toEqual([
      'gross: 300 x 0.205 = 61.5',
      'tax: 61.5 x 15 % = 9.23',
      'net: 61.5 - 9.23 = 52.27',
    ]);
  });

  test('what is taken back comes to nothing, and an amendment to something else', async () => {
    await listInstruments(fixture, 'BACK');
    await openAccount(fixture, 'B2', '280 BACK at 100');
    const id = await post(fixture, { ...dividend, symbol: 'BACK' });
    const changes = { terms: { amount: '0.205', withholding_percent: '30' } };
    const body = { expected_version: 1, reason: 'treaty', ...changes };
    await fixture.done({ request: `PATCH /api/v1/events/${id}`, body });
    await completed(fixture, id, 2);
    const amended = await page(id);
    expect(amended.items.map(inBrief)).toEqual(['B2 POSTED 280 eligible: 57.4 - 17.22 = 40.18']);
    expect(amended.items[0]?.version).toBe(2);

    const withdrawn = { reason: 'withdrawn by the issuer' };
    await fixture.done({ request: `POST /api/v1/events/${id}/cancel`, body: withdrawn });
    await until(async () => (await shown(fixture, id)).stage === 'REVERSED');
    const { items } = await page(id);
    expect(items.map(inBrief)).toEqual(['B2 REVERSED 280 eligible: 0 - 0 = 0']);
    expect(told(items[0] as EntitlementTexts)).toEqual([
      'eligible quantity: 280 settled + 0 bought and not settled - 0 sold and not settled = 280',
      'net: everything is taken back: withdrawn by the issuer = 0',
    ]);
  });

  test('of an unknown event there is nothing to list', async () => {
    const response = await fixture.call({
      request: 'GET /api/v1/events/CA-000000000000000000/entitlements',
    });
    expect(response.json()).toMatchObject({ status: 404, code: 'ACTION_UNKNOWN' });
  });
});

describe('CA-06 what accounts are to expect of an action that is not posted', () => {
  const toCome = {
    ...dividend,
    ex_date: '2026-12-07',
    record_date: '2026-12-07',
    payment_date: '2026-12-10',
  };

  test('is computed for its holders, and recorded nowhere', async () => {
    const id = await announced(fixture, toCome);
    const before = await fixture.head();

    const { items, pending } = await page(id);
    expect(pending).toBeNull();
    expect(items.map(inBrief)).toEqual([
      'A1 EXPECTED 280 eligible: 57.4 - 8.61 = 48.79',
      'A2 EXPECTED 20 eligible: 4.1 - 0.62 = 3.48',
    ]);
    expect(items[0]).toMatchObject({ version: 1, recorded_at: null, position: null });
    expect(told(items[0] as EntitlementTexts)).toContain('tax: 57.4 x 15 % = 8.61');
    expect(await fixture.head()).toBe(before);
    expect((await page(id, '?status=POSTED')).items).toEqual([]);
    expect((await page(id, '?account=A2')).items.map(({ account }) => account)).toEqual(['A2']);
  });

  test('comes a page at a time, without those that hold nothing any more', async () => {
    const id = await announced(fixture, toCome);
    const first = await page(id, '?limit=1&status=EXPECTED');
    expect(first.items.map(({ account }) => account)).toEqual(['A1']);
    const second = await page(id, `?limit=1&status=EXPECTED&cursor=${first.nextCursor}`);
    expect(second.items.map(({ account }) => account)).toEqual(['A2']);
    expect(second.nextCursor).toBeNull();
  });

  test('is not known while a price is missing, and the answer says so', async () => {
    await openAccount(fixture, 'A5', '3 SAP at 10');
    const split = { event_type: 'STOCK_SPLIT', symbol: 'SAP', ex_date: '2026-12-07' };
    const id = await announced(fixture, { ...split, terms: { ratio: '1:8' } });

    const { items, pending } = await page(id);
    expect(items).toEqual([]);
    expect(pending).toMatchObject({ code: 'PRICE_UNAVAILABLE' });
    const body = { close: '10' };
    await fixture.done({ request: 'PUT /api/v1/prices/SAP/closes/2026-11-19', body });
    const later = await page(id);
    expect(later).toMatchObject({ pending: null, items: [{ account: 'A5', cash_in_lieu: '30' }] });
  });

  test('is told with what it still takes: a confirmation, or the end of an offer', async () => {
    const unconfirmed = await announced(fixture, { ...toCome, confirmation: 'UNCONFIRMED' });
    expect(await page(unconfirmed)).toMatchObject({
      pending: { code: 'ACTION_NOT_PAYABLE' },
      items: [{ account: 'A1' }, { account: 'A2' }],
    });
    const offer = await announced(fixture, {
      event_type: 'TENDER_OFFER',
      symbol: 'AAPL',
      ex_date: '2026-12-07',
      effective_date: '2026-12-21',
      election_deadline: '2026-12-18',
      default_option: 'TENDER',
      terms: { price: '200', quantity_max: '100' },
    });
    expect(await page(offer)).toMatchObject({
      pending: { code: 'ACCEPTANCE_UNKNOWN' },
      items: [
        { account: 'A1', option: 'TENDER', quantity: null, amount: '56000' },
        { account: 'A2', option: 'TENDER', quantity: null, amount: '4000' },
      ],
    });
  });

  test('is what is posted, where an amendment has still to be', async () => {
    await listInstruments(fixture, 'HELD');
    await openAccount(fixture, 'D1', '280 HELD at 100');
    const id = await post(fixture, { ...dividend, symbol: 'HELD' });
    const { queue } = fixture.platform.corporateActions;
    await queue.pause();
    const body = { expected_version: 1, reason: 'put off', payment_date: '2026-12-10' };
    await fixture.done({ request: `PATCH /api/v1/events/${id}`, body });

    expect((await shown(fixture, id)).status).toBe('PENDING');
    const posted = ['D1 POSTED 280 eligible: 57.4 - 8.61 = 48.79'];
    expect((await page(id)).items.map(inBrief)).toEqual(posted);
    expect((await page(id, '?status=EXPECTED')).items).toEqual([]);
    expect((await ofAccount('D1')).items.map(inBrief)).toEqual(posted);
    await queue.resume();
  });

  test('CA-07 is that of the new version, once the one before it is taken back', async () => {
    await listInstruments(fixture, 'OFF');
    await openAccount(fixture, 'D2', '280 OFF at 100');
    const id = await post(fixture, { ...dividend, symbol: 'OFF' });
    const body = { expected_version: 1, reason: 'put off', payment_date: '2026-12-10' };
    await fixture.done({ request: `PATCH /api/v1/events/${id}`, body });
    await until(async () => (await shown(fixture, id)).posted_version === null);

    const expected = ['D2 EXPECTED 280 eligible: 57.4 - 8.61 = 48.79'];
    const all = await page(id);
    expect(all.items.map(inBrief)).toEqual(expected);
    expect(all.items[0]?.version).toBe(2);
    expect((await page(id, '?status=EXPECTED')).items.map(inBrief)).toEqual(expected);
    const { items } = await page(id, '?status=REVERSED');
    expect(items.map(inBrief)).toEqual(['D2 REVERSED 280 eligible: 0 - 0 = 0']);
    expect(told(items[0] as EntitlementTexts)).toContain(
      'net: everything is taken back: version 2 moves it to 2026-12-10 = 0',
    );
    const sold = { side: 'SELL', symbol: 'OFF', quantity: '280', price: '100' };
    const request = 'POST /api/v1/accounts/D2/orders';
    await fixture.done({ request, body: { ...sold, tradeDate: '2020-11-05' } });
    expect((await page(id)).items.map(inBrief)).toEqual(['D2 REVERSED 280 eligible: 0 - 0 = 0']);
  });

  test('is nothing once it is cancelled', async () => {
    const id = await announced(fixture, toCome);
    const body = { reason: 'an error' };
    await fixture.done({ request: `POST /api/v1/events/${id}/cancel`, body });
    expect(await page(id)).toEqual({ items: [], nextCursor: null, pending: null });
  });
});

describe('CA-06 what one account gets', () => {
  test('is listed by effective date: what is posted, and what is to come', async () => {
    await listInstruments(fixture, 'ONE');
    await openAccount(fixture, 'C1', '100 ONE at 10');
    const [march, june, later] = [
      { ex_date: '2020-03-02', record_date: '2020-03-03', payment_date: '2020-03-06' },
      { ex_date: '2020-06-01', record_date: '2020-06-02', payment_date: '2020-06-05' },
      { ex_date: '2026-12-07', record_date: '2026-12-07', payment_date: '2026-12-10' },
    ].map((dates) => ({ ...dividend, symbol: 'ONE', ...dates }));
    const ids = [
      await post(fixture, june as object),
      await announced(fixture, later as object),
      await post(fixture, march as object),
    ];

    const all = await ofAccount('C1');
    const found = all.items.map(({ event_id, status, effective_date }) => [
      event_id,
      status,
      effective_date,
    ]);
    const expected = [
      [ids[2], 'POSTED', '2020-03-06'],
      [ids[0], 'POSTED', '2020-06-05'],
      [ids[1], 'EXPECTED', '2026-12-10'],
    ];
    expect(found).toEqual(expected);
    expect(told(all.items[2] as EntitlementTexts)).toContain('gross: 100 x 0.205 = 20.5');

    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { items, nextCursor }: EntitlementsPage = await ofAccount(
        'C1',
        `?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(items.length).toBeLessThanOrEqual(1);
      paged.push(
        ...items.map(({ event_id, status, effective_date }) => [event_id, status, effective_date]),
      );
      cursor = nextCursor;
    }
    expect(paged).toEqual(expected);
    expect((await ofAccount('C1', '?status=EXPECTED')).items.map(inBrief)).toEqual([
      'C1 EXPECTED 100 eligible: 20.5 - 3.08 = 17.42',
    ]);
    expect((await ofAccount('C1', '?status=POSTED')).items).toHaveLength(2);
  });

  test('is empty without any, and a wrong id is told', async () => {
    await openAccount(fixture, 'C2');
    expect(await ofAccount('C2')).toEqual({ items: [], nextCursor: null });
    const response = await fixture.call({ request: 'GET /api/v1/accounts/NOBODY/entitlements' });
    expect(response.json()).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  });
});
