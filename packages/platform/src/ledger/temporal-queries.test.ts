import { addDays, calendarDate } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { leanPrices } from '../demo/lean-prices.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import {
  alice,
  cause,
  listApple,
  openAccount,
  openLedger,
  recordClose,
  trade,
  type LedgerFixture,
} from './ledger.fixture.ts';

// Real closes of Apple in 2020, raw: the 4:1 split of 31 August lies behind them.
const closes = { '2020-01-02': '300.35', '2020-01-03': '297.43', '2020-03-23': '224.37' };

async function investor(): Promise<LedgerFixture> {
  const fixture = await openLedger();
  onTestFinished(fixture.close);
  await listApple(fixture);
  for (const [date, close] of Object.entries(closes)) await recordClose(fixture, date, close);
  await openAccount(fixture);
  await fixture.ledger.account(alice, trade('T1', 'BUY', '10', '300.35', '2020-01-02'), { cause });
  return fixture;
}

describe('LG-12 temporal queries', () => {
  test.each([
    ['2020-01-02', '3003.5'],
    ['2020-01-03', '2974.3'],
    // A Saturday is valued at Friday's close.
    ['2020-01-04', '2974.3'],
    ['2020-03-23', '2243.7'],
  ])('on %s ten shares are worth %s', async (date, value) => {
    const { temporal } = await investor();

    const answer = await temporal.portfolio(alice, { asOf: calendarDate(date) });

    expect(answer?.valuation.marketValue).toBe(Money.of(value));
    expect(answer?.portfolio.cash).toBe(Money.of('96996.5'));
  });

  test('before the account was opened there is no portfolio', async () => {
    const { temporal } = await investor();

    expect(await temporal.portfolio(alice, { asOf: calendarDate('2020-01-01') })).toBeUndefined();
  });

  test('a late trade shows in the past as known now, not as known before it arrived', async () => {
    const fixture = await investor();
    const before = fixture.setTime('2026-11-20T16:00:00Z');
    fixture.setTime('2026-11-20T17:00:00Z');
    await fixture.ledger.account(alice, trade('T2', 'BUY', '5', '297.43', '2020-01-03'), { cause });

    const asOf = calendarDate('2020-01-31');
    const now = await fixture.temporal.portfolio(alice, { asOf });
    const then = await fixture.temporal.portfolio(alice, { asOf, knownAt: before });

    expect(now?.portfolio.positions[0]?.quantity).toBe(Quantity.of('15'));
    expect(then?.portfolio.positions[0]?.quantity).toBe(Quantity.of('10'));
  });

  test('a corrected close shows in values as known after it, not before', async () => {
    const fixture = await investor();
    const before = fixture.setTime('2026-11-20T16:00:00Z');
    fixture.setTime('2026-11-20T17:00:00Z');
    await recordClose(fixture, '2020-01-03', '297.50');

    const asOf = calendarDate('2020-01-03');
    const now = await fixture.temporal.portfolio(alice, { asOf });
    const then = await fixture.temporal.portfolio(alice, { asOf, knownAt: before });

    expect(now?.valuation.positions[0]?.price).toBe(Price.of('297.50'));
    expect(then?.valuation.positions[0]?.price).toBe(Price.of('297.43'));
  });

  test('the history of balances has a row a day, each cash plus shares at the close', async () => {
    const { temporal } = await investor();

    const history = await temporal.balanceHistory(alice, {
      from: calendarDate('2020-01-01'),
      to: calendarDate('2020-01-04'),
    });

    expect(
      history?.days.map(({ date, cash, marketValue, total }) => [
        date,
        Money.format(cash),
        Money.format(marketValue),
        Money.format(total),
      ]),
    ).toEqual([
      ['2020-01-02', '96996.5', '3003.5', '100000'],
      ['2020-01-03', '96996.5', '2974.3', '99970.8'],
      ['2020-01-04', '96996.5', '2974.3', '99970.8'],
    ]);
  });

  test('an account that nobody opened has no history', async () => {
    const fixture = await openLedger();
    onTestFinished(fixture.close);

    const range = { from: calendarDate('2020-01-01'), to: calendarDate('2020-01-04') };
    expect(await fixture.temporal.balanceHistory(alice, range)).toBeUndefined();
  });
});

describe('LG-12 a year of real prices, with trades through it', () => {
  // Shares bought or, below zero, sold at the day's close.
  const trades = new Map([
    ['2020-01-02', 10],
    ['2020-02-14', 5],
    ['2020-03-23', 20],
    ['2020-05-01', -12],
    ['2020-07-31', -3],
    ['2020-09-02', 15],
    ['2020-11-03', -35],
    ['2020-12-31', 7],
  ]);

  test('the portfolio is worth the shares held times the close, on every day of it', async () => {
    const fixture = await openLedger();
    onTestFinished(fixture.close);
    const bars = leanPrices('AAPL').filter(({ date }) => date.startsWith('2020-'));
    const closeOf = new Map<string, Price>(bars.map(({ date, close }) => [date, close]));
    expect(closeOf.size).toBe(253);
    await listApple(fixture);
    for (const [date, close] of closeOf) await recordClose(fixture, date, Price.format(close));
    await openAccount(fixture);
    for (const [date, shares] of trades) {
      const price = Price.format(closeOf.get(date) ?? Price.zero);
      const side = shares > 0 ? 'BUY' : 'SELL';
      const order = trade(`T-${date}`, side, String(Math.abs(shares)), price, date);
      const { kind } = await fixture.ledger.account(alice, order, { cause });
      expect([date, kind]).toEqual([date, 'accepted']);
    }

    const [from, to] = [calendarDate('2020-01-02'), calendarDate('2020-12-31')];
    const { days } = (await fixture.temporal.balanceHistory(alice, { from, to })) ?? { days: [] };

    let [shares, close] = [0n, 0n];
    const expected: [string, bigint][] = [];
    for (let date = from; date <= to; date = addDays(date, 1)) {
      shares += BigInt(trades.get(date) ?? 0);
      close = closeOf.get(date) ?? close;
      // A price has eight decimals; values are in cents, halves away from zero, in the four of money.
      const cents = (shares * close + 500_000n) / 1_000_000n;
      expected.push([date, cents * 100n]);
    }
    expect(days.map(({ date, marketValue }) => [date, marketValue])).toEqual(expected);
    for (const [date, value] of expected.filter((_, index) => index % 30 === 0)) {
      const answer = await fixture.temporal.portfolio(alice, { asOf: calendarDate(date) });
      expect([date, answer?.valuation.marketValue]).toEqual([date, value]);
    }
  });
});
