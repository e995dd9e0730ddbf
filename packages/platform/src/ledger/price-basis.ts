import { divide, type CalendarDate } from '@counterfoil/event-store';
import { one, times } from '../domain/corporate-actions/factor.ts';
import { priceEffect, type ActionInForce } from '../domain/corporate-actions/price-effect.ts';
import { Price } from '../domain/money/money.ts';

/** A raw price, and the day whose shares it is of. */
export interface DatedPrice {
  readonly price: Price;
  readonly date: CalendarDate;
}

/**
 * What a price comes to in shares of a later day, by the splits that went ex between them: raw prices are
 * worth comparing and multiplying only with what is on the same basis. Rounded half up.
 */
export function onBasisOf(
  { price, date }: DatedPrice,
  day: CalendarDate,
  actions: readonly ActionInForce[],
): Price {
  let divisor = one;
  for (const action of actions) {
    const { exDate } = action.announcement;
    if (exDate <= date || exDate > day) continue;
    divisor = times(divisor, priceEffect(action, undefined, undefined).splitDivisor);
  }
  return divisor === one
    ? price
    : Price.units(divide(price * divisor.denominator, divisor.numerator, 'half-up'));
}
