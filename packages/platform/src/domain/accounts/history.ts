import { addDays, type CalendarDate, type EventOf } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { marketValue } from '../money/amounts.ts';
import { Money, negated, plus, Quantity, type Price } from '../money/money.ts';
import type { AccountEvent, AccountOpened } from './events.ts';
import { matchLots, signedQuantity } from './lots.ts';
import { leftATrace, type Portfolio } from './portfolio.ts';
import { inEffectiveOrder, recordedTrades, type BookedTrade } from './recorded-trades.ts';
import { nothingHeld, withMatching, type OrderedPosition } from './restatement.ts';

// Temporal queries: an account's facts in the order in which they were true, not in which they became
// known. Restatements are left out, as they are what ordering the facts comes to. Give all events of an
// account for what is known now, or those recorded up to an instant for what was known then.

/**
 * The portfolio at the end of a business date; undefined when the account was not open yet. At the last
 * date of any event it equals the account's state.
 */
export function foldAsOf(
  events: readonly AccountEvent[],
  { asOf }: { readonly asOf: CalendarDate },
): Portfolio | undefined {
  const opened = openingOf(events);
  if (opened === undefined || opened.openedOn > asOf) return undefined;
  const { accountId, currency } = opened;
  let cash = Money.zero;
  for (const movement of cashMovements(events)) {
    if (movement.date <= asOf) cash = plus(cash, movement.amount);
  }
  let settledCash = cash;
  const positions = new Map<InstrumentSymbol, OrderedPosition>();
  for (const trade of tradesInOrder(events)) {
    if (trade.tradeDate > asOf) break;
    const position = positions.get(trade.symbol) ?? nothingHeld;
    const matching = matchLots(position.lots, trade, opened);
    positions.set(trade.symbol, withMatching(position, trade, matching));
    cash = plus(cash, trade.amount);
    if (trade.settlementDate <= asOf) settledCash = plus(settledCash, trade.amount);
  }
  const held = [...positions]
    .map(([symbol, position]) => ({ symbol, ...position }))
    .filter(leftATrace);
  return {
    accountId,
    asOf,
    currency,
    cash,
    settledCash,
    positions: held.toSorted((left, right) => (left.symbol < right.symbol ? -1 : 1)),
  };
}

export interface DayBalance {
  readonly date: CalendarDate;
  readonly cash: Money;
  /** Of the positions that have a price. */
  readonly marketValue: Money;
  readonly total: Money;
  /** Held without a price, and so not in the value. */
  readonly unpriced: readonly InstrumentSymbol[];
}

export interface DayRange {
  /** The first day; rows begin on the day the account was opened if that is later. */
  readonly from: CalendarDate;
  /** The last day, included. */
  readonly to: CalendarDate;
  /** Which days get a row, such as the business days; every day when left out. */
  readonly includes?: ((date: CalendarDate) => boolean) | undefined;
}

/**
 * What the account was worth at the end of each day, ascending. `closes` gives the price to value with:
 * the raw close of the date or of the last day before it that has one.
 */
export function balancesByDay(
  events: readonly AccountEvent[],
  { from, to, includes = () => true }: DayRange,
  closes: (symbol: InstrumentSymbol, date: CalendarDate) => Price | undefined,
): readonly DayBalance[] {
  const opened = openingOf(events);
  if (opened === undefined) return [];
  const postings = postingsInOrder(events);
  const held = new Map<InstrumentSymbol, Quantity>();
  const rows: DayBalance[] = [];
  let cash = Money.zero;
  let next = 0;
  for (
    let date = from > opened.openedOn ? from : opened.openedOn;
    date <= to;
    date = addDays(date, 1)
  ) {
    for (; next < postings.length; next += 1) {
      const posting = postings[next] as Posting;
      if (posting.date > date) break;
      cash = plus(cash, posting.amount);
      if (posting.trade !== undefined) holdMore(held, posting.trade);
    }
    if (!includes(date)) continue;
    const unpriced: InstrumentSymbol[] = [];
    let value = Money.zero;
    for (const [symbol, quantity] of held) {
      const close = closes(symbol, date);
      if (close === undefined) unpriced.push(symbol);
      else value = plus(value, marketValue(quantity, close, opened.currency));
    }
    rows.push({ date, cash, marketValue: value, total: plus(cash, value), unpriced });
  }
  return rows;
}

function holdMore(
  held: Map<InstrumentSymbol, Quantity>,
  { symbol, side, quantity }: BookedTrade,
): void {
  const after = plus(held.get(symbol) ?? Quantity.zero, signedQuantity(side, quantity));
  if (after === 0n) held.delete(symbol);
  else held.set(symbol, after);
}

interface Posting {
  readonly date: CalendarDate;
  readonly amount: Money;
  readonly trade?: BookedTrade;
}

function postingsInOrder(events: readonly AccountEvent[]): readonly Posting[] {
  const trades = tradesInOrder(events).map((trade): Posting => {
    return { date: trade.tradeDate, amount: trade.amount, trade };
  });
  return [...cashMovements(events), ...trades].toSorted((left, right) =>
    left.date < right.date ? -1 : left.date > right.date ? 1 : 0,
  );
}

function openingOf(
  events: readonly AccountEvent[],
): EventOf<typeof AccountOpened>['data'] | undefined {
  const first = events[0];
  return first?.type === 'AccountOpened' ? first.data : undefined;
}

function tradesInOrder(events: readonly AccountEvent[]): readonly BookedTrade[] {
  const live = recordedTrades(events).filter(({ cancelled }) => !cancelled);
  return inEffectiveOrder(live).map(({ trade }) => trade);
}

/** Every movement of cash that is not a trade, in the order of recording. */
function cashMovements(events: readonly AccountEvent[]): readonly Posting[] {
  const movements: Posting[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'AccountOpened':
        movements.push({ date: event.data.openedOn, amount: event.data.initialBalance });
        break;
      case 'CashDeposited':
        movements.push({ date: event.data.effectiveDate, amount: event.data.amount });
        break;
      case 'CashWithdrawn':
        movements.push({ date: event.data.effectiveDate, amount: negated(event.data.amount) });
        break;
      case 'TradeBooked':
      case 'TradeCancelled':
      case 'PositionRestated':
      case 'TradeRefused':
      case 'LimitsSet':
      case 'AccountSuspended':
      case 'AccountReinstated':
      case 'AccountClosed':
        break;
    }
  }
  return movements;
}
