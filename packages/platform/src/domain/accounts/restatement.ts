import type { InstrumentSymbol } from '../instruments/events.ts';
import { Money, plus, Quantity } from '../money/money.ts';
import type { Lot } from './events.ts';
import { matchLots, namedLotFault, signedQuantity, type Fill, type Matching } from './lots.ts';
import { inEffectiveOrder, type RecordedTrade } from './recorded-trades.ts';
import type { LotFault, RiskBreach } from './rejections.ts';
import { holdingBreach } from './risk.ts';
import type { Account } from './state.ts';

/** A position as it would be had all its trades been known in order. */
export interface OrderedPosition {
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly realizedPnl: Money;
  readonly lots: readonly Lot[];
}

/** A change to the past of a position: a trade that never was, one that was missing, or both. */
export interface PastChange {
  readonly without?: RecordedTrade;
  readonly added?: { readonly trade: Fill; readonly place: number };
}

export interface Restatement {
  readonly position: OrderedPosition;
  /** What the added trade does at its place in the order; undefined when none was added. */
  readonly added: Matching | undefined;
}

/**
 * Matches the trades of a symbol anew, in order. Refused when the added trade or a later one would then
 * find less to sell, or other lots, than it needs.
 */
export function restate(
  past: readonly RecordedTrade[],
  symbol: InstrumentSymbol,
  change: PastChange,
  account: Account,
): Restatement | RiskBreach | LotFault {
  const kept: { readonly trade: Fill; readonly place: number }[] = past.filter(
    (known) => known.trade.symbol === symbol && !known.cancelled && known !== change.without,
  );
  if (change.added !== undefined) kept.push(change.added);
  let position = nothingHeld;
  let added: Matching | undefined;
  for (const { trade } of inEffectiveOrder(kept)) {
    const isAdded = trade === change.added?.trade;
    const problem = isAdded
      ? problemOf(trade, position, account)
      : laterProblemOf(trade, position, account);
    if (problem !== undefined) return problem;
    const matching = matchLots(position.lots, trade, account);
    position = withMatching(position, trade, matching);
    if (isAdded) added = matching;
  }
  return { position, added };
}

export const nothingHeld: OrderedPosition = {
  quantity: Quantity.zero,
  cost: Money.zero,
  realizedPnl: Money.zero,
  lots: [],
};

export function withMatching(
  position: OrderedPosition,
  { side, quantity }: Fill,
  { costChange, realizedPnl, lots }: Matching,
): OrderedPosition {
  return {
    quantity: plus(position.quantity, signedQuantity(side, quantity)),
    cost: plus(position.cost, costChange),
    realizedPnl: plus(position.realizedPnl, realizedPnl),
    lots,
  };
}

function problemOf(
  trade: Fill,
  { quantity, lots }: OrderedPosition,
  account: Account,
): RiskBreach | LotFault | undefined {
  return (
    holdingBreach(signedQuantity(trade.side, trade.quantity), quantity, account) ??
    namedLotFault(lots, trade, account)
  );
}

/** The problem of a trade that stands already: what is wrong is the change to what was before it. */
function laterProblemOf(
  trade: Fill,
  position: OrderedPosition,
  account: Account,
): RiskBreach | LotFault | undefined {
  const problem = problemOf(trade, position, account);
  if (problem === undefined) return undefined;
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
