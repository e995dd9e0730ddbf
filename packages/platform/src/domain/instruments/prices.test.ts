import {
  calendarDate,
  fold,
  parseInstant,
  type CalendarDate,
  type Instant,
} from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currency } from '../money/currency.ts';
import { Price, Quantity } from '../money/money.ts';
import type { InstrumentSymbol, PricesEvent } from './events.ts';
import type { Instrument } from './instrument.ts';
import { lastBarAtOrBefore } from './price-history.ts';
import {
  pricesDecider,
  type MarkPrice,
  type Prices,
  type PricesCommand,
  type RecordDailyBar,
} from './prices.ts';

const closeAtOrBefore = ({ years }: Prices, date: CalendarDate) =>
  lastBarAtOrBefore(years, date)?.close;

const symbol = 'AAPL' as InstrumentSymbol;
const today = calendarDate('2026-11-20');
const instrument: Instrument = {
  symbol,
  name: 'Apple Inc.',
  currency: currency('USD'),
  lotSize: Quantity.of('1'),
  tickSize: Price.of('0.01'),
  isin: null,
  status: 'TRADING',
  statusReason: null,
  haltCode: null,
};

/** `bar('2020-08-28', '504.00 505.77 498.31 499.23')`: open, high, low, close. */
function bar(date: string, prices: string, changed: Partial<RecordDailyBar> = {}): RecordDailyBar {
  const [open, high, low, close] = prices.split(' ').map((price) => Price.of(price));
  const volume = Quantity.of('44109029');
  return {
    type: 'RecordDailyBar',
    symbol,
    instrument,
    today,
    date: calendarDate(date),
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume,
    source: 'sip',
    ...changed,
  };
}

const flat = (date: string, price: string): RecordDailyBar =>
  bar(date, `${price} ${price} ${price} ${price}`);

function mark(at: string, price: string, changed: Partial<MarkPrice> = {}): MarkPrice {
  return {
    type: 'MarkPrice',
    symbol,
    instrument,
    today,
    price: Price.of(price),
    markedAt: parseInstant(at) as Instant,
    date: calendarDate(at.slice(0, 10)),
    source: 'feed',
    ...changed,
  };
}

function given(...commands: readonly PricesCommand[]): readonly PricesEvent[] {
  const events: PricesEvent[] = [];
  for (const command of commands) events.push(...when(events, command).events);
  return events;
}

function when(events: readonly PricesEvent[], command: PricesCommand) {
  return pricesDecider.decide(command, fold(pricesDecider, events));
}

/** Days with gaps of months, over about thirty years. */
function dateOf(n: number) {
  return calendarDate(`${1995 + (n % 31)}-0${1 + (n % 9)}-${10 + (n % 19)}`);
}

describe('CA-10 raw daily prices', () => {
  // AAPL, raw, around its split of 31 August 2020.
  const split = given(
    bar('2020-08-28', '504.00 505.77 498.31 499.23'),
    bar('2020-08-31', '127.67 131.00 126.25 129.04'),
    bar('2019-12-31', '289.93 293.68 289.52 293.65'),
  );

  it.each([
    ['2020-08-28', '499.23'],
    ['2020-08-29', '499.23'], // a Saturday
    ['2020-08-31', '129.04'],
    ['2026-11-20', '129.04'],
    ['2020-01-01', '293.65'], // New Year's Day looks back into the year before
    ['2020-08-27', '293.65'],
    ['2019-12-31', '293.65'],
  ])('on %s the close is %s', (date, close) => {
    const prices = fold(pricesDecider, split);
    expect(closeAtOrBefore(prices, calendarDate(date))).toBe(Price.of(close));
  });

  it('there is none before the first', () => {
    const prices = fold(pricesDecider, split);
    expect(closeAtOrBefore(prices, calendarDate('2019-12-30'))).toBeUndefined();
    expect(closeAtOrBefore(prices, calendarDate('2018-12-31'))).toBeUndefined();
  });

  it('a second bar of a date corrects the first', () => {
    const events = given(
      flat('2020-08-27', '500'),
      flat('2020-08-28', '499'),
      flat('2020-08-27', '501'),
    );
    expect(events).toHaveLength(3);
    const prices = fold(pricesDecider, events);
    expect(closeAtOrBefore(prices, calendarDate('2020-08-27'))).toBe(Price.of('501'));
    expect(prices.last?.price).toBe(Price.of('499'));
  });

  it('the same bar again changes nothing', () => {
    expect(when(split, bar('2020-08-28', '504.00 505.77 498.31 499.23'))).toEqual({
      events: [],
      rejection: undefined,
    });
  });

  it('come in any order, from any years', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 1, max: 99 }))),
        fc.integer({ min: 0, max: 2000 }),
        (bars, asked) => {
          const closes = new Map<string, Price>();
          const commands = bars.map(([n, price]) => {
            closes.set(dateOf(n), Price.of(String(price)));
            return flat(dateOf(n), String(price));
          });
          const prices = fold(pricesDecider, given(...commands));
          const before = [...closes.keys()].filter((date) => date <= dateOf(asked)).toSorted();
          expect(closeAtOrBefore(prices, dateOf(asked))).toBe(closes.get(before.at(-1) ?? ''));
        },
      ),
    );
  });
});

