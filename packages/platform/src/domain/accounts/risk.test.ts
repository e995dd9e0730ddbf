import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { currency } from '../money/currency.ts';
import { Money, Percentage, Price, Quantity } from '../money/money.ts';
import { accountAfter, buy, given, marketOf, open, sell, terms, when } from './account.fixture.ts';
import type { AccountCommand, BookTrade } from './commands.ts';
import type { Limits } from './limits.ts';

const today = '2026-11-20';
const suspend: AccountCommand = { type: 'SuspendAccount', reason: 'dispute' };
const limit = (limits: Partial<Limits>): AccountCommand => ({ type: 'SetLimits', limits });
const rich = open({ initialBalance: Money.of('100000000') });
const shortSeller = open({ shortSelling: true });
const halted = marketOf({ instruments: { AAPL: { status: 'HALTED' } } });
const delisted = marketOf({ instruments: { AAPL: { status: 'DELISTED' } } });
const inEuros = marketOf({ instruments: { AAPL: { currency: currency('EUR') } } });
const inHundreds = marketOf({ instruments: { AAPL: { lotSize: Quantity.of('100') } } });
const inNickels = marketOf({ instruments: { AAPL: { tickSize: Price.of('0.05') } } });
const lastAt300 = marketOf({ prices: { AAPL: '300' } });

interface Row {
  readonly title: string;
  readonly given?: readonly AccountCommand[];
  readonly when: BookTrade;
  readonly expected: { readonly code: string; readonly limit?: string; readonly actual?: string };
}

describe('LG-08 a trade that breaks a risk check is refused, and the refusal recorded', () => {
  it.each<Row>([
    {
      title: 'account suspended',
      given: [open(), suspend],
      when: buy('T1', '1 AAPL', '100', today),
      expected: { code: 'ACCOUNT_SUSPENDED' },
    },
    {
      title: 'account closed',
      given: [
        open({ initialBalance: Money.zero }),
        { type: 'CloseAccount', closedOn: calendarDate(today), reason: '', market: marketOf() },
      ],
      when: buy('T1', '1 AAPL', '100', today),
      expected: { code: 'ACCOUNT_CLOSED' },
    },
    {
      title: 'instrument never listed',
      when: buy('T1', '1 ZZZZ', '100', today),
      expected: { code: 'INSTRUMENT_UNKNOWN' },
    },
    {
      title: 'instrument in another currency',
      when: buy('T1', '1 AAPL', '100', today, { market: inEuros }),
      expected: { code: 'CURRENCY_MISMATCH', limit: 'USD', actual: 'EUR' },
    },
    {
      title: 'instrument delisted',
      when: buy('T1', '1 AAPL', '100', today, { market: delisted }),
      expected: { code: 'INSTRUMENT_DELISTED' },
    },
    {
      title: 'trading halted',
      when: buy('T1', '1 AAPL', '100', today, { market: halted }),
      expected: { code: 'INSTRUMENT_HALTED' },
    },
    {
      title: 'odd lot',
      when: buy('T1', '150 AAPL', '100', today, { market: inHundreds }),
      expected: { code: 'QUANTITY_NOT_IN_LOTS', limit: '100', actual: '150' },
    },
    {
      title: 'fraction of a share',
      when: buy('T1', '0.5 AAPL', '100', today),
      expected: { code: 'QUANTITY_NOT_IN_LOTS', limit: '1', actual: '0.5' },
    },
    {
      title: 'price between ticks',
      when: buy('T1', '1 AAPL', '100.01', today, { market: inNickels }),
      expected: { code: 'PRICE_OFF_TICK', limit: '0.05', actual: '100.01' },
    },
    {
      title: 'price above the collar',
      when: buy('T1', '1 AAPL', '330.01', today, { market: lastAt300 }),
      expected: { code: 'PRICE_OUTSIDE_COLLAR', limit: '10', actual: '330.01' },
    },
    {
      title: 'price below the collar, of a sale too',
      given: [open(), buy('T0', '1 AAPL', '300', today)],
      when: sell('T1', '1 AAPL', '269.99', today, { market: lastAt300 }),
      expected: { code: 'PRICE_OUTSIDE_COLLAR', limit: '10', actual: '269.99' },
    },
    {
      title: 'price outside a collar of its own',
      given: [open(), limit({ priceCollarPercent: Percentage.of('0.5') })],
      when: buy('T1', '1 AAPL', '301.51', today, { market: lastAt300 }),
      expected: { code: 'PRICE_OUTSIDE_COLLAR', limit: '0.5', actual: '301.51' },
    },
    {
      title: 'notional above ten million',
      given: [rich],
      when: buy('T1', '100000 AAPL', '100.01', today),
      expected: { code: 'ORDER_NOTIONAL_EXCEEDED', limit: '10000000', actual: '10001000' },
    },
    {
      title: 'more than a million shares in all',
      given: [rich, buy('T0', '999999 AAPL', '1', today)],
      when: buy('T1', '2 AAPL', '1', today),
      expected: { code: 'POSITION_LIMIT_EXCEEDED', limit: '1000000', actual: '1000001' },
    },
    {
      title: 'a short beyond the position limit',
      given: [shortSeller, limit({ positionQuantityMax: Quantity.of('10') })],
      when: sell('T1', '11 AAPL', '1', today),
      expected: { code: 'POSITION_LIMIT_EXCEEDED', limit: '10', actual: '11' },
    },
    {
      title: 'too much of the portfolio in one instrument',
      given: [open(), limit({ concentrationPercentMax: Percentage.of('25') })],
      when: buy('T1', '251 AAPL', '100', today),
      expected: { code: 'CONCENTRATION_EXCEEDED', limit: '25', actual: '25.1' },
    },
    {
      title: 'too much of it at the last prices of the others',
      given: [
        open({ initialBalance: Money.of('2000') }),
        buy('T0', '10 IBM', '100', today),
        limit({ concentrationPercentMax: Percentage.of('50') }),
      ],
      // 1,000 in cash and IBM at 40: 400. 8 x 100 of 1,400 is 57.1429 %.
      when: buy('T1', '8 AAPL', '100', today, { market: marketOf({ prices: { IBM: '40' } }) }),
      expected: { code: 'CONCENTRATION_EXCEEDED', limit: '50', actual: '57.1429' },
    },
    {
      title: 'more than the cash, fees included',
      when: buy('T1', '1000 AAPL', '100', today, { fees: '0.01' }),
      expected: { code: 'INSUFFICIENT_BUYING_POWER', limit: '100000', actual: '100000.01' },
    },
    {
      title: 'fees beyond proceeds and cash',
      given: [open({ initialBalance: Money.of('10') }), buy('T0', '1 AAPL', '10', today)],
      when: sell('T1', '1 AAPL', '10', today, { fees: '10.01' }),
      expected: { code: 'INSUFFICIENT_BUYING_POWER', limit: '0', actual: '0.01' },
    },
    {
      title: 'more than is held',
      given: [open(), buy('T0', '10 AAPL', '100', today)],
      when: sell('T1', '11 AAPL', '100', today),
      expected: { code: 'INSUFFICIENT_HOLDING', limit: '10', actual: '11' },
    },
    {
      title: 'what is not held at all',
      when: sell('T1', '1 AAPL', '100', today),
      expected: { code: 'INSUFFICIENT_HOLDING', limit: '0', actual: '1' },
    },
  ])('$title: $expected.code', ({ given: commands = [open()], when: trade, expected }) => {
    const before = given(...commands);
    const { events, rejection } = when(before, trade);
    expect(rejection).toMatchObject(expected);
    expect(events).toEqual([
      {
        type: 'TradeRefused',
        data: {
          tradeId: 'T1',
          side: trade.side,
          symbol: trade.symbol,
          quantity: trade.quantity,
          price: trade.price,
          tradeDate: trade.tradeDate,
          code: expected.code,
          limit: expected.limit ?? null,
          actual: expected.actual ?? null,
        },
      },
    ]);
    expect(accountAfter([...before, ...events])).toEqual(accountAfter(before));
  });
});

