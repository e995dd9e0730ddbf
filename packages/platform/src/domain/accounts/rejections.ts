import type { CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { TradeId } from './events.ts';
import type { Limits } from './limits.ts';

/**
 * Why an account refuses a command: stable codes, each with the values that a message needs. Numbers are
 * canonical decimal text, as everywhere on the wire. A command is refused for the first reason that
 * applies, in the order of this file.
 */
export type AccountRejection =
  | NothingToActOn
  | CommandFault
  | RiskBreach
  | LotFault
  | ForbiddenByState;

export type NothingToActOn =
  | { readonly code: 'ACCOUNT_UNKNOWN' }
  | { readonly code: 'ACCOUNT_ALREADY_OPEN' }
  | { readonly code: 'TRADE_UNKNOWN'; readonly tradeId: TradeId }
  | { readonly code: 'TRADE_ALREADY_CANCELLED'; readonly tradeId: TradeId };

/** The command could never be right. Nothing of it is recorded. */
export type CommandFault =
  | { readonly code: 'CURRENCY_UNKNOWN'; readonly currency: string }
  | { readonly code: 'INITIAL_BALANCE_NEGATIVE'; readonly actual: string }
  | { readonly code: 'QUANTITY_NOT_POSITIVE'; readonly actual: string }
  | { readonly code: 'PRICE_NOT_POSITIVE'; readonly actual: string }
  | { readonly code: 'FEES_NEGATIVE'; readonly actual: string }
  | { readonly code: 'AMOUNT_NOT_POSITIVE'; readonly actual: string }
  | { readonly code: 'AMOUNT_TOO_LARGE'; readonly limit: string; readonly actual: string }
  /** More decimals than the currency's minor unit. */
  | { readonly code: 'AMOUNT_TOO_PRECISE'; readonly decimalsMax: number; readonly actual: string }
  | {
      readonly code: 'TRADE_DATE_IN_FUTURE';
      readonly tradeDate: CalendarDate;
      readonly today: CalendarDate;
    }
  | {
      readonly code: 'EFFECTIVE_DATE_IN_FUTURE';
      readonly effectiveDate: CalendarDate;
      readonly today: CalendarDate;
    }
  | {
      readonly code: 'TRADE_BEFORE_ACCOUNT_OPENED';
      readonly tradeDate: CalendarDate;
      readonly openedOn: CalendarDate;
    }
  | {
      readonly code: 'EFFECTIVE_BEFORE_ACCOUNT_OPENED';
      readonly effectiveDate: CalendarDate;
      readonly openedOn: CalendarDate;
    }
  | { readonly code: 'TRADE_ALREADY_BOOKED'; readonly tradeId: TradeId }
  /** The last date for choosing has passed. */
  | {
      readonly code: 'ELECTION_CLOSED';
      readonly deadline: CalendarDate;
      readonly today: CalendarDate;
    }
  | { readonly code: 'LIMIT_INVALID'; readonly limit: keyof Limits; readonly actual: string };

/** A trade broke a risk check. The first breach is recorded as TradeRefused. */
export type RiskBreach =
  | { readonly code: 'ACCOUNT_CLOSED' }
  | { readonly code: 'ACCOUNT_SUSPENDED' }
  | { readonly code: 'INSTRUMENT_UNKNOWN'; readonly symbol: InstrumentSymbol }
  /** `limit` is the account's currency, `actual` the instrument's. */
  | { readonly code: 'CURRENCY_MISMATCH'; readonly limit: string; readonly actual: string }
  | { readonly code: 'INSTRUMENT_DELISTED'; readonly symbol: InstrumentSymbol }
  | { readonly code: 'INSTRUMENT_HALTED'; readonly symbol: InstrumentSymbol }
  /** `limit` is the lot size. */
  | { readonly code: 'QUANTITY_NOT_IN_LOTS'; readonly limit: string; readonly actual: string }
  /** `limit` is the tick size. */
  | { readonly code: 'PRICE_OFF_TICK'; readonly limit: string; readonly actual: string }
  /** `limit` is the collar in percent, `actual` the price. */
  | {
      readonly code: 'PRICE_OUTSIDE_COLLAR';
      readonly limit: string;
      readonly actual: string;
      readonly lastPrice: string;
    }
  | { readonly code: 'ORDER_NOTIONAL_EXCEEDED'; readonly limit: string; readonly actual: string }
  /** `actual` is the quantity that would be held. */
  | { readonly code: 'POSITION_LIMIT_EXCEEDED'; readonly limit: string; readonly actual: string }
  /** Both in percent of the portfolio's value; `actual` is rounded. */
  | { readonly code: 'CONCENTRATION_EXCEEDED'; readonly limit: string; readonly actual: string }
  /** `limit` is the cash there is, `actual` the cash that is needed. */
  | { readonly code: 'INSUFFICIENT_BUYING_POWER'; readonly limit: string; readonly actual: string }
  /** `limit` is the quantity held at the trade's date, `actual` the quantity sold. */
  | { readonly code: 'INSUFFICIENT_HOLDING'; readonly limit: string; readonly actual: string }
  /** Later trades, already booked, would sell more than was held at their date. */
  | {
      readonly code: 'OVERSELLS_LATER_TRADE';
      readonly laterTradeId: TradeId;
      readonly laterTradeDate: CalendarDate;
      readonly limit: string;
      readonly actual: string;
    };

/** The lots that a trade names, or that a later trade has named, are not there. Recorded as a breach is. */
export type LotFault =
  | { readonly code: 'LOTS_UNDER_AVERAGE_COST' }
  | { readonly code: 'LOT_UNKNOWN'; readonly lotId: TradeId }
  /** `limit` is what is left of the lot. */
  | {
      readonly code: 'LOT_QUANTITY_EXCEEDED';
      readonly lotId: TradeId;
      readonly limit: string;
      readonly actual: string;
    }
  /** The named quantities must sum to the trade's. */
  | { readonly code: 'LOT_QUANTITIES_UNEQUAL'; readonly limit: string; readonly actual: string }
  /** A later trade, already booked, names a lot that there would not be any more. */
  | {
      readonly code: 'LOT_NAMED_BY_LATER_TRADE';
      readonly laterTradeId: TradeId;
      readonly lotId: TradeId;
    };

/** What the account holds forbids the command. */
export type ForbiddenByState =
  /** `limit` is what may be chosen at most: held and not blocked, or offered for it. */
  | { readonly code: 'ELECTION_EXCEEDS_HOLDING'; readonly limit: string; readonly actual: string }
  /** `cash` left, and the symbols still held. */
  | {
      readonly code: 'ACCOUNT_NOT_EMPTY';
      readonly cash: string;
      readonly symbols: readonly InstrumentSymbol[];
    }
  /** `limit` is the settled cash that no purchase still to be paid for needs. */
  | { readonly code: 'INSUFFICIENT_SETTLED_CASH'; readonly limit: string; readonly actual: string };
