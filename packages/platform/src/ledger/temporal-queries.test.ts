import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
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
