import type { Branded } from './brand.ts';
import { decimal as decimalField, type Field } from './fields.ts';

/**
 * Fixed-point decimals: a bigint counts units of 10^-scale, and the scale belongs to the kind of value
 * (money, price, quantity), never to the single value. Addition and comparison are the bigint's own;
 * whatever can lose digits names its rounding.
 */

/**
 * Where a quotient between two neighbours goes. `half-up` sends a tie away from zero (1.5 -> 2,
 * -1.5 -> -2), `half-even` to the even neighbour (IEEE 754 roundTiesToEven), `down` towards zero, `up`
 * away from it, `floor` and `ceiling` to the smaller and the greater neighbour.
 */
export type Rounding = 'half-up' | 'half-even' | 'down' | 'up' | 'floor' | 'ceiling';

/** The quotient of two integers, rounded as named. Throws a RangeError when the denominator is zero. */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator - quotient * denominator;
  if (remainder === 0n) return quotient;
  const negative = numerator < 0n !== denominator < 0n;
  return roundsAwayFromZero(remainder, denominator, quotient, negative, rounding)
    ? quotient + (negative ? -1n : 1n)
    : quotient;
}

function roundsAwayFromZero(
  remainder: bigint,
  denominator: bigint,
  quotient: bigint,
  negative: boolean,
  rounding: Rounding,
): boolean {
  switch (rounding) {
    case 'down':
      return false;
    case 'up':
      return true;
    case 'floor':
      return negative;
    case 'ceiling':
      return !negative;
    case 'half-up':
      return 2n * magnitude(remainder) >= magnitude(denominator);
    case 'half-even': {
      const twice = 2n * magnitude(remainder);
      const whole = magnitude(denominator);
      return twice > whole || (twice === whole && quotient % 2n !== 0n);
    }
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

const powersOfTen: readonly bigint[] = Array.from({ length: 77 }, (_, n) => 10n ** BigInt(n));

/** 10^exponent, for exponents from 0 to 76 (two 38-digit decimals multiplied). */
export function powerOfTen(exponent: number): bigint {
  const power = powersOfTen[exponent];
  if (power === undefined) throw new RangeError(`no power of ten with exponent ${exponent}`);
  return power;
}

/** The same value counted in units of another scale; `rounding` matters only when digits are dropped. */
export function rescale(units: bigint, from: number, to: number, rounding: Rounding): bigint {
  return to >= from
    ? units * powerOfTen(to - from)
    : divide(units, powerOfTen(from - to), rounding);
}

/**
 * Splits a total into parts proportional to the weights, by the largest remainder (Hamilton's method):
 * each part is its exact share rounded down, and the units left over go one each to the parts that lost
 * most, the earlier part first on a tie. The parts always sum to the total. Throws a RangeError when a
 * weight is negative or all are zero.
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((left, right) => left + right, 0n);
  if (sum <= 0n || weights.some((weight) => weight < 0n)) {
    throw new RangeError('allocate needs weights that are not negative, at least one above zero');
  }
  const parts = weights.map((weight) => divide(total * weight, sum, 'floor'));
  let left = total - parts.reduce((a, b) => a + b, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: total * weight - (parts[index] ?? 0n) * sum }))
    .toSorted((a, b) => compare(b.remainder, a.remainder) || a.index - b.index);
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Why a text is not a value of a kind. */
export type DecimalProblem = 'not-a-decimal' | 'too-many-decimals' | 'too-large';

export type Parsed<Value, Problem> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

/** A kind of fixed-point decimal: its scale, and the only way from text to value and back. */
export interface DecimalKind<Value extends bigint> {
  readonly name: string;
  readonly scale: number;
  /** How many digits a value may have in all; Avro's `precision`. */
  readonly precision: number;
  /** The Avro field that stores a value of this kind: `bytes` with logical type `decimal`. */
  readonly field: Field<Value>;
  readonly zero: Value;
  /** Takes `-12.50`, `.5`, `7`; no exponent, no separators, no surrounding space. Exact or refused. */
  parse(text: string): Parsed<Value, DecimalProblem>;
  /** As `parse`, for literals in code and for text already known to be good; throws a RangeError. */
  of(text: string): Value;
  /** A count of units of 10^-scale, as a value of this kind. */
  units(units: bigint): Value;
  /** Canonical text: no exponent, no trailing zeros beyond `decimals`, which defaults to none. */
  format(value: Value, decimals?: number): string;
}

export function decimalKind<Name extends string>(
  name: Name,
  shape: { readonly scale: number; readonly precision?: number },
): DecimalKind<Branded<bigint, Name>> {
  type Value = Branded<bigint, Name>;
  const { scale, precision = 38 } = shape;
  const limit = powerOfTen(precision);
  const parse = (text: string): Parsed<Value, DecimalProblem> => {
    const parsed = parseUnits(text, scale);
    if (!parsed.ok) return parsed;
    return magnitude(parsed.value) < limit
      ? { ok: true, value: parsed.value as Value }
      : { ok: false, problem: 'too-large' };
  };
  return {
    name,
    scale,
    precision,
    field: decimalField<Value>(precision, scale),
    zero: 0n as Value,
    parse,
    of: (text) => {
      const parsed = parse(text);
      if (!parsed.ok) throw new RangeError(`"${text}" is not a ${name}: ${parsed.problem}`);
      return parsed.value;
    },
    units: (units) => units as Value,
    format: (value, decimals = 0) => formatUnits(value, scale, decimals),
  };
}

const decimalPattern = /^(-?)(\d*)(?:\.(\d+))?$/;

// Longer texts are refused before a bigint is made of them: the work grows with the square of the length.
const longestText = 100;

function parseUnits(text: string, scale: number): Parsed<bigint, DecimalProblem> {
  const short = shortUnits(text, scale);
  if (short !== undefined) return { ok: true, value: BigInt(short) };
  if (text.length > longestText) return { ok: false, problem: 'too-large' };
  const match = decimalPattern.exec(text);
  const whole = match?.[2] ?? '';
  const written = match?.[3] ?? '';
  if (match === null || (whole === '' && written === '')) {
    return { ok: false, problem: 'not-a-decimal' };
  }
  const fraction = written.length > scale ? withoutTrailingZeros(written) : written;
  if (fraction.length > scale) return { ok: false, problem: 'too-many-decimals' };
  const units = BigInt(whole + fraction.padEnd(scale, '0') || '0');
  return { ok: true, value: match[1] === '-' ? -units : units };
}

// So many digits a double counts exactly, whatever they are.
const exactDigits = 15;

/** The units of a plain decimal that a double holds, as nearly all are; undefined for any other text. */
function shortUnits(text: string, scale: number): number | undefined {
  const negative = text.charCodeAt(0) === 0x2d;
  let units = 0;
  let digits = 0;
  let decimals = -1;
  for (let index = negative ? 1 : 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x30 && code <= 0x39) {
      units = units * 10 + (code - 0x30);
      digits += 1;
      if (decimals >= 0) decimals += 1;
    } else if (code === 0x2e && decimals < 0) {
      decimals = 0;
    } else {
      return undefined;
    }
  }
  const missing = scale - Math.max(decimals, 0);
  if (digits === 0 || decimals === 0 || missing < 0 || digits + missing > exactDigits) {
    return undefined;
  }
  for (let zero = 0; zero < missing; zero += 1) units *= 10;
  return negative ? -units : units;
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** Text of a count of units of 10^-scale, with at least `decimals` digits behind the point. */
export function formatUnits(units: bigint, scale: number, decimals = 0): string {
  const digits = magnitude(units)
    .toString()
    .padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = withoutTrailingZeros(digits.slice(point)).padEnd(decimals, '0');
  const sign = units < 0n ? '-' : '';
  return fraction === ''
    ? `${sign}${digits.slice(0, point)}`
    : `${sign}${digits.slice(0, point)}.${fraction}`;
}