describe('LG-16 the last price', () => {
  it.each([
    { title: 'a close', commands: [flat('2026-11-19', '10')], last: '10' },
    {
      title: 'a mark of a later day',
      commands: [flat('2026-11-19', '10'), mark('2026-11-20T15:00:00Z', '11')],
      last: '11',
    },
    {
      title: 'the close of the day of the mark',
      commands: [mark('2026-11-20T15:00:00Z', '11'), flat('2026-11-20', '12')],
      last: '12',
    },
    {
      title: 'a mark after that close',
      commands: [flat('2026-11-20', '12'), mark('2026-11-20T22:00:00Z', '13')],
      last: '13',
    },
    {
      title: 'a mark, however late the bars of earlier days come',
      commands: [mark('2026-11-20T15:00:00Z', '11'), flat('2026-11-19', '10')],
      last: '11',
    },
    {
      title: 'a close, however late the marks of earlier days come',
      commands: [flat('2026-11-20', '12'), mark('2026-11-19T15:00:00Z', '11')],
      last: '12',
    },
    {
      title: 'the newer of two marks',
      commands: [mark('2026-11-20T15:00:00Z', '11'), mark('2026-11-20T15:00:01Z', '9')],
      last: '9',
    },
  ])('is $title', ({ commands, last }) => {
    expect(fold(pricesDecider, given(...commands)).last?.price).toBe(Price.of(last));
  });

  it('marked again the same is already so', () => {
    const events = given(mark('2026-11-20T15:00:00Z', '11'));
    expect(when(events, mark('2026-11-20T15:00:00Z', '11')).events).toEqual([]);
    expect(when(events, mark('2026-11-20T15:00:00Z', '12')).events).toHaveLength(1);
  });
});

describe('MD-02 prices that are refused', () => {
  it.each<[string, PricesCommand]>([
    ['INSTRUMENT_UNKNOWN', bar('2020-08-28', '1 1 1 1', { instrument: undefined })],
    ['PRICE_DATE_IN_FUTURE', flat('2026-11-21', '1')],
    ['PRICE_DATE_IN_FUTURE', mark('2026-11-21T15:00:00Z', '1')],
    ['PRICE_NOT_POSITIVE', bar('2020-08-28', '1 1 0 1')],
    ['PRICE_NOT_POSITIVE', mark('2026-11-20T15:00:00Z', '-1')],
    ['VOLUME_NEGATIVE', bar('2020-08-28', '1 1 1 1', { volume: Quantity.of('-1') })],
    ['BAR_INCONSISTENT', bar('2020-08-28', '2 3 2.5 3')],
    ['BAR_INCONSISTENT', bar('2020-08-28', '3 3 2 3.01')],
    ['BAR_INCONSISTENT', bar('2020-08-28', '3.01 3 2 3')],
    ['BAR_INCONSISTENT', bar('2020-08-28', '3 3 2 1.99')],
    ['MARK_OUT_OF_ORDER', mark('2026-11-20T14:59:59.999999999Z', '11')],
  ])('%s', (code, command) => {
    const before = given(mark('2026-11-20T15:00:00Z', '11'));
    expect(when(before, command)).toMatchObject({ events: [], rejection: { code } });
  });
});
