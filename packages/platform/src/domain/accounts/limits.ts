import { Money, Percentage, Quantity } from '../money/money.ts';

/** What the risk checks of an account hold its trades against. */
export interface Limits {
  /** How far a price may be from the last one, in percent of the last. */
  readonly priceCollarPercent: Percentage;
  /** The greatest quantity x price of one trade, in the account's currency. */
  readonly orderNotionalMax: Money;
  /** The greatest quantity held of one instrument, long or short. */
  readonly positionQuantityMax: Quantity;
  /** The greatest share of the portfolio's value in one instrument; 100 or more is no limit. */
  readonly concentrationPercentMax: Percentage;
}

export const defaultLimits: Limits = {
  priceCollarPercent: Percentage.of('10'),
  orderNotionalMax: Money.of('10000000'),
  positionQuantityMax: Quantity.of('1000000'),
  concentrationPercentMax: Percentage.of('100'),
};

/** The first limit that is not above zero: no account is meant to be stopped that way. */
export function invalidLimit(
  limits: Limits,
): { readonly limit: keyof Limits; readonly actual: string } | undefined {
  if (limits.priceCollarPercent <= 0n) {
    return { limit: 'priceCollarPercent', actual: Percentage.format(limits.priceCollarPercent) };
  }
  if (limits.orderNotionalMax <= 0n) {
    return { limit: 'orderNotionalMax', actual: Money.format(limits.orderNotionalMax) };
  }
  if (limits.positionQuantityMax <= 0n) {
    return { limit: 'positionQuantityMax', actual: Quantity.format(limits.positionQuantityMax) };
  }
  if (limits.concentrationPercentMax <= 0n) {
    return {
      limit: 'concentrationPercentMax',
      actual: Percentage.format(limits.concentrationPercentMax),
    };
  }
  return undefined;
}
