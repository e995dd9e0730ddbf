import { Type } from 'typebox';
import { Money, Percentage, Price, Quantity, Ratio } from './money.ts';

/**
 * Decimals on the wire. Outward they are text, always. Inward a JSON number is taken too, but only where
 * it can't have lost a digit on its way: a number reads as the shortest decimal that gives the same
 * double, so it must be a safe integer or have at most 15 significant digits (DBL_DIG, ISO C 5.2.4.2.2).
 */
export type WireDecimal = string | number;

const significantDigitsMax = 15;

function inward(kind: { readonly name: string; readonly scale: number }, example: string) {
  const pattern = `^-?\\d{1,30}(?:\\.\\d{1,${kind.scale}})?$`;
  const expression = new RegExp(pattern);
  const expected = `a decimal with at most ${kind.scale} digits behind the point, as text such as "${example}"`;
  return Type.Refine(
    Type.Unsafe<WireDecimal>({ type: ['string', 'number'], pattern, 'x-expected': expected }),
    (value) => typeof value === 'string' || isExact(value, expression),
    () => `must be ${expected}; a number may have lost digits`,
  );
}

function isExact(value: number, expression: RegExp): boolean {
  const text = String(value);
  if (!expression.test(text)) return false;
  return (
    Number.isSafeInteger(value) || text.replace(/^-?0*\.?0*|\./g, '').length <= significantDigitsMax
  );
}

export const MoneyIn = inward(Money, '1250.00');
export const PriceIn = inward(Price, '189.50');
export const QuantityIn = inward(Quantity, '10');
export const PercentageIn = inward(Percentage, '10');
export const RatioIn = inward(Ratio, '1.0852');

/** The amount that a decimal of the wire, once validated, stands for. */
export const moneyOf = (value: WireDecimal): Money => Money.of(String(value));
export const priceOf = (value: WireDecimal): Price => Price.of(String(value));
export const quantityOf = (value: WireDecimal): Quantity => Quantity.of(String(value));
export const percentageOf = (value: WireDecimal): Percentage => Percentage.of(String(value));

/** A decimal as text: no exponent, no separators, no trailing zeros. */
const decimalPattern = '^-?\\d+(?:\\.\\d+)?$';
export const DecimalText = Type.String({ pattern: decimalPattern });

export const DecimalTextOrNull = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  pattern: decimalPattern,
});

export const CurrencyIn = Type.String({
  pattern: '^[A-Z]{3}$',
  'x-expected': 'a code of ISO 4217 such as "USD"',
});
