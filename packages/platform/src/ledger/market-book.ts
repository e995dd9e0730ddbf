import {
  subscribe,
  type CalendarDate,
  type Clock,
  type EventStore,
  type Instant,
  type RecordedEvent,
} from '@counterfoil/event-store';
import type { MarketView } from '../domain/accounts/market.ts';
import type { BusinessCalendar } from '../domain/calendar/business-calendar.ts';
import { settlementDate } from '../domain/calendar/business-calendar.ts';
import { businessDateOf } from '../domain/calendar/business-date.ts';
import {
  instrumentEventTypes,
  pricesEventTypes,
  symbolOfStream,
  type InstrumentEvent,
  type InstrumentSymbol,
  type PricesEvent,
} from '../domain/instruments/events.ts';
import { instrumentDecider, type Instrument } from '../domain/instruments/instrument.ts';
import { closeAtOrBefore, pricesDecider, type Prices } from '../domain/instruments/prices.ts';
import type { Price } from '../domain/money/money.ts';

/** Instruments and prices in memory: what commands are decided with, kept up to date from the log. */
export interface MarketBook {
  instrument(symbol: InstrumentSymbol): Instrument | undefined;
  /** Empty for a symbol without prices. */
  prices(symbol: InstrumentSymbol): Prices;
  /** What an account sees of the market at present. */
  view(): MarketView;
  today(): CalendarDate;
  /** By which trades settle and mature. */
  readonly calendar: BusinessCalendar;
  dateOf(instant: Instant): CalendarDate;
  /** Resolves once the book reflects the log up to a position: to read one's own writes. */
  reach(position: number): Promise<void>;
  close(): Promise<void>;
}

export interface MarketBookOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly calendar: BusinessCalendar;
  readonly settlementDays: number;
  readonly timeZone: string;
}

const types = [...instrumentEventTypes, ...pricesEventTypes].map(({ type }) => type);

/** Reads the market from the log, then follows it. Resolves once it has seen all that is there. */
export async function openMarketBook(options: MarketBookOptions): Promise<MarketBook> {
  const { store, clock, timeZone } = options;
  const instruments = new Map<InstrumentSymbol, Instrument>();
  const prices = new Map<InstrumentSymbol, Prices>();
  const pricesOf = (symbol: InstrumentSymbol): Prices =>
    prices.get(symbol) ?? pricesDecider.initial;

  const apply = (event: RecordedEvent): void => {
    if (isPricesEvent(event)) {
      const { symbol } = event.data;
      prices.set(symbol, pricesDecider.evolve(pricesOf(symbol), event));
      return;
    }
    const symbol = symbolOfStream(event.stream);
    const after = instrumentDecider.evolve(instruments.get(symbol), event as InstrumentFact);
    if (after !== undefined) instruments.set(symbol, after);
  };

  const progress = createProgress();
  const ended = new AbortController();
  const follow = async (): Promise<void> => {
    const pages = subscribe(store, { after: 0, types, pageSize: 5_000, signal: ended.signal });
    for await (const { events, scannedTo } of pages) {
      for (const event of events) apply(event);
      progress.advance(scannedTo);
    }
  };
  const following = follow().catch((cause: unknown) => progress.fail(cause));
  await progress.reach((await store.head()).position);

  const today = (): CalendarDate => businessDateOf(clock(), timeZone);
  const view = marketViews(options, instruments, pricesOf);
  return {
    instrument: (symbol) => instruments.get(symbol),
    prices: pricesOf,
    view: () => view(today()),
    today,
    calendar: options.calendar,
    dateOf: (instant) => businessDateOf(instant, timeZone),
    reach: progress.reach,
    close: async () => {
      ended.abort();
      await following;
    },
  };
}

type InstrumentFact = InstrumentEvent & RecordedEvent;

function isPricesEvent(event: RecordedEvent): event is PricesEvent & RecordedEvent {
  return pricesEventTypes.some(({ type }) => type === event.type);
}

/** The view of each business date, made when the date is first asked for. */
function marketViews(
  { calendar, settlementDays }: MarketBookOptions,
  instruments: ReadonlyMap<InstrumentSymbol, Instrument>,
  pricesOf: (symbol: InstrumentSymbol) => Prices,
): (today: CalendarDate) => MarketView {
  const settlementDates = new Map<CalendarDate, CalendarDate>();
  const settles = (tradeDate: CalendarDate): CalendarDate => {
    const known = settlementDates.get(tradeDate);
    if (known !== undefined) return known;
    const date = settlementDate(calendar, tradeDate, settlementDays);
    settlementDates.set(tradeDate, date);
    return date;
  };
  let newest: MarketView | undefined;
  return (today) => {
    if (newest?.today === today) return newest;
    newest = {
      today,
      instrument: (symbol) => instruments.get(symbol),
      priceOn: (symbol, date) => priceOn(pricesOf(symbol), date, today),
      settlementDate: settles,
    };
    return newest;
  };
}

/** The last price when the date is today, else the raw close of the date or of the last day before. */
export function priceOn(
  prices: Prices,
  date: CalendarDate,
  today: CalendarDate,
): Price | undefined {
  return date === today ? prices.last?.price : closeAtOrBefore(prices, date);
}

interface Progress {
  reach(position: number): Promise<void>;
  advance(position: number): void;
  /** Whoever waits now or later is told why the book stands still. */
  fail(cause: unknown): void;
}

function createProgress(): Progress {
  let reached = 0;
  let failure: { readonly cause: unknown } | undefined;
  let waiting: { position: number; resolve: () => void; reject: (cause: unknown) => void }[] = [];
  return {
    reach: (position) => {
      if (position <= reached) return Promise.resolve();
      if (failure !== undefined) return Promise.reject(failure.cause);
      return new Promise((resolve, reject) => {
        waiting.push({ position, resolve, reject });
      });
    },
    advance: (position) => {
      reached = position;
      const still = waiting.filter((waiter) => waiter.position > position);
      for (const waiter of waiting) if (waiter.position <= position) waiter.resolve();
      waiting = still;
    },
    fail: (cause) => {
      failure = { cause };
      for (const { reject } of waiting.splice(0)) reject(cause);
    },
  };
}
