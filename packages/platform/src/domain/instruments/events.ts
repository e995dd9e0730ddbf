import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
} from '@counterfoil/event-store';
import type { CurrencyCode } from '../money/currency.ts';
import { Price, Quantity } from '../money/money.ts';

/** What an instrument is traded under: 1 to 16 of `A-Z 0-9 . -`, such as `BRK.B`. */
export type InstrumentSymbol = Branded<string, 'InstrumentSymbol'>;

const symbolPattern = /^[A-Z0-9.-]{1,16}$/;

export function parseInstrumentSymbol(text: string): InstrumentSymbol | undefined {
  return symbolPattern.test(text) ? (text as InstrumentSymbol) : undefined;
}

/** `TRADING` -> `HALTED` -> `TRADING` and so on, until `DELISTED`, which is for ever. */
export type TradingStatus = 'TRADING' | 'HALTED' | 'DELISTED';

// The life of an instrument: one stream for each symbol.

const terms = {
  name: field.text(),
  /** Orders are for multiples of it. */
  lotSize: Quantity.field,
  /** Prices are multiples of it. */
  tickSize: Price.field,
  /** ISO 6166. */
  isin: field.nullable(field.text()),
};

const InstrumentListed = eventType('InstrumentListed', {
  symbol: field.text<InstrumentSymbol>(),
  currency: field.text<CurrencyCode>(),
  ...terms,
});

/** The terms as they are from now on, changed or not. Symbol and currency never change. */
const InstrumentAmended = eventType('InstrumentAmended', {
  ...terms,
  reason: field.text(),
});

const halt = { reason: field.text() };

export const TradingHalted = eventType('TradingHalted', halt).revise(
  {
    ...halt,
    /** What the market calls the kind of halt, such as LUDP; null where it was not told. */
    haltCode: field.nullable(field.text()),
  },
  (old) => ({ ...old, haltCode: null }),
);

const TradingResumed = eventType('TradingResumed', { reason: field.text() });

const InstrumentDelisted = eventType('InstrumentDelisted', { reason: field.text() });

export const instrumentEventTypes = [
  InstrumentListed,
  InstrumentAmended,
  TradingHalted,
  TradingResumed,
  InstrumentDelisted,
];

export type InstrumentEvent = EventOf<(typeof instrumentEventTypes)[number]>;

// The prices of an instrument: a stream beside it, so that decades of them burden no listing.

/**
 * The prices of one trading day as a source reports them, raw (not adjusted for splits or dividends). A
 * second one for the same date corrects the first.
 */
export const DailyBarRecorded = eventType('DailyBarRecorded', {
  symbol: field.text<InstrumentSymbol>(),
  date: field.date(),
  open: Price.field,
  high: Price.field,
  low: Price.field,
  close: Price.field,
  volume: Quantity.field,
  source: field.text(),
});

/** A last price that the ledger is to value with. `date` is the market's business date at `markedAt`. */
export const PriceMarked = eventType('PriceMarked', {
  symbol: field.text<InstrumentSymbol>(),
  price: Price.field,
  markedAt: field.instant(),
  date: field.date(),
  source: field.text(),
});

export const pricesEventTypes = [DailyBarRecorded, PriceMarked];

export type PricesEvent = EventOf<(typeof pricesEventTypes)[number]>;

export function instrumentStream(symbol: InstrumentSymbol): StreamId {
  return streamId(instrumentStreamPrefix + symbol);
}

export function pricesStream(symbol: InstrumentSymbol): StreamId {
  return streamId(pricesStreamPrefix + symbol);
}

/** The symbol that an instrument's stream is named after. */
export function symbolOfStream(stream: StreamId): InstrumentSymbol {
  return stream.slice(instrumentStreamPrefix.length) as InstrumentSymbol;
}

const instrumentStreamPrefix = 'instrument-';
const pricesStreamPrefix = 'prices-';
