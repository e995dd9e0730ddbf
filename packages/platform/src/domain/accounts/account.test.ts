import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money, Percentage } from '../money/money.ts';
import {
  accountAfter,
  buy,
  deposit,
  given,
  marketOf,
  open,
  sell,
  when,
  withdraw,
} from './account.fixture.ts';
import type { AccountCommand } from './commands.ts';
import { parseAccountId, parseTradeId } from './events.ts';

interface Row {
  readonly title: string;
  readonly given: readonly AccountCommand[];
  readonly when: AccountCommand;
}

const suspend: AccountCommand = { type: 'SuspendAccount', reason: 'dispute' };
const reinstate: AccountCommand = { type: 'ReinstateAccount', reason: 'settled' };
const close: AccountCommand = {
  type: 'CloseAccount',
  closedOn: calendarDate('2026-11-20'),
  reason: 'moved away',
  market: marketOf(),
};
const openEmpty = open({ initialBalance: Money.zero });

describe('LG-07 an account does what it is told', () => {
  it('opens with its initial balance', () => {
    const opening = open({
      ownerKind: 'CORPORATE',
      currency: 'JPY',
      initialBalance: Money.of('500'),
    });
    const events = given(opening);
    expect(events.map(({ type }) => type)).toEqual(['AccountOpened']);
    expect(accountAfter(events)).toMatchObject({
      accountId: 'A1',
      ownerKind: 'CORPORATE',
      currency: 'JPY',
      status: 'OPEN',
      cash: Money.of('500'),
      openedOn: '2020-01-01',
    });
  });

  it('adds up deposits and withdrawals', () => {
    const events = given(
      open(),
      deposit('250.25', '2026-11-20'),
      withdraw('50.5', '2026-11-20'),
      deposit('0.25', '2024-02-29'), // learned of years later
    );
    expect(Money.format(accountAfter(events).cash)).toBe('100200');
  });

  it.each<Row & { readonly expected: string }>([
    { title: 'suspended', given: [open()], when: suspend, expected: 'SUSPENDED' },
    { title: 'reinstated', given: [open(), suspend], when: reinstate, expected: 'OPEN' },
    { title: 'closed when empty', given: [openEmpty], when: close, expected: 'CLOSED' },
    {
      title: 'closed while suspended',
      given: [openEmpty, suspend],
      when: close,
      expected: 'CLOSED',
    },
  ])('is $title', ({ given: before, when: command, expected }) => {
    expect(accountAfter(given(...before, command)).status).toBe(expected);
  });

  it.each<Row>([
    { title: 'suspended account', given: [open(), suspend], when: suspend },
    { title: 'open account', given: [open()], when: reinstate },
    { title: 'closed account', given: [openEmpty, close], when: close },
    { title: 'limit', given: [open()], when: { type: 'SetLimits', limits: {} } },
  ])('leaves a $title as it is', ({ given: before, when: command }) => {
    expect(when(given(...before), command)).toEqual({ events: [], rejection: undefined });
  });

  it('takes deposits while suspended', () => {
    const events = given(open(), suspend, deposit('1', '2026-11-20'));
    expect(Money.format(accountAfter(events).cash)).toBe('100001');
  });
});

