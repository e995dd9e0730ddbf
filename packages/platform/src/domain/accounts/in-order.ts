import type { CalendarDate } from '@counterfoil/event-store';
import type { ActionId, ActionType } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { minus, plus, Quantity } from '../money/money.ts';
import type { Entitlement } from './entitlements/effect.ts';
import { entitle } from './entitlements/entitlement.ts';
import type { Eligibility, EntitledAction } from './events.ts';
import { matchLots, type CostBasis, type Fill, type Matching } from './lots.ts';
import { nothingHeld, withMatching, type OrderedPosition } from './ordered-position.ts';
import type { BookedTrade } from './recorded-trades.ts';

// What moves positions, in the order in which it counts: by date; on one date actions before trades, as
// they take effect at the open; trades as they became known.

/** A trade with its place among those that became known. */
export interface PlacedTrade {
  readonly trade: Fill & Pick<BookedTrade, 'symbol'>;
  readonly place: number;
}

/** What moves positions. */
export interface Facts {
  readonly trades: readonly PlacedTrade[];
  readonly actions: readonly EntitledAction[];
}

export interface InOrder {
  readonly positions: ReadonlyMap<InstrumentSymbol, OrderedPosition>;
  /** What each action comes to. */
  readonly entitlements: ReadonlyMap<ActionId, OrderedEntitlement>;
  /** What each trade does at its place. */
  readonly matchings: ReadonlyMap<PlacedTrade, Matching>;
}

export type OrderedEntitlement = Entitlement & Eligibility;

/** Looks at a trade before it is matched; what it answers ends the fold. */
export type TradeCheck<Problem> = (
  entry: PlacedTrade,
  position: OrderedPosition,
) => Problem | undefined;

/**
 * Folds the facts, those that count on `until` or before. A cash dividend is struck by its ex-date: whether
 * its cash has come is the caller's to ask.
 */
export function foldInOrder<Problem = never>(
  facts: Facts,
  basis: CostBasis,
  {
    until,
    check,
  }: {
    readonly until?: CalendarDate | undefined;
    readonly check?: TradeCheck<Problem> | undefined;
  } = {},
): InOrder | { readonly problem: Problem } {
  const positions = new Map<InstrumentSymbol, OrderedPosition>();
  const entitlements = new Map<ActionId, OrderedEntitlement>();
  const matchings = new Map<PlacedTrade, Matching>();
  const struck = new Map<ActionId, Eligibility>();
  const earlier: PlacedTrade[] = [];
  const held = (symbol: InstrumentSymbol): OrderedPosition => positions.get(symbol) ?? nothingHeld;

  for (const step of stepsOf(facts)) {
    if (until !== undefined && step.date > until) break;
    if (step.kind === 'trade') {
      const { entry } = step;
      const { symbol } = entry.trade;
      const problem = check?.(entry, held(symbol));
      if (problem !== undefined) return { problem };
      const matching = matchLots(held(symbol).lots, entry.trade, basis);
      matchings.set(entry, matching);
      positions.set(symbol, withMatching(held(symbol), entry.trade, matching));
      earlier.push(entry);
      continue;
    }
    const { action } = step;
    if (step.kind === 'strike') {
      struck.set(action.actionId, strike(action, held(action.symbol).quantity, earlier));
      continue;
    }
    const eligibility = struck.get(action.actionId) ?? strike(action, Quantity.zero, []);
    const { positions: after, ...entitlement } = entitle(
      action,
      eligibleOf(eligibility),
      held,
      basis,
    );
    for (const [symbol, position] of after) positions.set(symbol, position);
    entitlements.set(action.actionId, { ...entitlement, ...eligibility });
  }
  return { positions, entitlements, matchings };
}

export function eligibleOf({ settled, pendingReceipts, pendingDeliveries }: Eligibility): Quantity {
  return minus(plus(settled, pendingReceipts), pendingDeliveries);
}