describe('LG-08 a trade on the edge of a limit passes', () => {
  it.each<{ title: string; given?: readonly AccountCommand[]; when: BookTrade }>([
    {
      title: 'of the collar above',
      when: buy('T1', '1 AAPL', '330', today, { market: lastAt300 }),
    },
    {
      title: 'of the collar below',
      when: buy('T1', '1 AAPL', '270', today, { market: lastAt300 }),
    },
    { title: 'of the notional', given: [rich], when: buy('T1', '100000 AAPL', '100', today) },
    { title: 'of the position', given: [rich], when: buy('T1', '1000000 AAPL', '1', today) },
    { title: 'of buying power', when: buy('T1', '1000 AAPL', '99.99', today, { fees: '10' }) },
    {
      title: 'of the holding',
      given: [open(), buy('T0', '10 AAPL', '100', today)],
      when: sell('T1', '10 AAPL', '100', today),
    },
    {
      title: 'of concentration',
      given: [open(), limit({ concentrationPercentMax: Percentage.of('25') })],
      when: buy('T1', '250 AAPL', '100', today),
    },
    {
      title: 'with unsettled proceeds',
      given: [
        open({ initialBalance: Money.of('1000') }),
        buy('T0', '10 AAPL', '100', today),
        sell('T2', '10 AAPL', '100', today),
      ],
      when: buy('T1', '10 IBM', '100', today),
    },
    {
      title: 'when it only lowers a position that is over its limit',
      given: [
        open(),
        buy('T0', '100 AAPL', '100', today),
        limit({
          positionQuantityMax: Quantity.of('10'),
          concentrationPercentMax: Percentage.of('1'),
        }),
      ],
      when: sell('T1', '1 AAPL', '100', today),
    },
  ])('$title', ({ given: commands = [open()], when: trade }) => {
    const { events, rejection } = when(given(...commands), trade);
    expect(rejection).toBeUndefined();
    expect(events).toMatchObject([{ type: 'TradeBooked' }]);
  });
});

