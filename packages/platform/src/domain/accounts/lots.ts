import type { EventOf } from '@counterfoil/event-store';
import { shareOf } from '../money/amounts.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { magnitude, minus, Money, negated, plus, Quantity } from '../money/money.ts';
import type { CostMethod, Lot, NamedLot, Side, TradeBooked, TradeId } from './events.ts';
import type { LotFault } from './rejections.ts';

// Lot matching. A position's lots all have one direction, oldest first, because a trade against them
// closes before it opens: long and short are never pooled. Under AVERAGE a position is a single lot.

/** What lot matching needs to know of a trade. */
export type Fill = Pick<
  EventOf<typeof TradeBooked>['data'],
  'tradeId' | 'side' | 'quantity' | 'amount' | 'tradeDate' | 'settlementDate' | 'lots'
>;

/** How an account keeps its lots. */
export interface CostBasis {
  readonly costMethod: CostMethod;
  readonly currency: CurrencyCode;
}

/** What a trade does to a position. */
export interface Matching {
  readonly lots: readonly Lot[];
  readonly costChange: Money;
  /** Proceeds less fees and the cost of what left: always the trade's amount plus the change of cost. */
  readonly realizedPnl: Money;
}

/** The quantity as the position counts it: negative for a sell. */
export function signedQuantity(side: Side, quantity: Quantity): Quantity {
  return side === 'BUY' ? quantity : negated(quantity);
}

/**
 * Puts a trade to the lots of its symbol. Any quantity that finds no lot to close opens one, in its own
 * direction, at the amount that is left for it. Whether the account may do so is not judged here.
 */
export function matchLots(lots: readonly Lot[], fill: Fill, basis: CostBasis): Matching {
  const quantity = signedQuantity(fill.side, fill.quantity);
  const first = lots[0];
  if (first === undefined || first.quantity < 0n === quantity < 0n) {
    return {
      lots: withOpened(lots, fill, quantity, negated(fill.amount), basis.costMethod),
      costChange: negated(fill.amount),
      realizedPnl: Money.zero,
    };
  }
  const relief =
    fill.lots === null
      ? relieveOldestFirst(lots, negated(quantity), basis.currency)
      : relieveNamed(lots, fill.lots, negated(quantity), basis.currency);
  return relief.unmatched === 0n
    ? {
        lots: relief.lots,
        costChange: negated(relief.cost),
        realizedPnl: minus(fill.amount, relief.cost),
      }
    : throughZero(relief, fill, quantity, basis);
}

/** The lots were not enough: the rest of the trade opens in the other direction. */
function throughZero(
  relief: Relief,
  fill: Fill,
  quantity: Quantity,
  { costMethod, currency }: CostBasis,
): Matching {
  const opened = negated(relief.unmatched);
  const closingAmount = shareOf(fill.amount, minus(quantity, opened), quantity, currency);
  const openingCost = minus(closingAmount, fill.amount);
  return {
    lots: withOpened(relief.lots, fill, opened, openingCost, costMethod),
    costChange: minus(openingCost, relief.cost),
    realizedPnl: minus(closingAmount, relief.cost),
  };
}

function withOpened(
  lots: readonly Lot[],
  { tradeId, tradeDate, settlementDate }: Fill,
  quantity: Quantity,
  cost: Money,
  costMethod: CostMethod,
): readonly Lot[] {
  const pool = costMethod === 'AVERAGE' ? lots[0] : undefined;
  if (pool === undefined) {
    return [...lots, { lotId: tradeId, openedOn: tradeDate, settlementDate, quantity, cost }];
  }
  const settled = settlementDate > pool.settlementDate ? settlementDate : pool.settlementDate;
  return [
    {
      lotId: pool.lotId,
      openedOn: pool.openedOn,
      settlementDate: settled,
      quantity: plus(pool.quantity, quantity),
      cost: plus(pool.cost, cost),
    },
  ];
}

/** What closing took from the lots. Quantities and cost have the sign of the lots. */
interface Relief {
  readonly lots: readonly Lot[];
  readonly cost: Money;
  /** How much there was no lot for. */
  readonly unmatched: Quantity;
}

function relieveOldestFirst(
  lots: readonly Lot[],
  quantity: Quantity,
  currency: CurrencyCode,
): Relief {
  let left = quantity;
  let cost = Money.zero;
  let gone = 0;
  for (const lot of lots) {
    if (left === 0n) break;
    if (magnitude(left) < magnitude(lot.quantity)) {
      const share = shareOf(lot.cost, left, lot.quantity, currency);
      return {
        lots: lots.slice(gone).with(0, reduced(lot, left, share)),
        cost: plus(cost, share),
        unmatched: Quantity.zero,
      };
    }
    left = minus(left, lot.quantity);
    cost = plus(cost, lot.cost);
    gone += 1;
  }
  return { lots: lots.slice(gone), cost, unmatched: left };
}

/** The named lots are there and hold enough: see `namedLotFault`. */
function relieveNamed(
  lots: readonly Lot[],
  named: readonly NamedLot[],
  quantity: Quantity,
  currency: CurrencyCode,
): Relief {
  let kept = lots;
  let left = quantity;
  let cost = Money.zero;
  for (const { lotId, quantity: size } of named) {
    const at = kept.findIndex((lot) => lot.lotId === lotId);
    const lot = kept[at];
    if (lot === undefined) continue;
    const taken = lot.quantity < 0n ? negated(size) : size;
    const share = shareOf(lot.cost, taken, lot.quantity, currency);
    kept =
      taken === lot.quantity ? kept.toSpliced(at, 1) : kept.with(at, reduced(lot, taken, share));
    left = minus(left, taken);
    cost = plus(cost, share);
  }
  return { lots: kept, cost, unmatched: left };
}

function reduced(lot: Lot, quantity: Quantity, cost: Money): Lot {
  return {
    lotId: lot.lotId,
    openedOn: lot.openedOn,
    settlementDate: lot.settlementDate,
    quantity: minus(lot.quantity, quantity),
    cost: minus(lot.cost, cost),
  };
}

/** Why the lots that a trade names can't be closed by it; undefined when they can, or none is named. */
export function namedLotFault(
  lots: readonly Lot[],
  fill: Fill,
  { costMethod }: CostBasis,
): LotFault | undefined {
  if (fill.lots === null) return undefined;
  if (costMethod === 'AVERAGE') return { code: 'LOTS_UNDER_AVERAGE_COST' };
  const left = new Map<TradeId, Quantity>();
  for (const lot of lots) {
    // A trade closes lots of the other direction only.
    if (lot.quantity > 0n === (fill.side === 'SELL')) left.set(lot.lotId, magnitude(lot.quantity));
  }
  let sum = Quantity.zero;
  for (const { lotId, quantity } of fill.lots) {
    const available = left.get(lotId);
    if (available === undefined) return { code: 'LOT_UNKNOWN', lotId };
    if (quantity <= 0n || quantity > available) {
      const limit = Quantity.format(available);
      return { code: 'LOT_QUANTITY_EXCEEDED', lotId, limit, actual: Quantity.format(quantity) };
    }
    left.set(lotId, minus(available, quantity));
    sum = plus(sum, quantity);
  }
  return sum === fill.quantity
    ? undefined
    : {
        code: 'LOT_QUANTITIES_UNEQUAL',
        limit: Quantity.format(fill.quantity),
        actual: Quantity.format(sum),
      };
}
