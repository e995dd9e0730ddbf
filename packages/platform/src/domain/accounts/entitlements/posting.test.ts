import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money, Quantity } from '../../money/money.ts';
import {
  accountAfter,
  buy,
  cancel,
  describePosition,
  given,
  open,
  sell,
  symbolOf,
  when,
} from '../account.fixture.ts';
import type { AccountCommand } from '../commands.ts';
import type { AccountEvent } from '../events.ts';
import { balancesByDay, foldAsOf } from '../history.ts';
import { eligibleOf } from '../in-order.ts';
import { positionOf } from '../positions.ts';
import { dividend, inLieu, post, reverse, split } from './actions.fixture.ts';

const market = [open(), buy('T1', '280 AAPL', '100', '2020-01-02')];
const paid = (tax: string, version: number) =>
  dividend('C1', '0.205 AAPL', '2020-11-06', {
    tax,
    version,
    record: '2020-11-09',
    pay: '2020-11-12',
  });

function amounts(events: readonly AccountEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'EntitlementPosted' ||
    event.type === 'EntitlementReversed' ||
    event.type === 'EntitlementAdjusted'
      ? [`${event.type} ${Money.format(event.data.amount)}`]
      : [],
  );
}

function aapl(events: readonly AccountEvent[]): string {
  return describePosition(positionOf(accountAfter(events).positions, symbolOf('AAPL')));
}

describe('CA-06 who is entitled', () => {
  // T+1 by the fixture's market: what is bought on the day before the record date settles by it.
  it.each([
    ['a purchase before the ex-date', [buy('T2', '10 AAPL', '1', '2020-11-05')], '290 0 0'],
    ['a purchase on the ex-date, not', [buy('T2', '10 AAPL', '1', '2020-11-06')], '280 0 0'],
    ['a sale before the ex-date', [sell('T2', '10 AAPL', '1', '2020-11-05')], '270 0 0'],
    ['a sale on the ex-date, not', [sell('T2', '10 AAPL', '1', '2020-11-06')], '280 0 0'],
  ])('%s counts', (_, trades: readonly AccountCommand[], lines) => {
    const posted = given(...market, ...trades, post(paid('15', 1))).at(-1);
    if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    const { settled, pendingReceipts, pendingDeliveries } = posted.data;
    const terms = [settled, pendingReceipts, pendingDeliveries];
    expect(terms.map((term) => Quantity.format(term)).join(' ')).toBe(lines);
  });

  it('by a due bill, who bought between the record date and an ex-date behind it', () => {
    // AAPL 2020: record 24 August, ex 31 August.
    const late = split('C1', '4:1 AAPL', '2020-08-31', undefined, { record: '2020-08-24' });
    const trades = [
      buy('T2', '10 AAPL', '100', '2020-08-24'),
      sell('T3', '50 AAPL', '100', '2020-08-25'),
      buy('T4', '7 AAPL', '100', '2020-08-31'),
    ];
    const events = given(...market, ...trades, post(late));
    const posted = events.find(({ type }) => type === 'EntitlementPosted');
    if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    expect(posted.data).toMatchObject({
      settled: Quantity.of('280'),
      pendingReceipts: Quantity.of('10'),
      pendingDeliveries: Quantity.of('50'),
    });
    expect(eligibleOf(posted.data)).toBe(Quantity.of('240'));
    expect(positionOf(accountAfter(events).positions, symbolOf('AAPL'))?.quantity).toBe(
      Quantity.of('967'),
    );
  });

  it('nobody who holds nothing then', () => {
    expect(when(given(open()), post(paid('15', 1))).events).toEqual([]);
    const sold = given(...market, sell('T2', '280 AAPL', '1', '2020-11-05'));
    expect(when(sold, post(paid('15', 1))).events).toEqual([]);
  });
});

