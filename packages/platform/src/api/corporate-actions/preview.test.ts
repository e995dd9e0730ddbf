import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PreviewedAccount } from '../../corporate-actions/change-preview.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { cashOf, completed, listInstruments, openAccount, post } from './entitlements.fixture.ts';
import { announced } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await listInstruments(fixture, 'AAPL', 'IBM');
  await openAccount(fixture, 'A1', '280 AAPL at 100');
  await openAccount(fixture, 'A2', '20 AAPL at 100');
  await openAccount(fixture, 'A3', '10 IBM at 100');
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

interface Page {
  readonly items: readonly PreviewedAccount[];
  readonly nextCursor: string | null;
  readonly pending: { readonly code: string } | null;
}

async function previewed(id: string, body: object, query = ''): Promise<Page> {
  const request = `POST /api/v1/events/${id}/preview?minPosition=${await fixture.head()}${query}`;
  return (await fixture.done({ request, body })).json<Page>();
}

/** Such as `A1 48.79 -> 40.18: -8.61`. */
const inBrief = ({ account, before, after, difference }: PreviewedAccount): string =>
  `${account} ${before?.amount ?? 'nothing'} -> ${after?.amount ?? 'nothing'}: ${difference.amount}`;

const atThirty = { terms: { amount: '0.205', withholding_percent: '30' } };

describe('CA-07 what an amendment would move', () => {
  let id: string;
  beforeAll(async () => {
    id = await post(fixture, dividend);
  });

  test('is listed by account, and recorded nowhere', async () => {
    const before = await fixture.head();
    const { items, nextCursor, pending } = await previewed(id, atThirty);

    expect(items.map(inBrief)).toEqual(['A1 48.79 -> 40.18: -8.61', 'A2 3.48 -> 2.87: -0.61']);
    expect({ nextCursor, pending }).toEqual({ nextCursor: null, pending: null });
    expect(items[0]).toMatchObject({
      before: { eligible: '280', gross: '57.4', tax: '8.61' },
      after: { eligible: '280', gross: '57.4', tax: '17.22' },
      difference: { gross: '0', tax: '8.61', amount: '-8.61', movements: [] },
      consequences: [],
    });
    expect(await fixture.head()).toBe(before);
  });

  test('is what the amendment then moves', async () => {
    const own = await post(fixture, { ...dividend, symbol: 'IBM' });
    const cash = Number(await cashOf(fixture, 'A3'));
    const { items } = await previewed(own, atThirty);
    const body = { expected_version: 1, reason: 'treaty', ...atThirty };
    await fixture.done({ request: `PATCH /api/v1/events/${own}`, body });
    await completed(fixture, own, 2);

    expect(items.map(inBrief)).toEqual(['A3 1.74 -> 1.43: -0.31']);
    expect(Number(await cashOf(fixture, 'A3'))).toBeCloseTo(cash - 0.31, 6);
  });

  test.each([
    ['it is put off', { payment_date: '2026-12-10' }, 'version 2 moves it to 2026-12-10'],
    ['it is not confirmed', { confirmation: 'UNCONFIRMED' }, 'version 2 is not confirmed'],
  ])('is all that is posted, where %s', async (_, changes, reason) => {
    const { items, pending } = await previewed(id, { ...atThirty, ...changes });
    expect(items.map(inBrief)).toEqual([
      'A1 48.79 -> nothing: -48.79',
      'A2 3.48 -> nothing: -3.48',
    ]);
    const detail = `it is taken back until it is due: ${reason}`;
    expect(pending).toEqual({ code: 'ACTION_NOT_DUE', detail });
  });

  test('comes a page at a time', async () => {
    const first = await previewed(id, atThirty, '&limit=1');
    expect(first.items.map(({ account }) => account)).toEqual(['A1']);
    const second = await previewed(id, atThirty, `&limit=1&cursor=${first.nextCursor}`);
    expect(second.items.map(({ account }) => account)).toEqual(['A2']);
    expect(second.nextCursor).toBeNull();
  });

  test('is nothing where nothing changes', async () => {
    expect((await previewed(id, {})).items).toEqual([]);
    expect((await previewed(id, { terms: dividend.terms })).items).toEqual([]);
    // Who is entitled stays the same.
    expect((await previewed(id, { record_date: '2020-11-10' })).items).toEqual([]);
  });

  test('is all of it for an event that is not posted', async () => {
    const toCome = { ex_date: '2026-12-07', record_date: '2026-12-07', payment_date: '2026-12-10' };
    const other = await announced(fixture, { ...dividend, ...toCome });
    const { items } = await previewed(other, { amount: '0.5' });
    expect(items.map(inBrief)).toEqual(['A1 nothing -> 119: 119', 'A2 nothing -> 8.5: 8.5']);
  });

  test.each<[string, object, string]>([
    ['another symbol', { symbol: 'IBM' }, '422 ACTION_IDENTITY_FIXED'],
    ['a version that is no more', { ...atThirty, expected_version: 7 }, '409 ACTION_VERSION_STALE'],
    ['dates that can not be', { record_date: '2020-11-05' }, '422 RECORD_BEFORE_EX'],
    ['a term of another type', { terms: { ratio: '7:1' } }, '400 REQUEST_INVALID'],
    ['an amount said twice', { amount: '1', terms: { amount: '1' } }, '400 REQUEST_INVALID'],
    ['a cancellation with changes', { cancel: true, amount: '1' }, '400 REQUEST_INVALID'],
    ['what there is not', { venue: 'XNAS' }, '400 REQUEST_INVALID'],
  ])('is refused as the amendment would be: %s', async (_, body, refusal) => {
    const response = await fixture.call({ request: `POST /api/v1/events/${id}/preview`, body });
    const { status, code } = response.json<{ status: number; code: string }>();
    expect(`${status} ${code}`).toBe(refusal);
  });

  test('is unknown while the terms can not be looked up', async () => {
    await listInstruments(fixture, 'GE');
    await openAccount(fixture, 'A4', '100 GE at 13');
    const split = { event_type: 'STOCK_SPLIT', symbol: 'GE', ex_date: '2020-08-03' };
    const own = await post(fixture, { ...split, terms: { ratio: '2:1' } });
    const { items, pending } = await previewed(own, { terms: { ratio: '1:8' } });
    expect(items).toEqual([]);
    expect(pending).toMatchObject({ code: 'PRICE_UNAVAILABLE' });
  });
});

