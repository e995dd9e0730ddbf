import { decimalKind, type Branded } from '@counterfoil/event-store';

/**
 * The numbers that a trade is made of. Money holds four decimals, as many as the finest minor unit of
 * ISO 4217; what is posted has only those of its currency. Prices and quantities hold eight.
 */
export type Money = Branded<bigint, 'Money'>;
export const Money = decimalKind('Money', { scale: 4 });

/** Per share, in the instrument's currency. */
export type Price = Branded<bigint, 'Price'>;
export const Price = decimalKind('Price', { scale: 8 });

/** Shares, contracts or units; signed where a position or a posting is meant: short is negative. */
export type Quantity = Branded<bigint, 'Quantity'>;
export const Quantity = decimalKind('Quantity', { scale: 8 });

/** 10 stands for 10 %. */
export type Percentage = Branded<bigint, 'Percentage'>;
export const Percentage = decimalKind('Percentage', { scale: 4 });

/** One side of a ratio such as 7:1 or 0.241917:1: kept apart, and divided once, at the end. */
export type Ratio = Branded<bigint, 'Ratio'>;
export const Ratio = decimalKind('Ratio', { scale: 12 });

// Sums and differences of one kind are exact and of that kind again; the bigint operators forget it.

export function plus<Value extends bigint>(left: Value, right: Value): Value {
  return (left + right) as Value;
}

export function minus<Value extends bigint>(left: Value, right: Value): Value {
  return ((left as bigint) - right) as Value;
}

export function negated<Value extends bigint>(value: Value): Value {
  return (0n - value) as Value;
}

export function magnitude<Value extends bigint>(value: Value): Value {
  return value < 0n ? ((0n - value) as Value) : value;
}
