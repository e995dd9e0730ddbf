import {
  accept,
  formatInstant,
  refuse,
  type CalendarDate,
  type Decider,
  type Decision,
  type EventOf,
  type Instant,
} from '@counterfoil/event-store';
import type { Price, Quantity } from '../money/money.ts';
import type { DailyBarRecorded, InstrumentSymbol, PriceMarked, PricesEvent } from './events.ts';
import type { InstrumentState } from './instrument.ts';
import { barOn, withBar, type BarsOfYear } from './price-history.ts';

/** One trading day of an instrument, raw. */
export type DailyBar = EventOf<typeof DailyBarRecorded>['data'];

/** The prices of one instrument. */
export interface Prices {
  /** Ascending; see `price-history.ts`. */
  readonly years: readonly BarsOfYear[];
  readonly last: LastPrice | undefined;
}

/** The newest price of all: that of a mark, or a close when no mark of its date or a later one followed. */
export interface LastPrice {
  readonly price: Price;
  readonly date: CalendarDate;
  /** When it was marked; null for a close. */
  readonly markedAt: Instant | null;
}

export type PricesCommand = RecordDailyBar | MarkPrice;

export interface RecordDailyBar {
  readonly type: 'RecordDailyBar';
  readonly symbol: InstrumentSymbol;
  /** The instrument as listed: reference data. */
  readonly instrument: InstrumentState;
  /** The present business date of the market. */
  readonly today: CalendarDate;
  readonly date: CalendarDate;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  readonly volume: Quantity;
  readonly source: string;
}

export interface MarkPrice {
  readonly type: 'MarkPrice';
  readonly symbol: InstrumentSymbol;
  /** The instrument as listed: reference data. */
  readonly instrument: InstrumentState;
  /** The present business date of the market. */
  readonly today: CalendarDate;
  readonly price: Price;
  readonly markedAt: Instant;
  /** The market's business date at `markedAt`. */
  readonly date: CalendarDate;
  readonly source: string;
}

/** Why a price is refused. The first that applies, in this order. */
export type PricesRejection =
  | { readonly code: 'INSTRUMENT_UNKNOWN'; readonly symbol: InstrumentSymbol }
  | {
      readonly code: 'PRICE_DATE_IN_FUTURE';
      readonly date: CalendarDate;
      readonly today: CalendarDate;
    }
  | { readonly code: 'PRICE_NOT_POSITIVE' }
  | { readonly code: 'VOLUME_NEGATIVE' }
  | { readonly code: 'BAR_INCONSISTENT'; readonly rule: 'low <= open, close <= high' }
  | { readonly code: 'MARK_OUT_OF_ORDER'; readonly lastMarkedAt: string };

type PricesDecision = Decision<PricesEvent, PricesRejection>;

export const pricesDecider: Decider<PricesCommand, Prices, PricesEvent, PricesRejection> = {
  initial: { years: [], last: undefined },
  decide,
  evolve,
};

function decide(command: PricesCommand, prices: Prices): PricesDecision {
  const { symbol, date, today } = command;
  if (command.instrument === undefined) return refuse({ code: 'INSTRUMENT_UNKNOWN', symbol });
  if (date > today) return refuse({ code: 'PRICE_DATE_IN_FUTURE', date, today });
  switch (command.type) {
    case 'RecordDailyBar':
      return recordDailyBar(command, prices);
    case 'MarkPrice':
      return markPrice(command, prices);
  }
}

function recordDailyBar(command: RecordDailyBar, prices: Prices): PricesDecision {
  const { symbol, date, open, high, low, close, volume, source } = command;
  if (open <= 0n || high <= 0n || low <= 0n || close <= 0n) {
    return refuse({ code: 'PRICE_NOT_POSITIVE' });
  }
  if (volume < 0n) return refuse({ code: 'VOLUME_NEGATIVE' });
  if (low > open || low > close || high < open || high < close) {
    return refuse({ code: 'BAR_INCONSISTENT', rule: 'low <= open, close <= high' });
  }
  const bar: DailyBar = { symbol, date, open, high, low, close, volume, source };
  const known = barOn(prices.years, date);
  return known !== undefined && isSameBar(known, bar)
    ? accept()
    : accept({ type: 'DailyBarRecorded', data: bar });
}

function isSameBar(left: DailyBar, right: DailyBar): boolean {
  return (
    left.close === right.close &&
    left.open === right.open &&
    left.high === right.high &&
    left.low === right.low &&
    left.volume === right.volume &&
    left.source === right.source
  );
}

function markPrice(command: MarkPrice, { last }: Prices): PricesDecision {
  const { symbol, price, markedAt, date, source } = command;
  if (price <= 0n) return refuse({ code: 'PRICE_NOT_POSITIVE' });
  if (last !== undefined && last.markedAt !== null) {
    if (markedAt < last.markedAt) {
      return refuse({ code: 'MARK_OUT_OF_ORDER', lastMarkedAt: formatInstant(last.markedAt) });
    }
    if (markedAt === last.markedAt && price === last.price) return accept();
  }
  return accept({ type: 'PriceMarked', data: { symbol, price, markedAt, date, source } });
}

function evolve(prices: Prices, event: PricesEvent): Prices {
  switch (event.type) {
    case 'DailyBarRecorded':
      return {
        years: withBar(prices.years, event.data),
        last: lastPriceAfterBar(prices.last, event.data),
      };
    case 'PriceMarked':
      return { years: prices.years, last: lastPriceAfterMark(prices.last, event.data) };
  }
}

// A price of an earlier date never replaces one of a later: bars of past years are imported at any time.

function lastPriceAfterBar(last: LastPrice | undefined, bar: DailyBar): LastPrice {
  return last !== undefined && bar.date < last.date
    ? last
    : { price: bar.close, date: bar.date, markedAt: null };
}

function lastPriceAfterMark(
  last: LastPrice | undefined,
  mark: EventOf<typeof PriceMarked>['data'],
): LastPrice {
  return last !== undefined && mark.date < last.date
    ? last
    : { price: mark.price, date: mark.date, markedAt: mark.markedAt };
}