describe('LG-08 the first check that is broken is the one reported', () => {
  // Each trade breaks the check named and every one after it.
  const hopeless = { lotSize: Quantity.of('7'), tickSize: Price.of('0.03') };
  const market = (over: object = {}) =>
    marketOf({ prices: { AAPL: '1' }, instruments: { AAPL: { ...hopeless, ...over } } });
  const tight = limit({
    orderNotionalMax: Money.of('1'),
    positionQuantityMax: Quantity.of('1'),
    concentrationPercentMax: Percentage.of('1'),
  });
  const given0 = [open({ initialBalance: Money.of('1') }), tight];

  it.each<[string, readonly AccountCommand[], BookTrade]>([
    ['ACCOUNT_SUSPENDED', [...given0, suspend], buy('T1', '5 ZZZZ', '100', today)],
    [
      'CURRENCY_MISMATCH',
      given0,
      buy('T1', '5 AAPL', '100', today, {
        market: market({ status: 'HALTED', currency: currency('EUR') }),
      }),
    ],
    [
      'INSTRUMENT_HALTED',
      given0,
      buy('T1', '5 AAPL', '100', today, { market: market({ status: 'HALTED' }) }),
    ],
    ['QUANTITY_NOT_IN_LOTS', given0, buy('T1', '5 AAPL', '100', today, { market: market() })],
    ['PRICE_OFF_TICK', given0, buy('T1', '7 AAPL', '100', today, { market: market() })],
    ['PRICE_OUTSIDE_COLLAR', given0, buy('T1', '7 AAPL', '99', today, { market: market() })],
    ['ORDER_NOTIONAL_EXCEEDED', given0, buy('T1', '7 AAPL', '99', today)],
    [
      'POSITION_LIMIT_EXCEEDED',
      [...given0, limit({ orderNotionalMax: Money.of('1000') })],
      buy('T1', '7 AAPL', '99', today),
    ],
    [
      'CONCENTRATION_EXCEEDED',
      [
        ...given0,
        limit({ orderNotionalMax: Money.of('1000'), positionQuantityMax: Quantity.of('9') }),
      ],
      buy('T1', '7 AAPL', '99', today),
    ],
  ])('%s', (code, commands, trade) => {
    expect(when(given(...commands), trade).rejection).toMatchObject({ code });
  });
});

describe('LG-08 a trade that is not well formed is refused without a trace', () => {
  it.each<[string, BookTrade]>([
    ['QUANTITY_NOT_POSITIVE', buy('T1', '0 AAPL', '100', today)],
    ['QUANTITY_NOT_POSITIVE', sell('T1', '-5 AAPL', '100', today)],
    ['PRICE_NOT_POSITIVE', buy('T1', '1 AAPL', '0', today)],
    ['FEES_NEGATIVE', buy('T1', '1 AAPL', '100', today, { fees: '-0.01' })],
    ['AMOUNT_TOO_PRECISE', buy('T1', '1 AAPL', '100', today, { fees: '0.001' })],
    ['AMOUNT_TOO_LARGE', buy('T1', '10000000000 AAPL', '1000000', today)],
    ['TRADE_DATE_IN_FUTURE', buy('T1', '1 AAPL', '100', '2026-11-21')],
    ['TRADE_BEFORE_ACCOUNT_OPENED', buy('T1', '1 AAPL', '100', '2019-12-31')],
    ['TRADE_ALREADY_BOOKED', buy('T0', '1 AAPL', '100', '2026-11-18')],
  ])('%s', (code, trade) => {
    const before = given(open(), buy('T0', '1 AAPL', '100', '2026-11-19'));
    expect(when(before, trade)).toMatchObject({ events: [], rejection: { code } });
  });

  it('may use the id of a trade that was refused', () => {
    const before = given(open());
    const refused = when(before, sell('T1', '1 AAPL', '1', today)).events;
    expect(
      when([...before, ...refused], buy('T1', '1 AAPL', '1', today)).rejection,
    ).toBeUndefined();
    expect(refused).toHaveLength(1);
  });

  it('has no trade to speak of in an account that is none', () => {
    const commands: readonly AccountCommand[] = [
      buy('T1', '1 AAPL', '1', today),
      { type: 'CancelTrade', tradeId: terms('BUY', 'T1', '1', '1', today).tradeId, reason: '' },
    ];
    for (const command of commands) {
      expect(when([], command)).toEqual({ events: [], rejection: { code: 'ACCOUNT_UNKNOWN' } });
    }
  });
});
