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
  Ratio,
} from '../../money/money.ts';
import type { EntitledAction } from '../events.ts';
import type { CostBasis } from '../lots.ts';
import type { OrderedPosition } from '../ordered-position.ts';
import { fractionsOf, ratioOf, settled, shareOut, withLots, type Change } from './change.ts';
import { exercised, tendered } from './choices.ts';
import type { Effect, Holdings } from './effect.ts';
import { exchanged, spunOff } from './exchanges.ts';
import { costedAt } from './lot-shapes.ts';

// What an action does to one holder (DOMAIN: "Corporate actions", the table of types). Short positions
// are the mirror of long ones: they pay what the others get.

/**
 * What the action does to a holder of so many eligible shares. Pure in its arguments: the terms are
 * complete (see `resolvedTerms`), so that every fold comes to the same.
 */
export function entitle(
  action: EntitledAction,
  eligible: Quantity,
  holdings: Holdings,
  basis: CostBasis,
): Effect {
  switch (action.actionType) {
    case 'DIVIDEND':
      return dividend(action, eligible, basis);
    case 'RETURN_OF_CAPITAL':
      return settled(action, holdings, returnOfCapital(action, eligible, holdings, basis));
    case 'STOCK_SPLIT':
    case 'STOCK_DIVIDEND':
      return settled(action, holdings, reshaped(action, holdings, basis));
    case 'MERGER':
    case 'SYMBOL_CHANGE':
      return settled(action, holdings, exchanged(action, holdings, basis));
    case 'SPIN_OFF':
      return settled(action, holdings, spunOff(action, holdings, basis));
    case 'RIGHTS_ISSUE':
      return settled(action, holdings, exercised(action, eligible, holdings, basis));
    case 'TENDER_OFFER':
      return settled(action, holdings, tendered(action, eligible, holdings, basis));
  }
}

/** G = r(Q x d), T = r(G x t), in another currency r((G - T) x fx). Who is short pays, and without tax. */
function dividend({ terms }: EntitledAction, eligible: Quantity, basis: CostBasis): Effect {
  const { amountPerShare, currency, exchangeRate, withholdingPercent } = terms;
  const paidIn = { ...basis, currency: currency ?? basis.currency };
  const declared = amountOf(eligible, amountPerShare ?? Price.zero, paidIn.currency);
  const withheld =
    eligible > 0n ? percentOf(declared, withholdingPercent ?? Percentage.zero, paidIn) : Money.zero;
  const amount = converted(minus(declared, withheld), exchangeRate, basis);
  const tax = converted(withheld, exchangeRate, basis);
  return {
    gross: plus(amount, tax),
    tax,
    cashInLieu: Money.zero,
    fraction: Quantity.zero,
    amount,
    movements: [],
    positions: new Map(),
  };
}

const hundredPercent = Percentage.of('100');

function percentOf(amount: Money, percent: Percentage, { currency }: CostBasis): Money {
  return roundedQuotient(amount * percent, hundredPercent, currency);
}

const one = Ratio.of('1');

function converted(amount: Money, rate: Ratio | null, { currency }: CostBasis): Money {
  return rate === null ? amount : roundedQuotient(amount * rate, one, currency);
}

/** The cost goes down by what is paid, and what is paid beyond the cost is gain. */
function returnOfCapital(
  { symbol, terms }: EntitledAction,
  eligible: Quantity,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const held = holdings(symbol);
  const amount = amountOf(eligible, terms.amountPerShare ?? Price.zero, basis.currency);
  const fromCost =
    magnitude(amount) < magnitude(held.cost) ? magnitude(amount) : magnitude(held.cost);
  const reduction = amount < 0n ? negated(fromCost) : fromCost;
  const cost = minus(held.cost, reduction);
  const position: OrderedPosition = {
    quantity: held.quantity,
    cost,
    realizedPnl: plus(held.realizedPnl, minus(amount, reduction)),
    lots: costedAt(held.lots, cost, basis.currency),
  };
  return { amount, positions: [[symbol, position]] };
}

/** A split, or shares besides those held: cost and dates stay with the lots. */
function reshaped(
  { symbol, actionType, terms, exDate }: EntitledAction,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const held = holdings(symbol);
  const { num, den } = ratioOf(terms);
  const numerator = actionType === 'STOCK_DIVIDEND' ? num + den : num;
  const shared = shareOut(held.lots, { num: numerator, den }, terms, exDate, basis);
  return {
    ...fractionsOf(shared),
    amount: shared.cashInLieu,
    positions: [[symbol, withLots(held, shared.lots, shared.realizedPnl)]],
  };
}
