import type { CalendarDate } from '@counterfoil/event-store';
import { Price } from '../domain/money/money.ts';
import type { DemoSymbol } from './cast.ts';
import type { DayPrices } from './lean-prices.ts';

/** What was traded at what price on which day, for those who make up trades. */
export interface PricesOfDays {
  on(symbol: DemoSymbol, date: string): DayPrices | undefined;
  /** Every day on which there was trading, in order. */
  readonly days: readonly CalendarDate[];
}

export function pricesOfDays(
  bySymbol: ReadonlyMap<DemoSymbol, readonly DayPrices[]>,
): PricesOfDays {
  const byDate = new Map<string, DayPrices>();
  const days = new Set<CalendarDate>();
  for (const [symbol, history] of bySymbol) {
    for (const day of history) {
      byDate.set(`${symbol} ${day.date}`, day);
      days.add(day.date);
    }
  }
  return { on: (symbol, date) => byDate.get(`${symbol} ${date}`), days: [...days].toSorted() };
}

const cent = Price.of('0.01');

/**
 * A price at which the day may well have traded: that far up from its low to its high, in whole cents.
 * Undefined when no whole cent lies between the two.
 */
export function priceWithin({ low, high }: DayPrices, fraction: number): Price | undefined {
  const range = high - low;
  const wanted = low + (range * BigInt(Math.floor(fraction * 1_000))) / 1_000n;
  const below = wanted - (wanted % cent);
  const price = below >= low ? below : below + cent;
  return price <= high ? Price.units(price) : undefined;
}
