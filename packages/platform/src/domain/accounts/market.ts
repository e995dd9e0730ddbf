import type { CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol, TradingStatus } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import type { Price, Quantity } from '../money/money.ts';

/**
 * What an account has to know of the market to decide a command, as it was when the command was given.
 * Nothing of it is looked at again: what matters later is in the events.
 */
export interface MarketView {
  /** The present business date. */
  readonly today: CalendarDate;
  instrument(symbol: InstrumentSymbol): TradableInstrument | undefined;
  /**
   * The last price when the date is today, else the close of the date or of the last day before; in shares of
   * the date, where a split went ex since the price.
   */
  priceOn(symbol: InstrumentSymbol, date: CalendarDate): Price | undefined;
  settlementDate(tradeDate: CalendarDate): CalendarDate;
}

export interface TradableInstrument {
  readonly currency: CurrencyCode;
  readonly lotSize: Quantity;
  readonly tickSize: Price;
  readonly status: TradingStatus;
}