describe('LG-07 an account refuses, and stays as it was', () => {
  it.each<Row & { readonly expected: object }>([
    {
      title: 'anything before it is opened',
      given: [],
      when: deposit('1', '2026-11-20'),
      expected: { code: 'ACCOUNT_UNKNOWN' },
    },
    {
      title: 'to be opened twice',
      given: [open()],
      when: open(),
      expected: { code: 'ACCOUNT_ALREADY_OPEN' },
    },
    {
      title: 'a currency that is none',
      given: [],
      when: open({ currency: 'BTC' }),
      expected: { code: 'CURRENCY_UNKNOWN', currency: 'BTC' },
    },
    {
      title: 'to open with a debt',
      given: [],
      when: open({ initialBalance: Money.of('-1') }),
      expected: { code: 'INITIAL_BALANCE_NEGATIVE', actual: '-1' },
    },
    {
      title: 'to open tomorrow',
      given: [],
      when: open({ openedOn: calendarDate('2026-11-21') }),
      expected: {
        code: 'EFFECTIVE_DATE_IN_FUTURE',
        effectiveDate: '2026-11-21',
        today: '2026-11-20',
      },
    },
    {
      title: 'a deposit of nothing',
      given: [open()],
      when: deposit('0', '2026-11-20'),
      expected: { code: 'AMOUNT_NOT_POSITIVE', actual: '0' },
    },
    {
      title: 'fractions of a cent',
      given: [open()],
      when: deposit('0.001', '2026-11-20'),
      expected: { code: 'AMOUNT_TOO_PRECISE', decimalsMax: 2, actual: '0.001' },
    },
    {
      title: 'fractions of a yen',
      given: [],
      when: open({ currency: 'JPY', initialBalance: Money.of('0.5') }),
      expected: { code: 'AMOUNT_TOO_PRECISE', decimalsMax: 0, actual: '0.5' },
    },
    {
      title: 'more money than there is',
      given: [open()],
      when: deposit('1000000000000000.01', '2026-11-20'),
      expected: {
        code: 'AMOUNT_TOO_LARGE',
        limit: '1000000000000000',
        actual: '1000000000000000.01',
      },
    },
    {
      title: 'a deposit of tomorrow',
      given: [open()],
      when: deposit('1', '2026-11-21'),
      expected: {
        code: 'EFFECTIVE_DATE_IN_FUTURE',
        effectiveDate: '2026-11-21',
        today: '2026-11-20',
      },
    },
    {
      title: 'a deposit of before it was opened',
      given: [open()],
      when: deposit('1', '2019-12-31'),
      expected: {
        code: 'EFFECTIVE_BEFORE_ACCOUNT_OPENED',
        effectiveDate: '2019-12-31',
        openedOn: '2020-01-01',
      },
    },
    {
      title: 'to pay out more than it has',
      given: [open()],
      when: withdraw('100000.01', '2026-11-20'),
      expected: { code: 'INSUFFICIENT_SETTLED_CASH', limit: '100000', actual: '100000.01' },
    },
    {
      title: 'to pay out while suspended',
      given: [open(), suspend],
      when: withdraw('1', '2026-11-20'),
      expected: { code: 'ACCOUNT_SUSPENDED' },
    },
    {
      title: 'to close with cash',
      given: [open()],
      when: close,
      expected: { code: 'ACCOUNT_NOT_EMPTY', cash: '100000', symbols: [] },
    },
    {
      title: 'to close with shares',
      given: [
        open({ initialBalance: Money.of('100') }),
        buy('T1', '1 AAPL', '60', '2026-11-01'),
        buy('T2', '1 IBM', '40', '2026-11-01'),
        sell('T3', '1 IBM', '40', '2026-11-02'),
        withdraw('40', '2026-11-20'),
      ],
      when: close,
      expected: { code: 'ACCOUNT_NOT_EMPTY', cash: '0', symbols: ['AAPL'] },
    },
    {
      title: 'deposits once closed',
      given: [openEmpty, close],
      when: deposit('1', '2026-11-20'),
      expected: { code: 'ACCOUNT_CLOSED' },
    },
    {
      title: 'to be reinstated once closed',
      given: [openEmpty, close],
      when: reinstate,
      expected: { code: 'ACCOUNT_CLOSED' },
    },
    {
      title: 'a limit of nothing',
      given: [open()],
      when: { type: 'SetLimits', limits: { priceCollarPercent: Percentage.zero } },
      expected: { code: 'LIMIT_INVALID', limit: 'priceCollarPercent', actual: '0' },
    },
  ])('$title', ({ given: before, when: command, expected }) => {
    expect(when(given(...before), command)).toEqual({ events: [], rejection: expected });
  });
});

const on = (today: string) => marketOf({ today });

describe('LG-07 only settled cash can be withdrawn', () => {
  it.each([
    { title: 'a sale of today', today: '2026-11-02', amount: '0.01', limit: '0' },
    { title: 'a sale that settled today', today: '2026-11-03', amount: '1500', limit: undefined },
  ])('$title', ({ today, amount, limit }) => {
    const events = given(
      open({ initialBalance: Money.of('1000') }),
      buy('T1', '10 AAPL', '100', '2026-10-01'),
      sell('T2', '10 AAPL', '150', '2026-11-02'),
    );
    const { rejection } = when(events, withdraw(amount, today, on(today)));
    expect(rejection).toEqual(
      limit && { code: 'INSUFFICIENT_SETTLED_CASH', limit, actual: amount },
    );
  });

  it('keeps what a purchase still to be paid for needs', () => {
    const events = given(open(), buy('T1', '10 AAPL', '100', '2026-11-02'));
    // 100,000 has settled; 1,000 of it is due tomorrow.
    expect(when(events, withdraw('99000.01', '2026-11-02', on('2026-11-02'))).rejection).toEqual({
      code: 'INSUFFICIENT_SETTLED_CASH',
      limit: '99000',
      actual: '99000.01',
    });
    expect(
      when(events, withdraw('99000', '2026-11-02', on('2026-11-02'))).rejection,
    ).toBeUndefined();
  });

  it('forgets amounts once an event proves them settled', () => {
    const events = given(
      open(),
      buy('T1', '10 AAPL', '100', '2026-10-01'),
      sell('T2', '5 AAPL', '100', '2026-10-02'),
      sell('T3', '5 AAPL', '100', '2026-10-02'),
      deposit('1', '2026-10-02'),
    );
    expect(accountAfter(events).unsettled).toEqual([
      { settlementDate: '2026-10-03', amount: Money.of('1000') },
    ]);
    expect(
      accountAfter([...events, ...when(events, deposit('1', '2026-10-03')).events]).unsettled,
    ).toEqual([]);
  });
});

describe('LG-07 ids', () => {
  it.each(['A1', 'a.b_c-D', 'x'.repeat(64)])('takes %s', (text) => {
    expect(parseAccountId(text)).toBe(text);
    expect(parseTradeId(text)).toBe(text);
  });

  it.each(['', 'x'.repeat(65), 'a b', 'ä', 'a/b', 'a\n'])('refuses %j', (text) => {
    expect(parseAccountId(text)).toBeUndefined();
    expect(parseTradeId(text)).toBeUndefined();
  });
});
