import { divide, powerOfTen } from '@counterfoil/event-store';
import { amountOf, roundedQuotient } from '../money/amounts.ts';
import { minorUnitOf, type CurrencyCode } from '../money/currency.ts';
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
} from '../money/money.ts';
import type { ActionTerms, ActionType } from './events.ts';

// What of an entitlement follows from its terms, and is held against them: for one account as it has to be
// posted, and unrounded, so that it can be summed over all.

/** What an account has of an action, as far as it is checked. */
export interface ReconciledEntitlement {
  readonly account: string;
  /** Of the announcement. */
  readonly version: number;
  readonly eligible: Quantity;
  readonly gross: Money;
  readonly tax: Money;
  readonly cashInLieu: Money;
  readonly fraction: Quantity;
  readonly amount: Money;
  /** By how much the shares that entitle have changed, and those that the action gives. */
  readonly ownShares: Quantity;
  readonly receivedShares: Quantity;
}

export interface ReconciledAction {
  readonly actionType: ActionType;
  readonly terms: ActionTerms;
  /** The accounts'. */
  readonly currency: CurrencyCode;
}

/** A line of the check; all numbers in units of Money, or of Quantity. */
export interface CheckedLine {
  readonly line: string;
  readonly unit: 'money' | 'shares';
  posted(row: ReconciledEntitlement): bigint;
  /** What is to be posted to the account. */
  due(row: ReconciledEntitlement): bigint;
  /** Unrounded: over `denominator`, which is the same for all accounts. */
  exact(row: ReconciledEntitlement): bigint;
  readonly denominator: bigint;
  /** By how much rounding may put one account off, over `denominator`. */
  readonly roundingMax: bigint;
}

export function checkedLines(action: ReconciledAction): readonly CheckedLine[] {
  const { actionType, terms } = action;
  switch (actionType) {
    case 'DIVIDEND':
      return terms.exchangeRate === null ? dividend(action) : exchangedDividend(action);
    case 'RETURN_OF_CAPITAL':
      return [paid(action, 'cash', terms.amountPerShare, ({ eligible }) => eligible)];
    case 'STOCK_SPLIT':
      return reshaped(action, sideOf(terms.ratioNew));
    case 'STOCK_DIVIDEND':
      return reshaped(action, sideOf(terms.ratioNew) + sideOf(terms.ratioOld));
    case 'MERGER':
      return [
        out,
        paid(action, 'cash for the shares', terms.cashPerShare, ({ eligible }) => eligible),
        ...(terms.ratioNew === null ? [] : received(action)),
      ];
    case 'SPIN_OFF':
      return [...received(action), inLieuAlone];
    case 'SYMBOL_CHANGE':
      return [out, ...received(action), inLieuAlone];
    case 'RIGHTS_ISSUE':
      return [paid(action, 'cash', terms.subscriptionPrice, (row) => negated(row.receivedShares))];
    case 'TENDER_OFFER':
      return [paid(action, 'cash', terms.cashPerShare, ({ ownShares }) => negated(ownShares))];
  }
}

const priceLoss = powerOfTen(Quantity.scale + Price.scale - Money.scale);
const hundredPercent = Percentage.of('100');
const one = Ratio.of('1');

function sideOf(side: Ratio | null): bigint {
  return side ?? one;
}

/** A number of shares at a price, rounded once. */
function paid(
  { currency }: ReconciledAction,
  line: string,
  price: Price | null,
  sharesOf: (row: ReconciledEntitlement) => Quantity,
): CheckedLine {
  const each = price ?? Price.zero;
  return {
    line,
    unit: 'money',
    posted: ({ amount, cashInLieu }) => minus(amount, cashInLieu),
    due: (row) => amountOf(sharesOf(row), each, currency),
    exact: (row) => sharesOf(row) * each,
    denominator: priceLoss,
    roundingMax: (minorUnitOf(currency) * priceLoss) / 2n,
  };
}

const net: CheckedLine = {
  line: 'net',
  unit: 'money',
  posted: ({ amount }) => amount,
  due: ({ gross, tax }) => minus(gross, tax),
  exact: ({ gross, tax }) => minus(gross, tax),
  denominator: 1n,
  roundingMax: 0n,
};

/** No cash but that for fractions. */
const inLieuAlone: CheckedLine = {
  line: 'net',
  unit: 'money',
  posted: ({ amount }) => amount,
  due: ({ cashInLieu }) => cashInLieu,
  exact: ({ cashInLieu }) => cashInLieu,
  denominator: 1n,
  roundingMax: 0n,
};

