import type { ActionTerms } from '../../corporate-actions/events.ts';
import { amountOf, roundedQuotient } from '../../money/amounts.ts';
import {
  magnitude,
  minus,
  Money,
  negated,
  Percentage,
  plus,
  Price,
  Quantity,
} from '../../money/money.ts';
import type { EntitledAction, Lot } from '../events.ts';
import { matchLots, type CostBasis } from '../lots.ts';
import { withMatching, type OrderedPosition } from '../ordered-position.ts';
import {
  fractionsOf,
  gaining,
  ratioOf,
  shareOut,
  withLots,
  type Change,
  type RatioTerms,
} from './change.ts';
import type { Holdings } from './effect.ts';
import { priced } from './fractions.ts';
import { costedAt, costOf, quantityOf } from './lot-shapes.ts';

// Actions that bring another instrument: mergers, changes of symbol, spin-offs.

/** Out of one instrument, for shares of another, cash, or both. */
export function exchanged(
  { symbol, terms, exDate }: EntitledAction,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const held = holdings(symbol);
  const { otherSymbol, cashPerShare } = terms;
  const cash = amountOf(held.quantity, cashPerShare ?? Price.zero, basis.currency);
  const out = { ...held, quantity: Quantity.zero, cost: Money.zero, lots: [] };
  if (otherSymbol === null || terms.ratioNew === null || terms.ratioOld === null) {
    const realizedPnl = plus(held.realizedPnl, minus(cash, held.cost));
    return { amount: cash, positions: [[symbol, { ...out, realizedPnl }]] };
  }
  const ratio = ratioOf(terms);
  const recognized =
    cashPerShare === null ? Money.zero : recognizedGain(held, cash, ratio, terms, basis);
  const carried = plus(minus(held.cost, cash), recognized);
  const lots = cashPerShare === null ? held.lots : costedAt(held.lots, carried, basis.currency);
  const shared = shareOut(lots, ratio, terms, exDate, basis);
  const other = received(holdings(otherSymbol), shared.lots, basis);
  return {
    ...fractionsOf(shared),
    amount: plus(cash, shared.cashInLieu),
    positions: [
      [symbol, { ...out, realizedPnl: plus(held.realizedPnl, recognized) }],
      [otherSymbol, gaining(other, shared.realizedPnl)],
    ],
  };
}

/** Of a merger for stock and cash: the gain, no more of it than the cash, and never a loss. */
function recognizedGain(
  { quantity, cost }: OrderedPosition,
  cash: Money,
  { num, den }: RatioTerms,
  { otherPrice }: ActionTerms,
  basis: CostBasis,
): Money {
  const stock = priced(quantity * num, den, otherPrice ?? Price.zero, basis);
  const gain = minus(plus(cash, stock), cost);
  // A short position has everything with the other sign.
  if (quantity < 0n) return gain >= 0n ? Money.zero : gain < cash ? cash : gain;
  if (gain <= 0n) return Money.zero;
  return gain < cash ? gain : cash;
}

/** Shares of a child beside those of the parent, which gives it a part of its cost. */
export function spunOff(
  { symbol, terms, exDate }: EntitledAction,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const parent = holdings(symbol);
  const { otherSymbol } = terms;
  if (otherSymbol === null) throw new Error('a spin-off without the symbol of the child');
  const ratio = ratioOf(terms);
  const cost = childCost(parent.cost, ratio, terms, basis);
  const shared = shareOut(costedAt(parent.lots, cost, basis.currency), ratio, terms, exDate, basis);
  const kept = minus(parent.cost, cost);
  const child = received(holdings(otherSymbol), shared.lots, basis);
  return {
    ...fractionsOf(shared),
    amount: shared.cashInLieu,
    positions: [
      [symbol, { ...parent, cost: kept, lots: keptCosts(parent.lots, cost, basis) }],
      [otherSymbol, gaining(child, shared.realizedPnl)],
    ],
  };
}

/** B x w; without w from the source, by value: k x Pc / (k x Pc + Pp). */
function childCost(
  cost: Money,
  { num, den }: RatioTerms,
  { basisPercent, otherPrice, ownPrice }: ActionTerms,
  { currency }: CostBasis,
): Money {
  if (basisPercent !== null) return roundedQuotient(cost * basisPercent, hundredPercent, currency);
  const child = num * (otherPrice ?? Price.zero);
  const whole = child + den * (ownPrice ?? Price.zero);
  if (whole === 0n) throw new Error('a spin-off with neither a share of the cost nor prices');
  return roundedQuotient(cost * child, whole, currency);
}

/** Each lot without what it gave of its cost. */
function keptCosts(lots: readonly Lot[], given: Money, { currency }: CostBasis): readonly Lot[] {
  const gave = costedAt(lots, given, currency);
  return lots.map((lot, place) => ({
    ...lot,
    cost: minus(lot.cost, gave[place]?.cost ?? Money.zero),
  }));
}

/** A position with lots that come from another instrument: against those of the other direction, they close. */
function received(held: OrderedPosition, lots: readonly Lot[], basis: CostBasis): OrderedPosition {
  const first = lots[0];
  if (first === undefined) return held;
  if (held.quantity === 0n || held.quantity < 0n === first.quantity < 0n) {
    const all = [...held.lots, ...lots].toSorted(byOpening);
    return withLots(held, basis.costMethod === 'AVERAGE' ? pooled(all) : all, Money.zero);
  }
  let position = held;
  for (const { lotId, quantity, cost, openedOn, settlementDate } of lots) {
    const fill = {
      tradeId: lotId,
      side: quantity > 0n ? ('BUY' as const) : ('SELL' as const),
      quantity: magnitude(quantity),
      amount: negated(cost),
      tradeDate: openedOn,
      settlementDate,
      lots: null,
    };
    position = withMatching(position, fill, matchLots(position.lots, fill, basis));
  }
  return position;
}

function byOpening(left: Lot, right: Lot): number {
  return left.openedOn < right.openedOn ? -1 : left.openedOn > right.openedOn ? 1 : 0;
}

function pooled(lots: readonly Lot[]): readonly Lot[] {
  const first = lots[0];
  if (first === undefined) return [];
  const settlementDate = lots.reduce(
    (latest, lot) => (lot.settlementDate > latest ? lot.settlementDate : latest),
    first.settlementDate,
  );
  return [{ ...first, settlementDate, quantity: quantityOf(lots), cost: costOf(lots) }];
}

const hundredPercent = Percentage.of('100');
