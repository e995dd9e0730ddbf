import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factor, factorText, inverse, one, scaled, times } from './factor.ts';

describe('CA-10 factors', () => {
  it.each([
    [7n, 1n, 70n, '490'],
    [1n, 7n, 70n, '10'],
    [1n, 3n, 2n, '1'],
    [1n, 2n, 1n, '1'], // A tie goes up.
    [1n, 4n, 1n, '0'],
  ])('%s/%s of %s is %s', (numerator, denominator, units, expected) => {
    expect(String(scaled(units, factor(numerator, denominator)))).toBe(expected);
  });

  it('read as decimals, rounded half up', () => {
    expect(factorText(factor(1n, 8n), 12)).toBe('0.125');
    expect(factorText(factor(2n, 3n), 4)).toBe('0.6667');
    expect(factorText(factor(1n, 8n), 2)).toBe('0.13');
  });

  it.each([
    [0n, 1n],
    [1n, 0n],
    [-1n, 1n],
    [1n, -1n],
  ])('%s/%s is none', (numerator, denominator) => {
    expect(() => factor(numerator, denominator)).toThrow(RangeError);
  });

  it('multiplied by their inverse are one', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 20n });
    fc.assert(
      fc.property(positive, positive, (numerator, denominator) => {
        const product = times(
          factor(numerator, denominator),
          inverse(factor(numerator, denominator)),
        );
        expect(factor(product.numerator, product.denominator)).toEqual(one);
      }),
    );
  });

  it('of ten thousand dividends stay short, and right to a hundred digits', () => {
    const tenThousandth = factor(9_999n, 10_000n);
    let product = one;
    for (let action = 0; action < 10_000; action += 1) product = times(product, tenThousandth);

    expect(product.denominator.toString().length).toBeLessThan(1_300);
    const exact = 9_999n ** 10_000n;
    const digits = scaled(10n ** 100n, { numerator: exact, denominator: 10n ** 40_000n });
    expect(scaled(10n ** 100n, product)).toBe(digits);
  });
});
