import { shareOf } from '../../money/amounts.ts';
import type { CurrencyCode } from '../../money/currency.ts';
import { minus, Money, plus, Quantity } from '../../money/money.ts';
import type { Lot } from '../events.ts';

// What an action makes of lots. All sums are carried along the lots, so that the parts add up to the whole
// and no lot is off by more than one unit. Dates and ids of the lots stay.

/**
 * The lots in proportion, so that they sum to `total`. A lot too small to be left with anything gives its
 * cost to the next one, the last to the one before it; where the total is zero there are none, and the cost
 * is the caller's.
 */
export function scaledTo(lots: readonly Lot[], total: Quantity): readonly Lot[] {
  const before = quantityOf(lots);
  const scaled: Lot[] = [];
  let passed = Quantity.zero;
  let given = Quantity.zero;
  let left = Money.zero;
  for (const lot of lots) {
    passed = plus(passed, lot.quantity);
    const upTo = Quantity.units((total * passed) / before);
    const quantity = minus(upTo, given);
    given = upTo;
    left = plus(left, lot.cost);
    if (quantity === 0n) continue;
    scaled.push({ ...lot, quantity, cost: left });
    left = Money.zero;
  }
  return left === 0n ? scaled : withMoreCost(scaled, left);
}

/** The lots, the newest of them at so much more. */
export function withMoreCost(lots: readonly Lot[], more: Money): readonly Lot[] {
  const last = lots.at(-1);
  return last === undefined
    ? lots
    : [...lots.slice(0, -1), { ...last, cost: plus(last.cost, more) }];
}

/** The lots with other costs, in proportion to those they had, which sum to `total`. */
export function costedAt(
  lots: readonly Lot[],
  total: Money,
  currency: CurrencyCode,
): readonly Lot[] {
  const before = costOf(lots);
  const weights: readonly bigint[] = lots.map(({ cost, quantity }) =>
    // What cost nothing at all is shared by quantity.
    before === 0n ? quantity : cost,
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  let passed = 0n;
  let given = Money.zero;
  return lots.map((lot, place) => {
    passed += weights[place] ?? 0n;
    const upTo = shareOf(total, passed, whole, currency);
    const cost = minus(upTo, given);
    given = upTo;
    return { ...lot, cost };
  });
}

export function quantityOf(lots: readonly Lot[]): Quantity {
  return lots.reduce((sum, { quantity }) => plus(sum, quantity), Quantity.zero);
}

export function costOf(lots: readonly Lot[]): Money {
  return lots.reduce((sum, { cost }) => plus(sum, cost), Money.zero);
}

/** Lots of the other direction: what is short becomes long, and back. */
export function mirrored(lots: readonly Lot[]): readonly Lot[] {
  return lots.map((lot) => ({
    ...lot,
    quantity: minus(Quantity.zero, lot.quantity),
    cost: minus(Money.zero, lot.cost),
  }));
}
