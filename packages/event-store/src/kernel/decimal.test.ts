import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocate,
  decimalKind,
  divide,
  formatUnits,
  powerOfTen,
  rescale,
  type Rounding,
} from './decimal.ts';

const roundings: readonly Rounding[] = ['half-up', 'half-even', 'down', 'up', 'floor', 'ceiling'];
const whole = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const small = fc.bigInt({ min: -40n, max: 40n });

describe('LG-07 division rounds as its name says', () => {
  test.each<[Rounding, ...bigint[]]>([
    //            -2.5  -2.1  -1.5  -0.5   0.5   1.5   2.1   2.5   2.9
    ['half-up', -3n, -2n, -2n, -1n, 1n, 2n, 2n, 3n, 3n],
    ['half-even', -2n, -2n, -2n, 0n, 0n, 2n, 2n, 2n, 3n],
    ['down', -2n, -2n, -1n, 0n, 0n, 1n, 2n, 2n, 2n],
    ['up', -3n, -3n, -2n, -1n, 1n, 2n, 3n, 3n, 3n],
    ['floor', -3n, -3n, -2n, -1n, 0n, 1n, 2n, 2n, 2n],
    ['ceiling', -2n, -2n, -1n, 0n, 1n, 2n, 3n, 3n, 3n],
  ])('%s', (rounding, ...rounded) => {
    const tenths = [-25n, -21n, -15n, -5n, 5n, 15n, 21n, 25n, 29n];
    expect(tenths.map((tenth) => divide(tenth, 10n, rounding))).toEqual(rounded);
    expect(tenths.map((tenth) => divide(-tenth, -10n, rounding))).toEqual(rounded);
  });

  test.each(roundings)('%s, for any two numbers as the plain definition has it', (rounding) => {
    const either = fc.oneof(small, whole);
    fc.assert(
      fc.property(either, either, (numerator, denominator) => {
        fc.pre(denominator !== 0n);
        expect(divide(numerator, denominator, rounding)).toBe(
          slowQuotient(numerator, denominator, rounding),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('and by zero not at all', () => {
    expect(() => divide(1n, 0n, 'down')).toThrow(RangeError);
  });
});

/** Looks at both neighbours of the quotient and picks one as the definition of the rounding says. */
function slowQuotient(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const [over, under] = denominator < 0n ? [-numerator, -denominator] : [numerator, denominator];
  // The greatest whole number not above the quotient.
  let floor = over / under;
  if (floor * under > over) floor -= 1n;
  if (floor * under === over) return floor;
  const ceiling = floor + 1n;
  const [towardsZero, awayFromZero] = over > 0n ? [floor, ceiling] : [ceiling, floor];
  // Twice the way from the floor, compared with the whole way between the neighbours.
  const twice = 2n * (over - floor * under);
  switch (rounding) {
    case 'floor':
      return floor;
    case 'ceiling':
      return ceiling;
    case 'down':
      return towardsZero;
    case 'up':
      return awayFromZero;
    case 'half-up':
      if (twice === under) return awayFromZero;
      return twice < under ? floor : ceiling;
    case 'half-even':
      if (twice === under) return floor % 2n === 0n ? floor : ceiling;
      return twice < under ? floor : ceiling;
  }
}

describe('LG-07 another scale', () => {
  test.each<[bigint, number, number, Rounding, bigint]>([
    [12_345n, 4, 4, 'down', 12_345n],
    [12_345n, 4, 6, 'down', 1_234_500n],
    [12_345n, 4, 2, 'half-up', 123n],
    [12_350n, 4, 2, 'half-up', 124n],
    [-12_350n, 4, 2, 'half-even', -124n],
    [12_450n, 4, 2, 'half-even', 124n],
    [99n, 2, 0, 'up', 1n],
  ])('of %s at %i decimals, at %i decimals rounded %s, is %s', (units, from, to, rounding, out) => {
    expect(rescale(units, from, to, rounding)).toBe(out);
  });

  test('and back loses nothing when digits were added', () => {
    fc.assert(
      fc.property(
        whole,
        fc.nat(30),
        fc.nat(30),
        fc.constantFrom(...roundings),
        (units, scale, more, rounding) => {
          const finer = rescale(units, scale, scale + more, rounding);
          expect(finer).toBe(units * 10n ** BigInt(more));
          expect(rescale(finer, scale + more, scale, rounding)).toBe(units);
        },
      ),
    );
  });

  test('is not further away than the product of two decimals takes', () => {
    expect(powerOfTen(0)).toBe(1n);
    expect(powerOfTen(76)).toBe(10n ** 76n);
    for (const exponent of [77, -1, 0.5]) expect(() => powerOfTen(exponent)).toThrow(RangeError);
    expect(() => rescale(1n, 0, 77, 'down')).toThrow(RangeError);
  });
});

describe('LG-07, CA-06 a total allocated by weights', () => {
  test.each<[bigint, bigint[], bigint[]]>([
    [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    [101n, [1n, 1n, 1n], [34n, 34n, 33n]],
    [100n, [2n, 1n], [67n, 33n]],
    [100n, [1n, 2n], [33n, 67n]],
    [1n, [1n, 1n], [1n, 0n]],
    [1n, [1n, 1n, 3n], [0n, 0n, 1n]],
    [0n, [1n, 2n], [0n, 0n]],
    [7n, [0n, 5n, 0n], [0n, 7n, 0n]],
    [-100n, [1n, 1n, 1n], [-33n, -33n, -34n]],
    [5n, [1n], [5n]],
  ])('of %s by %s gives %s', (total, weights, parts) => {
    expect(allocate(total, weights)).toEqual(parts);
  });

  test('sums to the total, and each part is its share rounded up or down', () => {
    const weight = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 20n }));
    fc.assert(
      fc.property(
        fc.oneof(small, whole),
        fc.array(weight, { minLength: 1, maxLength: 12 }),
        (total, weights) => {
          const sum = weights.reduce((left, right) => left + right);
          fc.pre(sum > 0n);
          const parts = allocate(total, weights);

          expect(parts.reduce((left, right) => left + right)).toBe(total);
          parts.forEach((part, index) => {
            const share = total * (weights[index] ?? 0n);
            const [low, high] = [divide(share, sum, 'floor'), divide(share, sum, 'ceiling')];
            expect(part === low || part === high).toBe(true);
          });
        },
      ),
    );
  });

  test('rounds nobody up before another who loses more', () => {
    fc.assert(
      fc.property(
        whole,
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 6n }), { minLength: 2, maxLength: 8 }),
        (total, weights) => {
          const sum = weights.reduce((left, right) => left + right);
          fc.pre(sum > 0n);
          const shares = allocate(total, weights).map((part, index) => {
            const exact = total * (weights[index] ?? 0n);
            const low = divide(exact, sum, 'floor');
            return { index, lost: exact - low * sum, roundedUp: part > low };
          });
          for (const up of shares.filter(({ roundedUp }) => roundedUp)) {
            for (const down of shares.filter(({ roundedUp }) => !roundedUp)) {
              const before = up.lost === down.lost && up.index < down.index;
              expect(up.lost > down.lost || before).toBe(true);
            }
          }
        },
      ),
    );
  });

  test.each<[string, bigint[]]>([
    ['no weights', []],
    ['weights that are all zero', [0n, 0n]],
    ['a weight below zero', [3n, -1n]],
  ])('does not exist for %s', (_, weights) => {
    expect(() => allocate(10n, weights)).toThrow(RangeError);
  });
});

describe('LG-07 a kind of decimal', () => {
  const Money = decimalKind('Money', { scale: 4, precision: 10 });
  const Shares = decimalKind('Shares', { scale: 0 });

  test.each([
    ['0', 0n, '0'],
    ['-0', 0n, '0'],
    ['7', 70_000n, '7'],
    ['-12.50', -125_000n, '-12.5'],
    ['.5', 5_000n, '0.5'],
    ['-.0001', -1n, '-0.0001'],
    ['007.0000000', 70_000n, '7'],
    ['999999.9999', 9_999_999_999n, '999999.9999'],
    ['-999999.9999', -9_999_999_999n, '-999999.9999'],
  ])('reads %s, and writes it as short as it goes', (text, units, written) => {
    expect(Money.parse(text)).toEqual({ ok: true, value: units });
    expect(Money.of(text)).toBe(units);
    expect(Money.format(Money.units(units))).toBe(written);
  });

  test.each([
    ['', 'not-a-decimal'],
    ['-', 'not-a-decimal'],
    ['.', 'not-a-decimal'],
    ['-.', 'not-a-decimal'],
    ['1.', 'not-a-decimal'],
    ['+1', 'not-a-decimal'],
    ['--1', 'not-a-decimal'],
    [' 1', 'not-a-decimal'],
    ['1 ', 'not-a-decimal'],
    ['1\n', 'not-a-decimal'],
    ['1,000', 'not-a-decimal'],
    ['1_000', 'not-a-decimal'],
    ['1e3', 'not-a-decimal'],
    ['0x1', 'not-a-decimal'],
    ['NaN', 'not-a-decimal'],
    ['Infinity', 'not-a-decimal'],
    ['1.2.3', 'not-a-decimal'],
    ['١', 'not-a-decimal'],
    ['0.00001', 'too-many-decimals'],
    ['1.23456', 'too-many-decimals'],
    ['1000000', 'too-large'],
    ['-1000000', 'too-large'],
    ['1'.repeat(101), 'too-large'],
    [`0.${'0'.repeat(1_000_000)}`, 'too-large'],
  ])('does not read "%.20s": %s', (text, problem) => {
    expect(Money.parse(text)).toEqual({ ok: false, problem });
    expect(() => Money.of(text)).toThrow(RangeError);
  });

  test('says in code what is wrong with a literal', () => {
    expect(() => Money.of('1.23456')).toThrow('"1.23456" is not a Money: too-many-decimals');
  });

  test.each([
    ['12.5', 0, '12.5'],
    ['12.5', 2, '12.50'],
    ['12.5', 6, '12.500000'],
    ['12.3456', 2, '12.3456'],
    ['12', 2, '12.00'],
    ['-0.1', 2, '-0.10'],
    ['0', 2, '0.00'],
  ])('writes %s with at least %i decimals as %s', (text, decimals, written) => {
    expect(Money.format(Money.of(text), decimals)).toBe(written);
  });

  test('reads what it has written, whatever the value, scale and decimals', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.nat(38),
        fc.nat(40),
        (units, scale, decimals) => {
          const kind = decimalKind('Any', { scale });
          const text = kind.format(kind.units(units), decimals);
          expect(kind.parse(text)).toEqual({ ok: true, value: units });
          expect(text.split('.')[1]?.length ?? 0).toBeGreaterThanOrEqual(Math.min(decimals, 1));
          expect(kind.format(kind.of(text))).toBe(kind.format(kind.units(units)));
        },
      ),
    );
  });

  test('reads every digit, also where a double would begin to lose some', () => {
    const near = fc.bigInt({ min: 10n ** 14n, max: 10n ** 17n });
    fc.assert(
      fc.property(near, fc.nat(8), fc.nat(8), fc.boolean(), (digits, decimals, more, negative) => {
        const kind = decimalKind('Any', { scale: decimals + more });
        const text = formatUnits(negative ? -digits : digits, decimals, decimals);
        expect(kind.parse(text)).toEqual({
          ok: true,
          value: (negative ? -digits : digits) * 10n ** BigInt(more),
        });
      }),
    );
  });

  test('writes each value in one way, which orders and adds as the number does', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }), fc.nat(4), (units, scale) => {
        const text = formatUnits(units, scale);
        expect(text).toMatch(/^(?:0|-?(?:0|[1-9]\d*)\.\d*[1-9]|-?[1-9]\d*)$/);
        // Exact: such numbers have at most 15 digits.
        expect(Number(text)).toBe(Number(units) / 10 ** scale);
      }),
    );
  });

  test('may have no decimals at all', () => {
    expect(Shares.of('12')).toBe(12n);
    expect(Shares.parse('12.0')).toEqual({ ok: true, value: 12n });
    expect(Shares.parse('12.5')).toEqual({ ok: false, problem: 'too-many-decimals' });
    expect(Shares.format(Shares.of('-120'))).toBe('-120');
    expect(Shares.format(Shares.zero)).toBe('0');
  });

  test('has 38 digits in all unless it says otherwise', () => {
    const most = '9'.repeat(38);
    expect(Shares.precision).toBe(38);
    expect(Shares.of(most)).toBe(10n ** 38n - 1n);
    expect(Shares.parse(`1${'0'.repeat(38)}`)).toEqual({ ok: false, problem: 'too-large' });
  });

  test('is stored as a decimal of its precision and scale', () => {
    expect(Money.field.avro).toEqual({
      type: 'bytes',
      logicalType: 'decimal',
      precision: 10,
      scale: 4,
    });
  });
});
