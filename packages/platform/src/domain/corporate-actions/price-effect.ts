import type { CurrencyCode } from '../money/currency.ts';
import { Percentage } from '../money/money.ts';
import type { ActionId, ActionTerms, Announcement } from './events.ts';
import { factor, inverse, one, times, type Factor } from './factor.ts';

/** An action whose effect is in the accounts, and so in the prices. */
export interface ActionInForce {
  readonly id: ActionId;
  readonly announcement: Announcement;
  /** Those of the announcement, with what was looked up for them. */
  readonly terms: ActionTerms;
}

/** What one action does to the prices before its ex-date. */
export interface PriceEffect {
  /** New shares for an old one: prices are divided by it, volumes multiplied. */
  readonly splitDivisor: Factor;
  /** What is left of the price after what was paid out for a share. */
  readonly dividendFactor: Factor;
  /** Why an action that moves prices is left out of the adjustment; null where nothing is. */
  readonly leftOut: LeftOut | null;
}

/**
 * `CLOSE_UNKNOWN`: no close before the ex-date. `OTHER_CURRENCY`: amounts in another currency than the prices.
 * `NOT_BELOW_CLOSE`: as much is paid out as the share was worth, or rights cost as much as the share.
 * `TERMS_INCOMPLETE`: a spin-off of which nobody said what the child is worth.
 */
export type LeftOut = 'CLOSE_UNKNOWN' | 'OTHER_CURRENCY' | 'NOT_BELOW_CLOSE' | 'TERMS_INCOMPLETE';

/**
 * The effect of an action. `before` is what a share was worth before the ex-date, in units of Price as they
 * were then, so that it compares with the amounts of the terms. `currency` is that of the prices.
 */
export function priceEffect(
  { announcement, terms }: ActionInForce,
  before: Factor | undefined,
  currency: CurrencyCode | undefined,
): PriceEffect {
  const { ratioNew, ratioOld } = terms;
  switch (announcement.actionType) {
    case 'STOCK_SPLIT':
      return split(quotient(ratioNew, ratioOld));
    case 'STOCK_DIVIDEND':
      return split(quotient(sum(ratioOld, ratioNew), ratioOld));
    case 'DIVIDEND':
    case 'RETURN_OF_CAPITAL':
      if (isForeign(terms, currency)) return leftOut('OTHER_CURRENCY');
      return paidOut(terms.amountPerShare, before);
    case 'SPIN_OFF':
      return spunOff(terms);
    case 'RIGHTS_ISSUE':
      if (isForeign(terms, currency)) return leftOut('OTHER_CURRENCY');
      return offered(terms, before);
    case 'MERGER':
    case 'TENDER_OFFER':
    case 'SYMBOL_CHANGE':
      return none;
  }
}

/** Whether the action is of a type that can change the prices before it. */
export function movesPrices({ announcement: { actionType } }: ActionInForce): boolean {
  return actionType !== 'MERGER' && actionType !== 'TENDER_OFFER';
}

/** Splits come last among the actions of a day: amounts are for the shares as they were held before it. */
export function comesLast({ announcement: { actionType } }: ActionInForce): boolean {
  return actionType === 'STOCK_SPLIT' || actionType === 'STOCK_DIVIDEND';
}

const none: PriceEffect = { splitDivisor: one, dividendFactor: one, leftOut: null };

function leftOut(reason: LeftOut): PriceEffect {
  return { ...none, leftOut: reason };
}

function split(splitDivisor: Factor | undefined): PriceEffect {
  return splitDivisor === undefined ? leftOut('TERMS_INCOMPLETE') : { ...none, splitDivisor };
}

/** 1 - D / P */
function paidOut(amount: bigint | null, before: Factor | undefined): PriceEffect {
  if (amount === null) return leftOut('TERMS_INCOMPLETE');
  if (before === undefined) return leftOut('CLOSE_UNKNOWN');
  const rest = before.numerator - amount * before.denominator;
  return rest <= 0n
    ? leftOut('NOT_BELOW_CLOSE')
    : { ...none, dividendFactor: factor(rest, before.numerator) };
}

const hundredPercent = Percentage.of('100');

/**
 * 1 - w, where w is the share of the value that goes with the child: as the source says, or k x Pc of
 * k x Pc + Pp. The price of the parent in the terms is that without the child, so their sum is what a share
 * was worth before.
 */
function spunOff(terms: ActionTerms): PriceEffect {
  const { basisPercent, ratioNew, ratioOld, otherPrice, ownPrice } = terms;
  if (basisPercent !== null) {
    return basisPercent >= hundredPercent
      ? leftOut('NOT_BELOW_CLOSE')
      : { ...none, dividendFactor: factor(hundredPercent - basisPercent, hundredPercent) };
  }
  if (ratioNew === null || ratioOld === null || otherPrice === null || ownPrice === null) {
    return leftOut('TERMS_INCOMPLETE');
  }
  const parent = ratioOld * ownPrice;
  const child = ratioNew * otherPrice;
  return parent <= 0n
    ? leftOut('NOT_BELOW_CLOSE')
    : { ...none, dividendFactor: factor(parent, parent + child) };
}

/**
 * TERP / P, where n old shares and a new one at s are together worth n x P + s (the theoretical ex-rights
 * price, TERP). Nobody takes up rights that cost as much as the share does.
 */
function offered(terms: ActionTerms, before: Factor | undefined): PriceEffect {
  const { ratioNew, ratioOld, subscriptionPrice } = terms;
  if (ratioNew === null || ratioOld === null || subscriptionPrice === null) {
    return leftOut('TERMS_INCOMPLETE');
  }
  if (before === undefined) return leftOut('CLOSE_UNKNOWN');
  const { numerator: price, denominator: unit } = before;
  if (subscriptionPrice * unit >= price) return leftOut('NOT_BELOW_CLOSE');
  const terp = factor(
    ratioOld * price + ratioNew * subscriptionPrice * unit,
    (ratioOld + ratioNew) * unit,
  );
  return { ...none, dividendFactor: times(terp, inverse(before)) };
}

function isForeign({ currency }: ActionTerms, ofPrices: CurrencyCode | undefined): boolean {
  return currency !== null && currency !== ofPrices;
}

function sum(left: bigint | null, right: bigint | null): bigint | null {
  return left === null || right === null ? null : left + right;
}

function quotient(numerator: bigint | null, denominator: bigint | null): Factor | undefined {
  return numerator === null || denominator === null ? undefined : factor(numerator, denominator);
}
