import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountOf,
  averageCost,
  isInMinorUnits,
  marketValue,
  roundToMinorUnit,
  shareOf,
} from './amounts.ts';
import { currency, currencyCodes, decimalsOf, minorUnitOf, parseCurrency } from './currency.ts';
import { Money, Price, Quantity } from './money.ts';

const usd = currency('USD');

describe('LG-07 money rounds once, half up, to the minor unit of its currency', () => {
  it.each([
    ['USD', '1.0049', '1'],
    ['USD', '1.005', '1.01'],
    ['USD', '-1.005', '-1.01'],
    ['USD', '-1.0049', '-1'],
    ['JPY', '100.4999', '100'],
    ['JPY', '100.5', '101'],
    ['KWD', '1.0005', '1.001'],
    ['CLF', '1.0005', '1.0005'],
  ])('%s %s is posted as %s', (code, amount, posted) => {
    expect(Money.format(roundToMinorUnit(Money.of(amount), currency(code)))).toBe(posted);
  });

  it.each([
    ['10', '300.35', 'USD', '3003.5'],
    ['-10', '300.35', 'USD', '-3003.5'],
    ['0.5', '0.01', 'USD', '0.01'], // half a cent goes up
    ['-0.5', '0.01', 'USD', '-0.01'], // and its mirror away from zero too
    ['3', '0.333', 'USD', '1'],
    ['7', '92.22432147', 'USD', '645.57'],
    ['100', '1234.5', 'JPY', '123450'],
    ['1', '1234.5', 'JPY', '1235'],
    ['0.00000001', '0.00000001', 'USD', '0'],
  ])('%s at %s in %s is %s', (quantity, price, code, amount) => {
    const posted = amountOf(Quantity.of(quantity), Price.of(price), currency(code));
    expect(Money.format(posted)).toBe(amount);
    expect(marketValue(Quantity.of(quantity), Price.of(price), currency(code))).toBe(posted);
  });

  it('is never off by more than half a minor unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.bigInt({ min: 1n, max: 10n ** 14n }),
        fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'),
        (quantity, price, code) => {
          const unit = minorUnitOf(currency(code));
          const posted = amountOf(Quantity.units(quantity), Price.units(price), currency(code));
          expect(posted % unit).toBe(0n);
          // In units of 10^-16, where the product is exact.
          const error = posted * 10n ** 12n - quantity * price;
          expect(2n * (error < 0n ? -error : error)).toBeLessThanOrEqual(unit * 10n ** 12n);
        },
      ),
    );
  });
});

describe('LG-07 a share of an amount, and what remains of it', () => {
  it.each([
    ['100', '1', '3', '33.33'],
    ['100', '2', '3', '66.67'],
    ['-100', '-1', '-3', '-33.33'],
    ['0.01', '1', '2', '0.01'],
    ['6068.10', '10', '10', '6068.1'],
  ])('of %s the share %s/%s is %s', (amount, part, whole, share) => {
    const money = shareOf(Money.of(amount), Quantity.of(part), Quantity.of(whole), usd);
    expect(Money.format(money)).toBe(share);
  });

  it('leaves exactly nothing when all is taken, whatever the steps', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 }),
        (cents, parts) => {
          let cost = Money.units(cents * 100n);
          let quantity = parts.reduce((sum, part) => sum + part, 0n);
          for (const part of parts) {
            const taken = shareOf(cost, Quantity.units(part), Quantity.units(quantity), usd);
            expect(taken).toBeGreaterThanOrEqual(0n);
            cost = Money.units(cost - taken);
            quantity -= part;
          }
          expect(cost).toBe(0n);
        },
      ),
    );
  });
});

describe('LG-07 average cost', () => {
  it.each([
    ['6068.10', '70', '86.68714286'],
    ['1248', '12', '104'],
    ['-500', '-4', '125'],
    ['0', '0', '0'],
  ])('of %s over %s is %s', (cost, quantity, average) => {
    expect(Price.format(averageCost(Money.of(cost), Quantity.of(quantity)))).toBe(average);
  });
});

describe('LG-07 currencies of ISO 4217', () => {
  it('knows each active code with a minor unit, and how many decimals it has', () => {
    expect(currencyCodes).toHaveLength(165);
    expect(new Set(currencyCodes).size).toBe(165);
    expect(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
    expect(['USD', 'JPY', 'KWD', 'UYW'].map((code) => decimalsOf(currency(code)))).toEqual([
      2, 0, 3, 4,
    ]);
  });

  it.each(['usd', 'XXX', 'XAU', 'BGN', '', 'US', 'toString'])('refuses "%s"', (code) => {
    expect(parseCurrency(code)).toBeUndefined();
    expect(() => currency(code)).toThrow(RangeError);
  });

  it.each([
    ['12.34', 'USD', true],
    ['12.345', 'USD', false],
    ['12', 'JPY', true],
    ['12.5', 'JPY', false],
  ])('%s %s has no more decimals than the currency: %s', (amount, code, fits) => {
    expect(isInMinorUnits(Money.of(amount), currency(code))).toBe(fits);
  });
});
