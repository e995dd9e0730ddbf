import type {
  CalendarDate,
  Clock,
  EventStore,
  Instant,
  RecordedEvent,
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
import { lastBarAtOrBefore } from '../domain/instruments/price-history.ts';
import { pricesDecider, type Prices } from '../domain/instruments/prices.ts';
import type { Price } from '../domain/money/money.ts';
import { openActionsBook, type ActionsBook } from './actions-book.ts';
import { followLog } from './followed-log.ts';
import { onBasisOf, type DatedPrice } from './price-basis.ts';

/** Instruments and prices in memory: what commands are decided with, kept up to date from the log. */
export interface MarketBook {
  instrument(symbol: InstrumentSymbol): Instrument | undefined;
  /** Empty for a symbol without prices. */
  prices(symbol: InstrumentSymbol): Prices;
  /** What a share is worth on a date, in shares of that date: see `MarketView`. */
  priceOn(symbol: InstrumentSymbol, date: CalendarDate): Price | undefined;
  /** A price in shares of a later date. */
  onBasisOf(symbol: InstrumentSymbol, price: DatedPrice, date: CalendarDate): Price;
  /** Corporate actions: prices are read by those that are in force. */
  readonly actions: ActionsBook;
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

  const followed = await followLog(store, types, apply);
  const actions = await openActionsBook({ store });
  const today = (): CalendarDate => businessDateOf(clock(), timeZone);
  const onBasis: MarketBook['onBasisOf'] = (symbol, price, date) =>
    onBasisOf(price, date, actions.postedOn(symbol));
  const priceOn: MarketBook['priceOn'] = (symbol, date) => {
    const price = datedPriceOn(pricesOf(symbol), date, today());
    return price && onBasis(symbol, price, date);
  };
  const view = marketViews(options, instruments, priceOn);
  return {
    instrument: (symbol) => instruments.get(symbol),
    prices: pricesOf,
    priceOn,
    onBasisOf: onBasis,
    actions,
    view: () => view(today()),
    today,
    calendar: options.calendar,
    dateOf: (instant) => businessDateOf(instant, timeZone),
    reach: async (position) => {
      await Promise.all([followed.reach(position), actions.reach(position)]);
    },
    close: async () => {
      await Promise.all([followed.close(), actions.close()]);
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
  priceOn: MarketView['priceOn'],
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
      priceOn,
      settlementDate: settles,
    };
    return newest;
  };
}

/** The last price when the date is today, else the close of the date or of the last day before: raw. */
export function datedPriceOn(
  prices: Prices,
  date: CalendarDate,
  today: CalendarDate,
): DatedPrice | undefined {
  if (date === today) return prices.last;
  const bar = lastBarAtOrBefore(prices.years, date);
  return bar && { price: bar.close, date: bar.date };
}