describe('CA-07 an action that was posted', () => {
  it('is reversed and booked anew at another tax: -48.79 and +40.18', () => {
    const before = given(...market, post(paid('15', 1)));
    const { events } = when(before, post(paid('30', 2)));
    expect(amounts([...before, ...events])).toEqual([
      'EntitlementPosted 48.79',
      'EntitlementReversed -48.79',
      'EntitlementPosted 40.18',
    ]);
    expect(accountAfter([...before, ...events]).cash).toBe(Money.of('72040.18'));
  });

  it('is there once, however often it is posted', () => {
    const before = given(...market, post(paid('15', 1)));
    expect(when(before, post(paid('15', 1))).events).toEqual([]);
  });

  it('leaves nothing behind when it is taken back, whatever was traded since', () => {
    const trades = [
      sell('T2', '1000 AAPL', '30', '2020-12-01'),
      buy('T3', '100 AAPL', '31', '2020-12-02'),
    ];
    const splitting = split('C1', '4:1 AAPL', '2020-08-31');
    const short = open({ shortSelling: true });
    const [, bought] = market;
    const events = given(short, bought as AccountCommand, post(splitting), ...trades);
    expect(aapl(events)).toBe('220 cost 6100 realized 5000: T1 120 for 3000, T3 100 for 3100');
    const after = [...events, ...when(events, reverse(splitting)).events];
    expect(aapl(after)).toBe(aapl(given(short, bought as AccountCommand, ...trades)));
    expect(when(after, reverse(splitting)).events).toEqual([]);
  });

  it('can be posted again after it was taken back', () => {
    const events = given(
      ...market,
      post(paid('15', 1)),
      reverse(paid('15', 1)),
      post(paid('15', 1)),
    );
    expect(amounts(events)).toEqual([
      'EntitlementPosted 48.79',
      'EntitlementReversed -48.79',
      'EntitlementPosted 48.79',
    ]);
  });
});

describe('LG-17 a trade that becomes known after an action it bears on', () => {
  it('adjusts the dividend by the difference, and says for which trade', () => {
    const before = given(...market, post(paid('15', 1)));
    const { events } = when(before, buy('T2', '20 AAPL', '100', '2020-11-05'));
    expect(amounts(events)).toEqual(['EntitlementAdjusted 3.48']);
    expect(events.find(({ type }) => type === 'EntitlementAdjusted')?.data).toMatchObject({
      settled: Quantity.of('300'),
      gross: Money.of('4.1'),
      tax: Money.of('0.62'),
      causeTradeId: 'T2',
      reason: 'trade T2 was booked behind later trades',
    });
  });

  it('is split with the others, and what was sold since is sold from it first', () => {
    const events = given(
      open(),
      buy('T1', '100 AAPL', '40', '2020-01-03'),
      post(split('C1', '4:1 AAPL', '2020-08-31')),
      sell('T2', '100 AAPL', '30', '2020-09-01'),
      buy('T3', '10 AAPL', '20', '2020-01-02'),
    );
    // 40 of the older lot at 5.00 and 60 of the other at 10.00.
    expect(aapl(events)).toBe('340 cost 3400 realized 2200: T1 340 for 3400');
    expect(amounts(events).at(-1)).toBe('EntitlementAdjusted 0');
  });

  it('takes back what it was entitled to when it is cancelled', () => {
    const events = given(
      ...market,
      buy('T2', '15 AAPL', '100', '2020-01-03'),
      post(split('C1', '1:8 AAPL', '2020-08-31', inLieu('800'))),
      cancel('T2'),
    );
    // 295 shares were 36 and 0.875 of one; 280 are 35.
    expect(amounts(events)).toEqual(['EntitlementPosted 700', 'EntitlementAdjusted -700']);
    expect(aapl(events)).toBe('35 cost 28000 realized 0: T1 35 for 28000');
  });
});

describe('LG-12 the portfolio of a past day', () => {
  const events = given(...market, post(paid('15', 1)), post(split('C2', '4:1 AAPL', '2020-12-01')));

  it.each([
    ['2020-11-11', '72000', '280'],
    ['2020-11-12', '72048.79', '280'],
    ['2020-11-30', '72048.79', '280'],
    ['2020-12-01', '72048.79', '1120'],
  ])('on %s has cash of %s and %s shares', (date, cash, shares) => {
    const portfolio = foldAsOf(events, { asOf: calendarDate(date) });
    expect(Money.format(portfolio?.cash ?? Money.zero)).toBe(cash);
    expect(Quantity.format(portfolio?.positions[0]?.quantity ?? Quantity.zero)).toBe(shares);
    const range = { from: calendarDate(date), to: calendarDate(date) };
    const [day] = balancesByDay(events, range, () => undefined);
    expect(Money.format(day?.cash ?? Money.zero)).toBe(cash);
  });
});
