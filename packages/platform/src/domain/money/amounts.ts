import { divide, powerOfTen } from '@counterfoil/event-store';
import { minorUnitOf, type CurrencyCode } from './currency.ts';
import { Money, Price, Quantity } from './money.ts';

// Whatever is posted goes through one of these, once: half up (a tie goes away from zero, so that a
// reversal is the exact mirror of what it reverses), to the currency's minor unit.

export function roundToMinorUnit(amount: Money, currency: CurrencyCode): Money {
  return roundedQuotient(amount, 1n, currency);
}

/** Whether the amount has no more decimals than its currency. */
export function isInMinorUnits(amount: Money, currency: CurrencyCode): boolean {
  return amount % minorUnitOf(currency) === 0n;
}

const productScaleLoss = powerOfTen(Quantity.scale + Price.scale - Money.scale);

/** Quantity times price. The sign is the quantity's. */
export function amountOf(quantity: Quantity, price: Price, currency: CurrencyCode): Money {
  return roundedQuotient(quantity * price, productScaleLoss, currency);
}

/** What a position is worth at a price: rounded as a posting, so that the lines of a statement add up. */
export function marketValue(quantity: Quantity, price: Price, currency: CurrencyCode): Money {
  return amountOf(quantity, price, currency);
}

/**
 * The share of an amount that belongs to `part` of `whole`. The other part is what remains of the
 * amount, never a second share: so the two always sum to it.
 */
export function shareOf<Measure extends bigint>(
  amount: Money,
  part: Measure,
  whole: Measure,
  currency: CurrencyCode,
): Money {
  return part === whole ? amount : roundedQuotient(amount * part, whole, currency);
}

/** `numerator / denominator` units of money, to the nearest minor unit. */
export function roundedQuotient(
  numerator: bigint,
  denominator: bigint,
  currency: CurrencyCode,
): Money {
  const minorUnit = minorUnitOf(currency);
  return Money.units(divide(numerator, denominator * minorUnit, 'half-up') * minorUnit);
}

const quotientScaleGain = powerOfTen(Price.scale + Quantity.scale - Money.scale);

/** Cost per share, half up at the eighth decimal; zero for a quantity of zero. */
export function averageCost(cost: Money, quantity: Quantity): Price {
  return quantity === 0n
    ? Price.zero
    : Price.units(divide(cost * quotientScaleGain, quantity, 'half-up'));
}
