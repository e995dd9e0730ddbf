import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import { MoneyIn, moneyOf, PriceIn, priceOf } from './contract.ts';
import { Money, Price } from './money.ts';

const money = Compile(MoneyIn);
const price = Compile(PriceIn);

describe('decimals come as text, and as numbers only where no digit can be lost (RC-09)', () => {
  test.each([
    ['189.50', '189.5'],
    ['-0.0001', '-0.0001'],
    ['007', '7'],
    [`${'9'.repeat(30)}.9999`, `${'9'.repeat(30)}.9999`],
    [0, '0'],
    [-0, '0'],
    [25_000, '25000'],
    [189.5, '189.5'],
    [0.1, '0.1'],
    [9_007_199_254_740_991, '9007199254740991'],
    [99_999_999_999.1234, '99999999999.1234'],
  ])('%j is %s', (wire, expected) => {
    expect(money.Check(wire)).toBe(true);
    expect(Money.format(moneyOf(wire))).toBe(expected);
  });

  test.each<readonly [unknown, string]>([
    ['1.23456', 'more digits than money has'],
    ['1e3', 'an exponent'],
    ['1,000', 'a separator'],
    ['.5', 'no digit before the point'],
    ['5.', 'no digit behind the point'],
    [' 5', 'a space'],
    ['', 'nothing'],
    ['９', 'a digit of another script'],
    ['5\n', 'a line feed'],
    ['9'.repeat(31), 'more digits than any amount has'],
    [0.1 + 0.2, 'the traces of binary arithmetic'],
    [9_007_199_254_740_992, 'a whole number beyond 2^53'],
    [999_999_999_999.1234, '16 significant digits'],
    [1e21, 'a number that prints with an exponent'],
    [0.000_01, 'more digits than money has, as a number'],
    [Number.NaN, 'no number'],
    [true, 'a truth'],
    [null, 'null'],
    [['5'], 'a list'],
  ])('%j is refused: %s', (wire) => {
    expect(money.Check(wire)).toBe(false);
  });

  test('a price has eight digits behind the point', () => {
    expect(price.Check('0.00000001')).toBe(true);
    expect(Price.format(priceOf('0.00000001'))).toBe('0.00000001');
    expect(price.Check('0.000000001')).toBe(false);
  });
});