function dividend(action: ReconciledAction): readonly CheckedLine[] {
  const { terms, currency } = action;
  const percent = terms.withholdingPercent ?? Percentage.zero;
  const taxed = ({ eligible, gross }: ReconciledEntitlement): bigint =>
    // Whoever is short pays the dividend, and nothing is withheld.
    eligible > 0n ? gross * percent : 0n;
  return [
    {
      ...paid(action, 'gross', terms.amountPerShare, ({ eligible }) => eligible),
      posted: ({ gross }) => gross,
    },
    {
      line: 'tax',
      unit: 'money',
      posted: ({ tax }) => tax,
      due: (row) => roundedQuotient(taxed(row), hundredPercent, currency),
      exact: taxed,
      denominator: hundredPercent,
      roundingMax: (minorUnitOf(currency) * hundredPercent) / 2n,
    },
    net,
  ];
}

/** Rounded in the currency that it is paid in, and again when it is exchanged. */
function exchangedDividend({ terms, currency }: ReconciledAction): readonly CheckedLine[] {
  const perShare = terms.amountPerShare ?? Price.zero;
  const percent = terms.withholdingPercent ?? Percentage.zero;
  const rate = terms.exchangeRate ?? one;
  const paidIn = terms.currency ?? currency;
  const withheld = (eligible: Quantity): Money =>
    eligible > 0n
      ? roundedQuotient(amountOf(eligible, perShare, paidIn) * percent, hundredPercent, paidIn)
      : Money.zero;
  const converted = (amount: Money): Money => roundedQuotient(amount * rate, one, currency);
  const tax = ({ eligible }: ReconciledEntitlement): Money => converted(withheld(eligible));
  const gross = (row: ReconciledEntitlement): Money => {
    const kept = minus(amountOf(row.eligible, perShare, paidIn), withheld(row.eligible));
    return plus(converted(kept), tax(row));
  };
  const denominator = priceLoss * one * hundredPercent;
  const [own, other] = [minorUnitOf(currency) * denominator, minorUnitOf(paidIn) * rate];
  // Two amounts are rounded in the currency of the account, and two before, in that of the payment.
  const roundingMax = own + other * priceLoss * hundredPercent;
  return [
    {
      line: 'gross',
      unit: 'money',
      posted: (row) => row.gross,
      due: gross,
      exact: ({ eligible }) => eligible * perShare * rate * hundredPercent,
      denominator,
      roundingMax,
    },
    {
      line: 'tax',
      unit: 'money',
      posted: (row) => row.tax,
      due: tax,
      exact: ({ eligible }) => (eligible > 0n ? eligible * perShare * rate * percent : 0n),
      denominator,
      roundingMax,
    },
    net,
  ];
}

function reshaped(action: ReconciledAction, numerator: bigint): readonly CheckedLine[] {
  const ratio = { numerator, denominator: sideOf(action.terms.ratioOld) };
  return [...byRatio(action, 'new quantity', ratio, heldThen), inLieuAlone];
}

function heldThen({ eligible, ownShares }: ReconciledEntitlement): Quantity {
  return plus(eligible, ownShares);
}

function received(action: ReconciledAction): readonly CheckedLine[] {
  const { ratioNew, ratioOld } = action.terms;
  const ratio = { numerator: sideOf(ratioNew), denominator: sideOf(ratioOld) };
  return byRatio(action, 'shares received', ratio, ({ receivedShares }) => receivedShares);
}

/** Shares by a ratio: whole ones and the fractions are what the ratio says, and fractions are paid for. */
function byRatio(
  { terms, currency }: ReconciledAction,
  line: string,
  { numerator, denominator }: { readonly numerator: bigint; readonly denominator: bigint },
  given: (row: ReconciledEntitlement) => Quantity,
): readonly CheckedLine[] {
  const { priceInLieu, fractions } = terms;
  const isPaidFor = fractions === 'CINL' || fractions === 'BUYU';
  const price = isPaidFor ? (priceInLieu ?? Price.zero) : Price.zero;
  const unpaid = (row: ReconciledEntitlement): bigint =>
    (row.eligible * numerator - given(row) * denominator) * price;
  const divisor = denominator * priceLoss;
  return [
    {
      line,
      unit: 'shares',
      posted: (row) => plus(given(row), row.fraction),
      due: ({ eligible }) => divide(eligible * numerator, denominator, 'down'),
      exact: ({ eligible }) => eligible * numerator,
      denominator,
      // The last decimal that is kept of a third.
      roundingMax: magnitude(denominator),
    },
    {
      line: 'cash in lieu',
      unit: 'money',
      posted: ({ cashInLieu }) => cashInLieu,
      due: (row) => roundedQuotient(unpaid(row), divisor, currency),
      exact: unpaid,
      denominator: divisor,
      roundingMax: (minorUnitOf(currency) * divisor) / 2n,
    },
  ];
}

/** Nothing is left of the shares that entitle. */
const out: CheckedLine = {
  line: 'shares taken',
  unit: 'shares',
  posted: ({ ownShares }) => ownShares,
  due: ({ eligible }) => negated(eligible),
  exact: ({ eligible }) => negated(eligible),
  denominator: 1n,
  roundingMax: 0n,
};
