import { addDays, calendarDate, weekdayOf } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money, Price } from '../money/money.ts';
import {
  accountAfter,
  buy,
  cancel,
  deposit,
  describePosition,
  given,
  open,
  sell,
  symbolOf,
  withdraw,
} from './account.fixture.ts';
import type { AccountEvent } from './events.ts';
import { balancesByDay, foldAsOf } from './history.ts';
import { portfolioOf } from './portfolio.ts';
import { valuePortfolio } from './valuation.ts';

// Raw closes of AAPL in 2020, before its 4:1 split of 31 August.
const closes: readonly (readonly [date: string, close: string])[] = [
  ['2020-01-02', '300.35'],
  ['2020-01-03', '297.43'],
  ['2020-01-06', '299.8'],
  ['2020-03-23', '224.37'],
  ['2020-03-24', '246.88'],
  ['2020-07-31', '425.04'],
  ['2020-08-27', '500.04'],
  ['2020-08-28', '499.23'],
];

function closeOf(symbol: string, date: string): Price | undefined {
  const last = closes.findLast(([day]) => day <= date);
  return symbol === 'AAPL' && last !== undefined ? Price.of(last[1]) : undefined;
}

const year2020 = given(
  open({ initialBalance: Money.of('10000'), openedOn: calendarDate('2020-01-02') }),
  buy('T1', '10 AAPL', '300.35', '2020-01-02'),
  buy('T2', '5 AAPL', '224.37', '2020-03-23'),
  sell('T3', '8 AAPL', '425.04', '2020-07-31', { fees: '1' }),
);

function valueAsOf(events: readonly AccountEvent[], date: string) {
  const asOf = calendarDate(date);
  const portfolio = foldAsOf(events, { asOf });
  if (portfolio === undefined) return undefined;
  const valuation = valuePortfolio(portfolio, (symbol) => closeOf(symbol, date));
  return {
    cash: Money.format(portfolio.cash),
    settled: Money.format(portfolio.settledCash),
    value: Money.format(valuation.marketValue),
    unrealized: Money.format(valuation.unrealizedPnl),
    total: Money.format(valuation.total),
    aapl: describePosition(portfolio.positions.find(({ symbol }) => symbol === 'AAPL')),
  };
}

describe('LG-12 the portfolio at a past date, on the closes of AAPL in 2020', () => {
  it.each([
    {
      date: '2020-01-02', // the day of purchase: at the close it was bought at, not yet paid for
      cash: '6996.5',
      settled: '10000',
      value: '3003.5',
      unrealized: '0',
      total: '10000',
      aapl: '10 cost 3003.5 realized 0: T1 10 for 3003.5',
    },
    {
      date: '2020-01-03', // paid for
      cash: '6996.5',
      settled: '6996.5',
      value: '2974.3',
      unrealized: '-29.2',
      total: '9970.8',
      aapl: '10 cost 3003.5 realized 0: T1 10 for 3003.5',
    },
    {
      date: '2020-01-05', // a Sunday: Friday's close
      cash: '6996.5',
      settled: '6996.5',
      value: '2974.3',
      unrealized: '-29.2',
      total: '9970.8',
      aapl: '10 cost 3003.5 realized 0: T1 10 for 3003.5',
    },
    {
      date: '2020-03-23', // the low of the year
      cash: '5874.65',
      settled: '6996.5',
      value: '3365.55',
      unrealized: '-759.8',
      total: '9240.2',
      aapl: '15 cost 4125.35 realized 0: T1 10 for 3003.5, T2 5 for 1121.85',
    },
    {
      date: '2020-08-28', // the last close before the split
      cash: '9273.97',
      settled: '9273.97',
      value: '3494.61',
      unrealized: '1772.06',
      total: '12768.58',
      aapl: '7 cost 1722.55 realized 996.52: T1 2 for 600.7, T2 5 for 1121.85',
    },
  ])('on $date', ({ date, ...expected }) => {
    expect(valueAsOf(year2020, date)).toEqual(expected);
  });

  it('is none before the account was opened', () => {
    expect(foldAsOf(year2020, { asOf: calendarDate('2020-01-01') })).toBeUndefined();
    expect(foldAsOf([], { asOf: calendarDate('2020-01-01') })).toBeUndefined();
  });

  it('is the state of the account at the end', () => {
    const asOf = calendarDate('2026-11-20');
    expect(foldAsOf(year2020, { asOf })).toEqual(portfolioOf(accountAfter(year2020), asOf));
  });
});

