import type { CalendarDate } from '@counterfoil/event-store';
import type { ActionTerms } from '../../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../../instruments/events.ts';
import { minus, Money, negated, plus, Price, Quantity } from '../../money/money.ts';
import type { EntitledAction, Lot, Movement } from '../events.ts';
import type { CostBasis } from '../lots.ts';
import type { OrderedPosition } from '../ordered-position.ts';
import type { Effect, Holdings } from './effect.ts';
import { sharedOut, type ExactShares, type Shared } from './fractions.ts';
import { costOf, mirrored, quantityOf } from './lot-shapes.ts';

/** What is left of a change once nothing is said of what does not change. */
export type Change = Partial<Pick<Effect, 'gross' | 'tax' | 'cashInLieu' | 'fraction'>> & {
  readonly amount: Money;
  readonly positions: readonly (readonly [InstrumentSymbol, OrderedPosition])[];
};

export function settled(
  { symbol }: EntitledAction,
  holdings: Holdings,
  { amount, positions, ...rest }: Change,
): Effect {
  const after = new Map(positions);
  const movements: Movement[] = [];
  for (const [name, position] of after) {
    const before = holdings(name);
    const movement = {
      symbol: name,
      quantityChange: minus(position.quantity, before.quantity),
      costChange: minus(position.cost, before.cost),
      realizedPnl: minus(position.realizedPnl, before.realizedPnl),
    };
    const { quantityChange, costChange, realizedPnl } = movement;
    const moves = quantityChange !== 0n || costChange !== 0n || realizedPnl !== 0n;
    if (moves || name === symbol) movements.push(movement);
  }
  const none = { gross: Money.zero, tax: Money.zero, cashInLieu: Money.zero };
  return {
    ...none,
    fraction: Quantity.zero,
    ...rest,
    amount,
    movements: movements.filter(
      ({ quantityChange, costChange, realizedPnl }) =>
        quantityChange !== 0n || costChange !== 0n || realizedPnl !== 0n,
    ),
    positions: after,
  };
}

export interface RatioTerms {
  readonly num: bigint;
  readonly den: bigint;
}

export function ratioOf({ ratioNew, ratioOld }: ActionTerms): RatioTerms {
  if (ratioNew === null || ratioOld === null) throw new Error('an action without its ratio');
  return { num: ratioNew, den: ratioOld };
}

export function shareOut(
  lots: readonly Lot[],
  { num, den }: RatioTerms,
  { fractions, priceInLieu }: ActionTerms,
  date: CalendarDate,
  basis: CostBasis,
): Shared {
  const held = quantityOf(lots);
  if (held === 0n) {
    const nothing = { fraction: Quantity.zero, cashInLieu: Money.zero, realizedPnl: Money.zero };
    return { lots: [], ...nothing };
  }
  const rule = fractions ?? 'DIST';
  if (priceInLieu === null && (rule === 'CINL' || rule === 'BUYU')) {
    throw new Error('an action that pays for fractions without a price of them');
  }
  const terms = { rule, price: priceInLieu ?? Price.zero, date } as const;
  const shares = (quantity: Quantity): ExactShares => ({
    numerator: quantity * num,
    denominator: den,
  });
  if (held > 0n) return sharedOut(lots, shares(held), terms, basis);
  const shared = sharedOut(mirrored(lots), shares(negated(held)), terms, basis);
  return {
    lots: mirrored(shared.lots),
    fraction: negated(shared.fraction),
    cashInLieu: negated(shared.cashInLieu),
    realizedPnl: negated(shared.realizedPnl),
  };
}

export function fractionsOf({ cashInLieu, fraction }: Shared) {
  return { cashInLieu, fraction };
}

export function withLots(
  held: OrderedPosition,
  lots: readonly Lot[],
  realizedPnl: Money,
): OrderedPosition {
  return {
    quantity: quantityOf(lots),
    cost: costOf(lots),
    realizedPnl: plus(held.realizedPnl, realizedPnl),
    lots,
  };
}

export function gaining(position: OrderedPosition, gain: Money): OrderedPosition {
  return { ...position, realizedPnl: plus(position.realizedPnl, gain) };
}
