import type { AccountEvent, Movement } from '../domain/accounts/events.ts';
import { eligibleOf } from '../domain/accounts/in-order.ts';
import type { ActionId, ActionTotals, Announcement } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Money, plus, Quantity } from '../domain/money/money.ts';

export const noTotals: ActionTotals = {
  accounts: 0,
  eligible: Quantity.zero,
  gross: Money.zero,
  tax: Money.zero,
  cash: Money.zero,
  shares: Quantity.zero,
};

/** The totals with what was posted to one account more; the adjustments of other actions are theirs. */
export function withPosted(
  totals: ActionTotals,
  id: ActionId,
  received: InstrumentSymbol,
  events: readonly AccountEvent[],
): ActionTotals {
  let sum = totals;
  for (const event of events) {
    if (event.type !== 'EntitlementPosted' || event.data.actionId !== id) continue;
    const { gross, tax, amount, movements } = event.data;
    sum = {
      accounts: sum.accounts + 1,
      eligible: plus(sum.eligible, eligibleOf(event.data)),
      gross: plus(sum.gross, gross),
      tax: plus(sum.tax, tax),
      cash: plus(sum.cash, amount),
      shares: plus(sum.shares, sharesOf(movements, received)),
    };
  }
  return sum;
}

/** The totals with what was taken back from one account more: the opposite of what had been posted. */
export function withReversed(
  totals: ActionTotals,
  id: ActionId,
  received: InstrumentSymbol,
  events: readonly AccountEvent[],
): ActionTotals {
  let { accounts, gross, tax, cash, shares } = totals;
  for (const event of events) {
    if (event.type !== 'EntitlementReversed' || event.data.actionId !== id) continue;
    const { data } = event;
    accounts += 1;
    gross = plus(gross, data.gross);
    tax = plus(tax, data.tax);
    cash = plus(cash, data.amount);
    shares = plus(shares, sharesOf(data.movements, received));
  }
  return { accounts, eligible: totals.eligible, gross, tax, cash, shares };
}

/** The instrument that holders get shares of; that which they have, where they get none. */
export function receivedSymbol({
  symbol,
  terms,
}: Pick<Announcement, 'symbol' | 'terms'>): InstrumentSymbol {
  return terms.otherSymbol ?? symbol;
}

function sharesOf(movements: readonly Movement[], received: InstrumentSymbol): Quantity {
  return movements.find(({ symbol }) => symbol === received)?.quantityChange ?? Quantity.zero;
}

export function added(left: ActionTotals, right: ActionTotals): ActionTotals {
  return {
    accounts: left.accounts + right.accounts,
    eligible: sum(left.eligible, right.eligible),
    gross: sum(left.gross, right.gross),
    tax: sum(left.tax, right.tax),
    cash: sum(left.cash, right.cash),
    shares: sum(left.shares, right.shares),
  };
}

const sum = <Value extends bigint>(left: Value, right: Value): Value => (left + right) as Value;