describe('LG-12 as known then, and as known now', () => {
  const events = given(
    open(),
    buy('T1', '10 AAPL', '110', '2026-11-03'),
    sell('T2', '10 AAPL', '120', '2026-11-04'),
    buy('T3', '10 AAPL', '100', '2026-11-02'),
    cancel('T1'),
  );

  it.each([
    { known: 'before the late trade', events: 3, on3rd: '10 cost 1100 realized 0: T1 10 for 1100' },
    {
      known: 'after it',
      events: 5,
      on3rd: '20 cost 2100 realized 0: T3 10 for 1000, T1 10 for 1100',
    },
    {
      known: 'after the cancellation',
      events: 7,
      on3rd: '10 cost 1000 realized 0: T3 10 for 1000',
    },
  ])('on 3 November, $known', ({ events: count, on3rd }) => {
    expect(valueAsOf(events.slice(0, count), '2026-11-03')?.aapl).toBe(on3rd);
  });

  it('counts a deposit from the day it was effective', () => {
    const late = given(open(), deposit('7', '2026-11-10'), withdraw('5', '2026-11-12'));
    const cashOn = (date: string) => valueAsOf(late, date)?.cash;
    expect(['2026-11-09', '2026-11-10', '2026-11-12'].map(cashOn)).toEqual([
      '100000',
      '100007',
      '100002',
    ]);
  });
});

const rowsOf = (from: string, to: string, includes?: (date: string) => boolean) =>
  balancesByDay(
    year2020,
    { from: calendarDate(from), to: calendarDate(to), includes },
    closeOf,
  ).map(({ date, cash, marketValue, total }) =>
    [date, ...[cash, marketValue, total].map((amount) => Money.format(amount))].join(' '),
  );

describe('LG-12 the balance by day', () => {
  it('has a row for every calendar day from the opening on', () => {
    expect(rowsOf('2019-12-30', '2020-01-06')).toEqual([
      '2020-01-02 6996.5 3003.5 10000',
      '2020-01-03 6996.5 2974.3 9970.8',
      '2020-01-04 6996.5 2974.3 9970.8',
      '2020-01-05 6996.5 2974.3 9970.8',
      '2020-01-06 6996.5 2998 9994.5',
    ]);
  });

  it('or for the days asked for', () => {
    expect(
      rowsOf(
        '2020-03-20',
        '2020-03-24',
        (date) => date !== '2020-03-20' && weekdayOf(calendarDate(date)) <= 5,
      ),
    ).toEqual(['2020-03-23 5874.65 3365.55 9240.2', '2020-03-24 5874.65 3703.2 9577.85']);
  });

  it('agrees with the portfolio of each day', () => {
    const from = calendarDate('2020-01-01');
    const rows = balancesByDay(year2020, { from, to: calendarDate('2020-12-31') }, closeOf);
    expect(rows).toHaveLength(365);
    for (const { date, cash, marketValue } of rows) {
      const portfolio = foldAsOf(year2020, { asOf: date });
      const valuation = portfolio && valuePortfolio(portfolio, (symbol) => closeOf(symbol, date));
      expect([date, valuation?.cash, valuation?.marketValue]).toEqual([date, cash, marketValue]);
    }
  });

  it('names what it has no price for', () => {
    const events = given(open(), buy('T1', '1 IBM', '10', '2026-11-02'));
    const from = calendarDate('2026-11-01');
    const rows = balancesByDay(events, { from, to: addDays(from, 1) }, closeOf);
    expect(rows.map(({ unpriced }) => unpriced)).toEqual([[], [symbolOf('IBM')]]);
    expect(rows[1]).toMatchObject({ marketValue: 0n, total: Money.of('99990') });
  });

  it('is empty for an account that was never opened', () => {
    const day = calendarDate('2026-11-20');
    expect(balancesByDay([], { from: day, to: day }, closeOf)).toEqual([]);
  });
});

describe('LG-10 valuation', () => {
  it('values what has a price, and names what has none', () => {
    const events = given(
      open({ initialBalance: Money.of('5000') }),
      buy('T1', '10 AAPL', '100', '2026-11-02'),
      buy('T2', '4 IBM', '50', '2026-11-02'),
      buy('T3', '1 MSFT', '50', '2026-11-02'),
      sell('T4', '1 MSFT', '60', '2026-11-02'),
    );
    const portfolio = portfolioOf(accountAfter(events), calendarDate('2026-11-20'));
    const prices = new Map([['AAPL', Price.of('123.456')]]);
    const valuation = valuePortfolio(portfolio, (symbol) => prices.get(symbol));
    expect(valuation).toMatchObject({
      cash: Money.of('3810'),
      marketValue: Money.of('1234.56'),
      total: Money.of('5044.56'),
      unrealizedPnl: Money.of('234.56'),
      realizedPnl: Money.of('10'),
      unpriced: ['IBM'],
      positions: [
        { symbol: 'AAPL', averageCost: Price.of('100'), unrealizedPnl: Money.of('234.56') },
        { symbol: 'IBM', price: undefined, marketValue: undefined, unrealizedPnl: undefined },
      ],
    });
  });

  it('values a short position below zero', () => {
    const events = given(open({ shortSelling: true }), sell('T1', '10 AAPL', '100', '2026-11-02'));
    const portfolio = portfolioOf(accountAfter(events), calendarDate('2026-11-20'));
    const valuation = valuePortfolio(portfolio, () => Price.of('90'));
    expect(valuation.positions).toMatchObject([
      {
        averageCost: Price.of('100'),
        marketValue: Money.of('-900'),
        unrealizedPnl: Money.of('100'),
      },
    ]);
  });
});
