import { divide, formatUnits, powerOfTen } from '@counterfoil/event-store';

/**
 * What a price is multiplied by: a positive quotient, kept as two integers and divided once, at the end. Of a
 * rounded one a share gets lost: 70 shares times 0.1428571 are 9.999997.
 */
export interface Factor {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const one: Factor = { numerator: 1n, denominator: 1n };

/** In lowest terms, so that products of many stay short. Throws a RangeError unless both are positive. */
export function factor(numerator: bigint, denominator: bigint): Factor {
  if (numerator <= 0n || denominator <= 0n) {
    throw new RangeError(`${numerator}/${denominator} is not positive`);
  }
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function times(left: Factor, right: Factor): Factor {
  return bounded(left.numerator * right.numerator, left.denominator * right.denominator);
}

export function inverse({ numerator, denominator }: Factor): Factor {
  return { numerator: denominator, denominator: numerator };
}

/** So many units times the factor, rounded half up: the one rounding. */
export function scaled(units: bigint, { numerator, denominator }: Factor): bigint {
  return divide(units * numerator, denominator, 'half-up');
}

/** As a decimal to be read, rounded half up at so many digits behind the point. */
export function factorText(value: Factor, digits: number): string {
  return formatUnits(scaled(powerOfTen(digits), value), digits);
}

// Products of a real history are exact: 35 dividends of Apple take 600 bits. Far beyond, both sides lose their
// last bits together, and the quotient is off at its 300th digit: a symbol with a hundred thousand actions must
// not make numbers that fill the memory.
const exactLimit = 1n << 4_096n;
const keptBits = 1_024;

function bounded(numerator: bigint, denominator: bigint): Factor {
  const smaller = numerator < denominator ? numerator : denominator;
  if (smaller < exactLimit) return { numerator, denominator };
  const excess = BigInt(smaller.toString(16).length * 4 - keptBits);
  return { numerator: numerator >> excess, denominator: denominator >> excess };
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let greater = left;
  let smaller = right;
  while (smaller !== 0n) [greater, smaller] = [smaller, greater % smaller];
  return greater;
}
