import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TradeId } from '../domain/accounts/events.ts';
import { Money, Quantity } from '../domain/money/money.ts';
import {
  aapl,
  alice,
  cause,
  listApple,
  openAccount,
  openLedger,
  recordClose,
  trade,
  type LedgerFixture,
} from './ledger.fixture.ts';
import { newTradeId } from './trade-ids.ts';

async function opened(): Promise<LedgerFixture> {
  const fixture = await openLedger();
  onTestFinished(fixture.close);
  await listApple(fixture);
  await openAccount(fixture);
  return fixture;
}

describe('LG-07, LG-09 the ledger', () => {
  test('confirms a trade with its event ids, the account version and the position', async () => {
    const { ledger } = await opened();

    const result = await ledger.account(alice, trade('T1', 'BUY', '10', '300', '2020-01-03'), {
      cause,
    });

    expect(result).toMatchObject({ kind: 'accepted', version: 2, position: 3 });
    expect(result.kind === 'accepted' && result.eventIds).toHaveLength(1);
    const { account } = await ledger.accountNow(alice);
    expect(account?.cash).toBe(Money.of('97000'));
    expect(account?.positions[0]).toMatchObject({ symbol: 'AAPL', quantity: Quantity.of('10') });
  });

  test('LG-08 a halt is known to the very next command', async () => {
    const { ledger } = await opened();

    await ledger.instrument(
      aapl,
      { type: 'HaltTrading', reason: 'news pending', haltCode: null },
      { cause },
    );
    const result = await ledger.account(alice, trade('T1', 'BUY', '10', '300', '2020-01-03'), {
      cause,
    });

    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'INSTRUMENT_HALTED', symbol: 'AAPL' },
    });
  });

  test('LG-08 the collar of a past trade looks at the close of its day, not at today', async () => {
    const fixture = await opened();
    await recordClose(fixture, '2020-01-03', '297.43');
    await recordClose(fixture, '2020-08-28', '499.23');

    const inside = await fixture.ledger.account(
      alice,
      trade('T1', 'BUY', '10', '300', '2020-01-03'),
      { cause },
    );
    const outside = await fixture.ledger.account(
      alice,
      trade('T2', 'BUY', '10', '300', '2020-08-28'),
      { cause },
    );

    expect(inside.kind).toBe('accepted');
    expect(outside).toMatchObject({ rejection: { code: 'PRICE_OUTSIDE_COLLAR' } });
  });

  test('a breach is recorded in the log and changes nothing else', async () => {
    const { ledger, store } = await opened();

    const result = await ledger.account(alice, trade('T1', 'SELL', '1', '300', '2020-01-03'), {
      cause,
    });

    expect(result).toMatchObject({ rejection: { code: 'INSUFFICIENT_HOLDING' } });
    const { events } = await store.readAll({ after: 0, limit: 10, types: ['TradeRefused'] });
    expect(events.map(({ data }) => data)).toMatchObject([
      { tradeId: 'T1', code: 'INSUFFICIENT_HOLDING', limit: '0', actual: '1' },
    ]);
    expect((await ledger.accountNow(alice)).account?.cash).toBe(Money.of('100000'));
  });

  test('TC-01 a trade id names one trade for ever, in its account', async () => {
    const { ledger } = await opened();
    const first = trade('T1', 'BUY', '10', '300', '2020-01-03');
    await ledger.account(alice, first, { cause });

    const again = await ledger.account(alice, trade('T1', 'BUY', '5', '310', '2020-02-03'), {
      cause,
    });

    expect(again).toMatchObject({
      kind: 'rejected',
      version: 2,
      rejection: { code: 'TRADE_ALREADY_BOOKED', tradeId: 'T1' },
    });
    expect((await ledger.accountNow(alice)).account?.positions[0]?.quantity).toBe(
      Quantity.of('10'),
    );
  });

  test('TC-01 nor can a client bring, on another day, an id that was made here', async () => {
    const { ledger } = await opened();
    const id = newTradeId();
    const first = { ...trade(id, 'BUY', '10', '300', '2020-01-03'), freshTradeId: true };
    await ledger.account(alice, first, { cause });

    const again = await ledger.account(alice, trade(id, 'BUY', '10', '300', '2020-02-03'), {
      cause,
    });

    expect(again).toMatchObject({
      kind: 'rejected',
      version: 2,
      rejection: { code: 'TRADE_ALREADY_BOOKED', tradeId: id },
    });
  });

  test('a refused trade may come again under its id once the reason is gone', async () => {
    const { ledger } = await opened();
    const large = trade('T1', 'BUY', '400', '300', '2020-01-03');
    const refused = await ledger.account(alice, large, { cause });
    await ledger.account(
      alice,
      {
        type: 'Deposit',
        amount: Money.of('20000'),
        effectiveDate: calendarDate('2020-01-03'),
        reference: '',
      },
      { cause },
    );

    const booked = await ledger.account(alice, large, { cause });

    expect(refused).toMatchObject({ rejection: { code: 'INSUFFICIENT_BUYING_POWER' } });
    expect(booked.kind).toBe('accepted');
  });

  test('LG-05 a cancellation gets its turn on an account that is never at rest', async () => {
    const { ledger } = await opened();
    await ledger.account(alice, trade('T1', 'BUY', '10', '300', '2020-01-03'), { cause });
    let resting = false;
    const deposit = {
      type: 'Deposit',
      amount: Money.of('1'),
      effectiveDate: calendarDate('2020-01-03'),
      reference: '',
    } as const;
    const busy = Array.from({ length: 8 }, async () => {
      let count = 0;
      while (!resting) {
        await ledger.account(alice, deposit, { cause });
        count += 1;
      }
      return count;
    });

    const tradeId = 'T1' as TradeId;
    const result = await ledger
      .account(alice, { type: 'CancelTrade', tradeId, reason: 'wrong account' }, { cause })
      .finally(() => {
        resting = true;
      });
    const counts = await Promise.all(busy);

    expect(result.kind).toBe('accepted');
    const deposits = counts.reduce((sum, count) => sum + count, 0);
    const { account } = await ledger.accountNow(alice);
    expect(account?.cash).toBe(Money.of(String(100_000 + deposits)));
  });

  test('the market book of a restarted program knows what the log knows', async () => {
    const fixture = await opened();
    await recordClose(fixture, '2020-01-03', '297.43');

    const { openMarketBook } = await import('./market-book.ts');
    const { weekendsOnly } = await import('../domain/calendar/business-calendar.ts');
    const book = await openMarketBook({
      store: fixture.store,
      clock: () => fixture.setTime('2026-11-20T15:00:00Z'),
      calendar: weekendsOnly,
      settlementDays: 1,
      timeZone: 'UTC',
    });
    onTestFinished(book.close);

    expect(book.instrument(aapl)?.name).toBe('Apple Inc.');
    expect(book.view().priceOn(aapl, calendarDate('2020-01-05'))).toBe(29_743_000_000n);
  });
});