describe('CA-07 what a cancellation would move', () => {
  test('is all that is posted, and what followed from it', async () => {
    await listInstruments(fixture, 'TWO');
    await openAccount(fixture, 'B1', '10 TWO at 100');
    const split = { event_type: 'STOCK_SPLIT', symbol: 'TWO', ex_date: '2020-08-03' };
    const first = await post(fixture, { ...split, terms: { ratio: '4:1' } });
    const after = await post(fixture, { ...dividend, symbol: 'TWO' });

    const { items } = await previewed(first, { cancel: true });
    expect(items).toMatchObject([
      {
        account: 'B1',
        before: { movements: [{ symbol: 'TWO', quantity: '30' }] },
        after: null,
        difference: {
          amount: '0',
          movements: [{ symbol: 'TWO', quantity: '-30', cost: '0', realized_pnl: '0' }],
        },
        // 8.20 less 1.23 on 40 shares; on 10 of them 2.05 less 0.31.
        consequences: [{ event_id: after, gross: '-6.15', tax: '-0.92', amount: '-5.23' }],
      },
    ]);
    const whole = await previewed(after, { cancel: true });
    expect(whole.items.map(inBrief)).toEqual(['B1 6.97 -> nothing: -6.97']);
  });

  test('is nothing where nothing is posted', async () => {
    const toCome = { ex_date: '2026-12-07', record_date: '2026-12-07', payment_date: '2026-12-10' };
    const id = await announced(fixture, { ...dividend, ...toCome });
    expect((await previewed(id, { cancel: true })).items).toEqual([]);
  });
});
