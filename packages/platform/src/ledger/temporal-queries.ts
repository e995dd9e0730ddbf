import type {
  CalendarDate,
  EventLog,
  Instant,
  RecordedEvent,
  StreamId,
} from '@counterfoil/event-store';
import { accountStream, type AccountEvent, type AccountId } from '../domain/accounts/events.ts';
import { balancesByDay, foldAsOf, type DayBalance } from '../domain/accounts/history.ts';
import type { Portfolio } from '../domain/accounts/portfolio.ts';
import { valuePortfolio, type Valuation } from '../domain/accounts/valuation.ts';
import {
  pricesStream,
  type InstrumentSymbol,
  type PricesEvent,
} from '../domain/instruments/events.ts';
import { pricesDecider, type Prices } from '../domain/instruments/prices.ts';
import type { Price } from '../domain/money/money.ts';
import { datedPriceOn, type MarketBook } from './market-book.ts';

/**
 * Questions about the past, answered from the log itself. Two times are at work (Snodgrass, "Developing
 * Time-Oriented Database Applications", chapter 1): `asOf` is a business date, of what was true then;
 * `knownAt` is an instant of recording, of what the log held by then. Trades and prices are both cut at it.
 */
export interface TemporalQueries {
  /** The portfolio at the end of a business date; undefined when the account was not open, or not known. */
  portfolio(id: AccountId, at: BusinessMoment): Promise<PortfolioAsOf | undefined>;
  /** The worth of an account at the end of each day; undefined when the account was not known. */
  balanceHistory(id: AccountId, range: BalanceRange): Promise<BalanceHistory | undefined>;
}

export interface BusinessMoment {
  /** Today when left out. */
  readonly asOf?: CalendarDate | undefined;
  /** All that is known now when left out. */
  readonly knownAt?: Instant | undefined;
}

export interface BalanceRange {
  readonly from: CalendarDate;
  /** Included. */
  readonly to: CalendarDate;
  readonly knownAt?: Instant | undefined;
  /** Which days get a row; every day when left out. */
  readonly includes?: ((date: CalendarDate) => boolean) | undefined;
}

export interface PortfolioAsOf {
  readonly portfolio: Portfolio;
  readonly valuation: Valuation;
  /** The answer reflects the log up to here. */
  readonly position: number;
}

export interface BalanceHistory {
  readonly days: readonly DayBalance[];
  readonly position: number;
}

export function createTemporalQueries(log: EventLog, market: MarketBook): TemporalQueries {
  const pricesFor = async (
    symbols: readonly InstrumentSymbol[],
    knownAt: Instant | undefined,
  ): Promise<(symbol: InstrumentSymbol) => Prices> => {
    if (knownAt === undefined) return market.prices;
    const known = new Map<InstrumentSymbol, Prices>();
    for (const symbol of symbols) {
      const events = await readKnown<PricesEvent>(log, pricesStream(symbol), knownAt);
      known.set(symbol, events.reduce(pricesDecider.evolve, pricesDecider.initial));
    }
    return (symbol) => known.get(symbol) ?? pricesDecider.initial;
  };

  const priced = (
    prices: (symbol: InstrumentSymbol) => Prices,
    symbol: InstrumentSymbol,
    date: CalendarDate,
  ): Price | undefined => {
    const price = datedPriceOn(prices(symbol), date, market.today());
    return price && market.onBasisOf(symbol, price, date);
  };

  return {
    portfolio: async (id, { asOf = market.today(), knownAt }) => {
      const { position } = await log.head();
      const events = await readKnown<AccountEvent>(log, accountStream(id), knownAt);
      const portfolio = foldAsOf(events, { asOf });
      if (portfolio === undefined) return undefined;
      const symbols = portfolio.positions.map(({ symbol }) => symbol);
      const prices = await pricesFor(symbols, knownAt);
      const valuation = valuePortfolio(portfolio, (symbol) => priced(prices, symbol, asOf));
      return { portfolio, valuation, position };
    },
    balanceHistory: async (id, { knownAt, ...range }) => {
      const { position } = await log.head();
      const events = await readKnown<AccountEvent>(log, accountStream(id), knownAt);
      if (events.length === 0) return undefined;
      const prices = await pricesFor(symbolsOf(events), knownAt);
      const days = balancesByDay(events, range, (symbol, date) => priced(prices, symbol, date));
      return { days, position };
    },
  };
}

/** The events of a stream, those only that were recorded by a moment. */
async function readKnown<Event>(
  log: EventLog,
  stream: StreamId,
  knownAt: Instant | undefined,
): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (let from = 1; ; from += pageSize) {
    const page = await log.readStream(stream, { from, limit: pageSize });
    for (const event of page) {
      // Recorded times never run backwards, so nothing behind this one was known either.
      if (knownAt !== undefined && event.recordedAt > knownAt) return events;
      events.push(factOf(event) as Event);
    }
    if (page.length < pageSize) return events;
  }
}

const pageSize = 1_000;

function factOf({ type, data }: RecordedEvent): { readonly type: string; readonly data: unknown } {
  return { type, data };
}

function symbolsOf(events: readonly AccountEvent[]): readonly InstrumentSymbol[] {
  const booked = events.flatMap((event) => {
    if (event.type === 'TradeBooked') return [event.data.symbol];
    return 'movements' in event.data ? event.data.movements.map(({ symbol }) => symbol) : [];
  });
  return [...new Set(booked)];
}
