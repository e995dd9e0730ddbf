import { addDays, type CalendarDate, type EventOf } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { marketValue } from '../money/amounts.ts';
import { Money, negated, plus, Quantity, type Price } from '../money/money.ts';
import type { Entitlement } from './entitlements/effect.ts';
import { recordedActions } from './entitlements/recorded-actions.ts';
import type { AccountEvent, AccountOpened, EntitledAction } from './events.ts';
import { cashDate, foldInOrder, movesOn, type Facts, type InOrder } from './in-order.ts';
import { signedQuantity, type CostBasis } from './lots.ts';
import { leftATrace, type Portfolio } from './portfolio.ts';
import { recordedTrades } from './recorded-trades.ts';

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
  const facts = factsOf(events);
  const { positions, entitlements } = inOrderUntil(facts, opened, asOf);
  for (const { trade } of facts.trades) {
    if (trade.tradeDate > asOf) continue;
    cash = plus(cash, trade.amount);
    if (trade.settlementDate <= asOf) settledCash = plus(settledCash, trade.amount);
  }
  for (const action of facts.actions) {
    const amount = entitlements.get(action.actionId)?.amount ?? Money.zero;
    if (cashDate(action) > asOf) continue;
    cash = plus(cash, amount);
    if (action.settlementDate <= asOf) settledCash = plus(settledCash, amount);
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
  const postings = postingsInOrder(events, opened);
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
      for (const moved of posting.moves) holdMore(held, moved);
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

function holdMore(held: Map<InstrumentSymbol, Quantity>, { symbol, quantity }: Move): void {
  const after = plus(held.get(symbol) ?? Quantity.zero, quantity);
  if (after === 0n) held.delete(symbol);
  else held.set(symbol, after);
}

interface Posting {
  readonly date: CalendarDate;
  readonly amount: Money;
  readonly moves: readonly Move[];
}

interface Move {
  readonly symbol: InstrumentSymbol;
  readonly quantity: Quantity;
}

function postingsInOrder(events: readonly AccountEvent[], basis: CostBasis): readonly Posting[] {
  const facts = factsOf(events);
  const { entitlements } = inOrderUntil(facts, basis, undefined);
  const trades = facts.trades.map(({ trade }): Posting => {
    const quantity = signedQuantity(trade.side, trade.quantity);
    const moves = [{ symbol: trade.symbol, quantity }];
    return { date: trade.tradeDate, amount: trade.amount, moves };
  });
  const actions = facts.actions.flatMap((action) => {
    const entitlement = entitlements.get(action.actionId);
    return entitlement === undefined ? [] : postingsOf(action, entitlement);
  });
  return [...cashMovements(events), ...actions, ...trades].toSorted((left, right) =>
    left.date < right.date ? -1 : left.date > right.date ? 1 : 0,
  );
}

function postingsOf(
  action: EntitledAction,
  { amount, movements }: Pick<Entitlement, 'amount' | 'movements'>,
): readonly Posting[] {
  const moves = movements.map(({ symbol, quantityChange: quantity }) => ({ symbol, quantity }));
  return [
    { date: movesOn(action), amount: Money.zero, moves },
    { date: cashDate(action), amount, moves: [] },
  ];
}

function openingOf(
  events: readonly AccountEvent[],
): EventOf<typeof AccountOpened>['data'] | undefined {
  const first = events[0];
  return first?.type === 'AccountOpened' ? first.data : undefined;
}

function factsOf(events: readonly AccountEvent[]): Facts {
  return {
    trades: recordedTrades(events).filter(({ cancelled }) => !cancelled),
    actions: Array.from(recordedActions(events).values(), ({ action }) => action),
  };
}

function inOrderUntil(facts: Facts, basis: CostBasis, until: CalendarDate | undefined): InOrder {
  const folded = foldInOrder(facts, basis, { until });
  if ('problem' in folded) throw new Error('a fold without a check has found a problem');
  return folded;
}

/** Every movement of cash that is neither a trade's nor an action's, in the order of recording. */
function cashMovements(events: readonly AccountEvent[]): readonly Posting[] {
  const movements: Posting[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'AccountOpened':
        movements.push(inCash(event.data.openedOn, event.data.initialBalance));
        break;
      case 'CashDeposited':
        movements.push(inCash(event.data.effectiveDate, event.data.amount));
        break;
      case 'CashWithdrawn':
        movements.push(inCash(event.data.effectiveDate, negated(event.data.amount)));
        break;
      case 'TradeBooked':
      case 'TradeCancelled':
      case 'PositionRestated':
      case 'EntitlementPosted':
      case 'EntitlementReversed':
      case 'EntitlementAdjusted':
      case 'ElectionMade':
      case 'ElectionReleased':
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

function inCash(date: CalendarDate, amount: Money): Posting {
  return { date, amount, moves: [] };
}