/** What was held before the ex-date, by how it stood at the record date. */
function strike(
  { symbol, recordDate }: EntitledAction,
  quantity: Quantity,
  earlier: readonly PlacedTrade[],
): Eligibility {
  let pendingReceipts = Quantity.zero;
  let pendingDeliveries = Quantity.zero;
  if (recordDate !== null) {
    for (const { trade } of earlier) {
      if (trade.symbol !== symbol || trade.settlementDate <= recordDate) continue;
      if (trade.side === 'BUY') pendingReceipts = plus(pendingReceipts, trade.quantity);
      else pendingDeliveries = plus(pendingDeliveries, trade.quantity);
    }
  }
  const settled = plus(minus(quantity, pendingReceipts), pendingDeliveries);
  return { settled, pendingReceipts, pendingDeliveries };
}

/** The first date on which an action changes what is held: its ex-date, unless holders choose first. */
export function movesOn({ actionType, exDate, effectiveDate }: EntitledAction): CalendarDate {
  return actionType === 'RIGHTS_ISSUE' || actionType === 'TENDER_OFFER' ? effectiveDate : exDate;
}

/** When its cash counts, of the balance by trade date. */
export function cashDate(action: EntitledAction): CalendarDate {
  return action.actionType === 'DIVIDEND' ? action.effectiveDate : movesOn(action);
}

/** The symbols whose positions an action may change. */
export function symbolsOf({ symbol, terms }: EntitledAction): readonly InstrumentSymbol[] {
  return terms.otherSymbol === null ? [symbol] : [symbol, terms.otherSymbol];
}

/** The facts that can bear on the positions of these symbols: an action ties one symbol to another. */
export function factsAbout(
  { trades, actions }: Facts,
  symbols: readonly InstrumentSymbol[],
): Facts {
  const tied = new Set(symbols);
  for (let before = -1; before !== tied.size;) {
    before = tied.size;
    for (const action of actions) {
      const own = symbolsOf(action);
      if (own.some((symbol) => tied.has(symbol))) for (const symbol of own) tied.add(symbol);
    }
  }
  return {
    trades: trades.filter(({ trade }) => tied.has(trade.symbol)),
    actions: actions.filter(({ symbol }) => tied.has(symbol)),
  };
}

type Step =
  | { readonly kind: 'trade'; readonly date: CalendarDate; readonly entry: PlacedTrade }
  | {
      readonly kind: 'strike' | 'apply';
      readonly date: CalendarDate;
      readonly action: EntitledAction;
    };

function stepsOf({ trades, actions }: Facts): readonly Step[] {
  const steps: Step[] = trades.map((entry) => ({
    kind: 'trade',
    date: entry.trade.tradeDate,
    entry,
  }));
  for (const action of actions) {
    steps.push({ kind: 'strike', date: action.exDate, action });
    steps.push({ kind: 'apply', date: movesOn(action), action });
  }
  return steps.toSorted(inEffect);
}

// On one date: cash distributions are of what was held before a split of the same day, and what makes
// another instrument of the holding comes last.
const ranks: Readonly<Record<ActionType, number>> = {
  DIVIDEND: 0,
  RETURN_OF_CAPITAL: 1,
  SPIN_OFF: 2,
  RIGHTS_ISSUE: 3,
  STOCK_DIVIDEND: 4,
  STOCK_SPLIT: 5,
  TENDER_OFFER: 6,
  MERGER: 7,
  SYMBOL_CHANGE: 8,
};

function inEffect(left: Step, right: Step): number {
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  if (left.kind === 'trade' || right.kind === 'trade') {
    if (left.kind !== 'trade') return -1;
    return right.kind === 'trade' ? left.entry.place - right.entry.place : 1;
  }
  const rank = ranks[left.action.actionType] - ranks[right.action.actionType];
  if (rank !== 0) return rank;
  if (left.action.actionId !== right.action.actionId) {
    return left.action.actionId < right.action.actionId ? -1 : 1;
  }
  return left.kind === 'strike' ? -1 : 1;
}
