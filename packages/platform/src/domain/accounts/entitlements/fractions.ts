import { divide, powerOfTen } from '@counterfoil/event-store';
import type { FractionRule } from '../../corporate-actions/events.ts';
import { roundedQuotient } from '../../money/amounts.ts';
import { minus, Money, Price, Quantity } from '../../money/money.ts';
import type { Lot } from '../events.ts';
import { matchLots, type CostBasis } from '../lots.ts';
import { costOf, scaledTo, withMoreCost } from './lot-shapes.ts';

/** Shares as a ratio has them, in units of quantity: divided once, where they are rounded. */
export interface ExactShares {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What becomes of the fraction of a share, by which rule and at which price. */
export interface FractionTerms {
  readonly rule: FractionRule;
  readonly price: Price;
  /** When it is sold or bought. */
  readonly date: Lot['openedOn'];
}

export interface Shared {
  /** They sum to what the holder has in the end. */
  readonly lots: readonly Lot[];
  /** What was sold, or dropped, of the exact number; below zero where shares were rounded up. */
  readonly fraction: Quantity;
  /** For the fraction; below zero where the holder pays for the rest of a share. */
  readonly cashInLieu: Money;
  /** Of the fraction that was sold: its cash less its cost. */
  readonly realizedPnl: Money;
}

const oneShare = Quantity.of('1');

/**
 * Makes of long lots so many shares, fractions by their rule. The cost of the lots goes on to the shares;
 * what is sold for cash in lieu leaves with its own, by the account's method.
 */
export function sharedOut(
  lots: readonly Lot[],
  shares: ExactShares,
  fractions: FractionTerms,
  basis: CostBasis,
): Shared {
  const exact = Quantity.units(shares.numerator / shares.denominator);
  const whole = wholeShares(shares, 'floor');
  switch (fractions.rule) {
    case 'DIST':
      return plainly(lots, exact, exact);
    case 'CINL':
      return soldInLieu(lots, shares, { exact, whole }, fractions, basis);
    case 'RDDN':
      return plainly(lots, whole, exact);
    case 'RDUP':
      return plainly(lots, wholeShares(shares, 'ceiling'), exact);
    case 'STAN':
      return plainly(lots, wholeShares(shares, 'half-up'), exact);
    case 'BUYU':
      return boughtUp(lots, shares, exact, fractions, basis);
  }
}

function wholeShares(
  { numerator, denominator }: ExactShares,
  rounding: 'floor' | 'ceiling' | 'half-up',
): Quantity {
  return Quantity.units(divide(numerator, denominator * oneShare, rounding) * oneShare);
}

/** No cash moves. Where nothing is left, the cost of it is a loss. */
function plainly(lots: readonly Lot[], total: Quantity, exact: Quantity): Shared {
  const scaled = scaledTo(lots, total);
  const lost = scaled.length === 0 ? costOf(lots) : Money.zero;
  return {
    lots: scaled,
    fraction: minus(exact, total),
    cashInLieu: Money.zero,
    realizedPnl: minus(Money.zero, lost),
  };
}

function soldInLieu(
  lots: readonly Lot[],
  { numerator, denominator }: ExactShares,
  { exact, whole }: { readonly exact: Quantity; readonly whole: Quantity },
  { price, date }: FractionTerms,
  basis: CostBasis,
): Shared {
  const cash = priced(numerator - whole * denominator, denominator, price, basis);
  const fraction = minus(exact, whole);
  const scaled = scaledTo(lots, exact);
  if (fraction === 0n || scaled.length === 0) {
    const lost = scaled.length === 0 ? costOf(lots) : Money.zero;
    return { lots: scaled, fraction, cashInLieu: cash, realizedPnl: minus(cash, lost) };
  }
  const sold = matchLots(
    scaled,
    {
      tradeId: (scaled[0] as Lot).lotId,
      side: 'SELL',
      quantity: fraction,
      amount: cash,
      tradeDate: date,
      settlementDate: date,
      lots: null,
    },
    basis,
  );
  return { lots: sold.lots, fraction, cashInLieu: cash, realizedPnl: sold.realizedPnl };
}

/** The holder pays for what a whole share lacks; it joins the newest lot. */
function boughtUp(
  lots: readonly Lot[],
  { numerator, denominator }: ExactShares,
  exact: Quantity,
  { price }: FractionTerms,
  basis: CostBasis,
): Shared {
  const total = wholeShares({ numerator, denominator }, 'ceiling');
  const paid = priced(total * denominator - numerator, denominator, price, basis);
  return {
    lots: withMoreCost(scaledTo(lots, total), paid),
    fraction: minus(exact, total),
    cashInLieu: minus(Money.zero, paid),
    realizedPnl: Money.zero,
  };
}

const scaleLoss = powerOfTen(Quantity.scale + Price.scale - Money.scale);

/** `numerator / denominator` units of quantity at a price, rounded once. */
export function priced(
  numerator: bigint,
  denominator: bigint,
  price: Price,
  { currency }: CostBasis,
): Money {
  return roundedQuotient(numerator * price, denominator * scaleLoss, currency);
}
