import { calendarDate } from '@counterfoil/event-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountStream, type AccountId } from '../../domain/accounts/events.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import type { ReconciliationLine } from '../../domain/corporate-actions/reconciliation.ts';
import { Money, negated, Quantity } from '../../domain/money/money.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { listed, listInstruments, openAccount, post } from './entitlements.fixture.ts';
import { announced } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await listInstruments(fixture, 'AAPL', 'IBM');
  for (const [account, shares] of [
    ['A1', '3'],
    ['A2', '3'],
    ['A3', '103'],
  ] as const) {
    await openAccount(fixture, account, `${shares} AAPL at 100`);
  }
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

interface Answer {
  readonly status: string;
  readonly version: number | null;
  readonly accounts: number;
  readonly eligible: string;
  readonly lines: readonly ReconciliationLine[];
  readonly broken_entitlements: number;
  readonly broken: readonly object[];
  readonly custodian: {
    readonly name: string;
    readonly lines: readonly ReconciliationLine[];
  } | null;
}

const reconciled = (id: string) => listed<Answer>(fixture, `/events/${id}/reconciliation`);
const told = (lines: readonly ReconciliationLine[] = []) =>
  lines.map(({ line, expected, actual, status }) => `${line} ${expected} ${actual} ${status}`);

function stating(id: string, totals: object) {
  const body = { custodian: 'DTC', ...totals };
  return fixture.done({ request: `POST /api/v1/events/${id}/custodian-total`, body });
}

/** A cent more in the log than is right: nothing that the program does by itself. */
async function withheldMore(id: ActionId, account: string, more: string): Promise<void> {
  const date = calendarDate('2020-11-12');
  const event = {
    type: 'EntitlementAdjusted',
    data: {
      actionId: id,
      actionVersion: 1,
      symbol: 'AAPL',
      effectiveDate: date,
      settlementDate: date,
      settled: Quantity.of('103'),
      pendingReceipts: Quantity.zero,
      pendingDeliveries: Quantity.zero,
      gross: Money.zero,
      tax: Money.of(more),
      cashInLieu: Money.zero,
      fraction: Quantity.zero,
      amount: negated(Money.of(more)),
      movements: [],
      currency: 'USD',
      causeTradeId: null,
      causeActionId: null,
      reason: 'a mistake',
    },
  };
  const stream = accountStream(account as AccountId);
  const append = { stream, expected: 'any' as const, events: [event] };
  await fixture.platform.store.append({ appends: [append], cause: { userId: 'test' } });
}

describe('CA-07 an event is reconciled', () => {
  test('when what was posted is what the terms say, but for the rounding of each account', async () => {
    const id = await post(fixture, dividend);
    const answer = await reconciled(id);
    expect(answer).toMatchObject({
      status: 'RECONCILED',
      version: 1,
      accounts: 3,
      eligible: '109',
      broken_entitlements: 0,
      broken: [],
      custodian: null,
    });
    // 0.62, 0.62 and 21.12 for 22.345; of each no more than half a cent.
    expect(answer.lines[0]).toEqual({
      line: 'gross',
      expected: '22.345',
      actual: '22.36',
      difference: '0.015',
      tolerance: '0.015',
      status: 'RECONCILED',
    });
    expect(told(answer.lines).slice(1)).toEqual([
      'tax 3.354 3.35 RECONCILED',
      'net 19.01 19.01 RECONCILED',
    ]);
  });

  test('and when the custodian states the same, or what it is paid at once for all', async () => {
    const id = await post(fixture, dividend);
    await stating(id, { eligible: '109', cash: '19.01', shares: '0' });
    expect(await reconciled(id)).toMatchObject({
      status: 'RECONCILED',
      custodian: { name: 'DTC' },
    });
    // 109 x 0.205 = 22.35 less 3.35.
    await stating(id, { cash: '19.00' });
    const { status, custodian } = await reconciled(id);
    expect(status).toBe('RECONCILED');
    expect(told(custodian?.lines)).toEqual(['cash 19.01 19 RECONCILED']);
  });

  test('by shares: those given and their fractions, and the cash for these', async () => {
    const terms = { ratio: '1:8', price_in_lieu: '104' };
    const split = { event_type: 'STOCK_SPLIT', symbol: 'AAPL', ex_date: '2020-12-01', terms };
    const id = await post(fixture, split);
    const { status, lines } = await reconciled(id);
    expect(told(lines)).toEqual([
      'new quantity 13.625 13.625 RECONCILED',
      'cash in lieu 169 169 RECONCILED',
      'net 169 169 RECONCILED',
    ]);
    expect(status).toBe('RECONCILED');
  });

  test('by every line of a merger for cash and stock', async () => {
    await listInstruments(fixture, 'OLD', 'NEW');
    await openAccount(fixture, 'B1', '101 OLD at 10');
    const id = await post(fixture, {
      event_type: 'MERGER',
      symbol: 'OLD',
      ex_date: '2020-12-01',
      terms: {
        acquirer: 'NEW',
        ratio: '1:2',
        cash_per_share: '4',
        acquirer_price: '30',
        price_in_lieu: '30',
      },
    });
    const { status, lines } = await reconciled(id);
    expect(told(lines)).toEqual([
      'shares taken -101 -101 RECONCILED',
      'cash for the shares 404 404 RECONCILED',
      'shares received 50.5 50.5 RECONCILED',
      'cash in lieu 15 15 RECONCILED',
    ]);
    expect(status).toBe('RECONCILED');
  });
});

describe('CA-07 a break', () => {
  test('with the custodian is named by line, with the difference', async () => {
    const id = await post(fixture, {
      ...dividend,
      ex_date: '2020-08-07',
      record_date: '2020-08-10',
    });
    await stating(id, { eligible: '209', cash: '19.01' });
    const { status, custodian } = await reconciled(id);
    expect(status).toBe('BREAK');
    expect(custodian?.lines).toMatchObject([
      { line: 'eligible', difference: '100', status: 'BREAK' },
      { line: 'cash', difference: '0', status: 'RECONCILED' },
    ]);
  });

  test('in one account is found, though the sums are within the rounding', async () => {
    const id = await post(fixture, {
      ...dividend,
      ex_date: '2020-05-08',
      record_date: '2020-05-11',
    });
    expect((await reconciled(id)).status).toBe('RECONCILED');
    await withheldMore(id, 'A3', '0.01');
    expect(await reconciled(id)).toMatchObject({
      status: 'BREAK',
      broken_entitlements: 1,
      broken: [
        { account: 'A3', line: 'tax', expected: '3.17', actual: '3.18', difference: '0.01' },
      ],
    });
  });
});

describe('CA-07 what is not posted', () => {
  test('has nothing to be reconciled', async () => {
    const dates = { ex_date: '2026-12-07', record_date: '2026-12-07', payment_date: '2026-12-10' };
    const id = await announced(fixture, { ...dividend, ...dates });
    expect(await reconciled(id)).toMatchObject({ status: 'NOT_POSTED', version: null, lines: [] });
  });

  test('or is not even announced', async () => {
    const response = await fixture.call({
      request: 'GET /api/v1/events/CA-000000000000000000/reconciliation',
    });
    expect(response.json()).toMatchObject({ code: 'ACTION_UNKNOWN' });
  });
});
