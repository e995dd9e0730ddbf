import { divide } from '@counterfoil/event-store';
import type { ActionTerms } from '../../corporate-actions/events.ts';
import { amountOf } from '../../money/amounts.ts';
import { Money, negated, Price, Quantity } from '../../money/money.ts';
import type { EntitledAction, TradeId } from '../events.ts';
import { matchLots, type CostBasis } from '../lots.ts';
import { withMatching } from '../ordered-position.ts';
import { ratioOf, type Change } from './change.ts';
import type { Holdings } from './effect.ts';

// Actions of which the holder has chosen what to do.

const oneShare = Quantity.of('1');

/** Shares that are subscribed to, at most those offered: a lot of its own at what is paid. */
export function exercised(
  action: EntitledAction,
  eligible: Quantity,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const { symbol, terms, actionId, effectiveDate, settlementDate, election } = action;
  const other = terms.otherSymbol ?? symbol;
  const { num, den } = ratioOf(terms);
  const offered = eligible > 0n ? wholeOf(eligible * num, den) : Quantity.zero;
  const wanted = election?.option === 'EXERCISE' ? election.quantity : Quantity.zero;
  const quantity = wanted < offered ? wanted : offered;
  if (quantity === 0n) return { amount: Money.zero, positions: [] };
  const amount = negated(amountOf(quantity, terms.subscriptionPrice ?? Price.zero, basis.currency));
  const fill = {
    tradeId: actionId as string as TradeId,
    side: 'BUY' as const,
    quantity,
    amount,
    tradeDate: effectiveDate,
    settlementDate,
    lots: null,
  };
  const held = holdings(other);
  return {
    amount,
    positions: [[other, withMatching(held, fill, matchLots(held.lots, fill, basis))]],
  };
}

/** Shares that were tendered and accepted, in proportion where there were too many: sold at the price. */
export function tendered(
  action: EntitledAction,
  eligible: Quantity,
  holdings: Holdings,
  basis: CostBasis,
): Change {
  const { symbol, terms, effectiveDate, settlementDate, election, actionId } = action;
  const wanted = election?.option === 'TENDER' ? election.quantity : Quantity.zero;
  const held = holdings(symbol);
  const most = held.quantity < eligible ? held.quantity : eligible;
  const offered = wanted < most ? wanted : most;
  const accepted = acceptedOf(offered > 0n ? offered : Quantity.zero, terms);
  if (accepted === 0n) return { amount: Money.zero, positions: [] };
  const amount = amountOf(accepted, terms.cashPerShare ?? Price.zero, basis.currency);
  const fill = {
    tradeId: actionId as string as TradeId,
    side: 'SELL' as const,
    quantity: accepted,
    amount,
    tradeDate: effectiveDate,
    settlementDate,
    lots: null,
  };
  return {
    amount,
    positions: [[symbol, withMatching(held, fill, matchLots(held.lots, fill, basis))]],
  };
}

/** Without a ratio all is accepted; with one, accepted : tendered of all holders, rounded down. */
function acceptedOf(quantity: Quantity, terms: ActionTerms): Quantity {
  if (terms.ratioNew === null || terms.ratioOld === null) return quantity;
  return wholeOf(quantity * terms.ratioNew, terms.ratioOld);
}

function wholeOf(numerator: bigint, denominator: bigint): Quantity {
  return Quantity.units(divide(numerator, denominator * oneShare, 'down') * oneShare);
}
