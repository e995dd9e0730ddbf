import type { ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Quantity } from '../money/money.ts';
import type { RecordedAction } from './entitlements/recorded-actions.ts';
import { recordedActions } from './entitlements/recorded-actions.ts';
import type { AccountEvent, EntitledAction } from './events.ts';
import { factsAbout, foldInOrder, symbolsOf, type InOrder, type PlacedTrade } from './in-order.ts';
import { namedLotFault, signedQuantity } from './lots.ts';
import type { OrderedPosition } from './ordered-position.ts';
import { recordedTrades, type RecordedTrade } from './recorded-trades.ts';
import type { LotFault, RiskBreach } from './rejections.ts';
import { holdingBreach } from './risk.ts';
import type { Account } from './state.ts';

/** All that an account's events say of what moves its positions. */
export interface Past {
  readonly trades: readonly RecordedTrade[];
  readonly actions: ReadonlyMap<ActionId, RecordedAction>;
}

export function pastOf(events: readonly AccountEvent[]): Past {
  return { trades: recordedTrades(events), actions: recordedActions(events) };
}

/** A change to the past of a position: what never was, what was missing, or both. */
export interface PastChange {
  readonly without?: RecordedTrade;
  readonly added?: PlacedTrade;
  readonly withoutAction?: ActionId;
  readonly addedAction?: EntitledAction;
}

export interface Restatement extends InOrder {
  /** The actions that were folded: all that are tied to the symbols. */
  readonly actions: readonly EntitledAction[];
}

/**
 * Folds what moves the positions of these symbols anew, in order, with the change. Refused when the added
 * trade or a later one would then find less to sell, or other lots, than it needs; a change of the actions
 * alone is never refused.
 */
export function restate(
  past: Past,
  symbols: readonly InstrumentSymbol[],
  change: PastChange,
  account: Account,
): Restatement | { readonly problem: RiskBreach | LotFault } {
  const trades: PlacedTrade[] = past.trades.filter(
    (known) => !known.cancelled && known !== change.without,
  );
  const { added, withoutAction, addedAction } = change;
  if (added !== undefined) trades.push(added);
  const actions = Array.from(past.actions.values(), ({ action }) => action).filter(
    ({ actionId }) => actionId !== withoutAction,
  );
  if (addedAction !== undefined) actions.push(addedAction);
  const facts = factsAbout({ trades, actions }, symbols);
  const ofTrades = change.without !== undefined || added !== undefined;
  const folded = foldInOrder(facts, account, {
    check: ofTrades ? (entry, held) => problemOf(entry, held, entry === added, account) : undefined,
  });
  return 'problem' in folded ? folded : { ...folded, actions: facts.actions };
}

/** The symbols that an action, or two versions of one, can bear on. */
export function symbolsOfActions(
  actions: readonly (EntitledAction | undefined)[],
): readonly InstrumentSymbol[] {
  return [...new Set(actions.flatMap((action) => (action === undefined ? [] : symbolsOf(action))))];
}

function problemOf(
  { trade }: PlacedTrade,
  position: OrderedPosition,
  isAdded: boolean,
  account: Account,
): RiskBreach | LotFault | undefined {
  const problem =
    holdingBreach(signedQuantity(trade.side, trade.quantity), position.quantity, account) ??
    namedLotFault(position.lots, trade, account);
  if (problem === undefined || isAdded) return problem;
  // It stands already: what is wrong is the change to what was before it.
  const { tradeId: laterTradeId, tradeDate: laterTradeDate } = trade;
  return 'lotId' in problem
    ? { code: 'LOT_NAMED_BY_LATER_TRADE', laterTradeId, lotId: problem.lotId }
    : {
        code: 'OVERSELLS_LATER_TRADE',
        laterTradeId,
        laterTradeDate,
        limit: Quantity.format(position.quantity),
        actual: Quantity.format(trade.quantity),
      };
}
