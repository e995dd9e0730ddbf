import { describe, expect, test } from 'vitest';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { currency } from '../money/currency.ts';
import { Percentage, Price, Quantity, Ratio } from '../money/money.ts';
import { termsIn } from './contract.ts';
import { announcementOf, dividend, ratioOf } from './corporate-action.fixture.ts';
import { actionTypes, type ActionTerms, type ActionType } from './events.ts';
import { termFault } from './term-faults.ts';
import { termsOfTexts, termTexts } from './term-texts.ts';
import { caevOf, camvOf, termRules } from './terms.ts';

const usd = currency('USD');
const symbol = (of: string) => of as InstrumentSymbol;

function saying(actionType: ActionType, terms: Partial<ActionTerms>) {
  return announcementOf({ ...dividend, actionType, terms });
}

/** Terms that are right, as clients say them. */
const right: Readonly<Record<ActionType, Readonly<Record<string, string>>>> = {
  DIVIDEND: {
    amount: '0.26',
    kind: 'SPECIAL',
    currency: 'EUR',
    withholding_percent: '15',
    exchange_rate: '1.0852',
  },
  RETURN_OF_CAPITAL: { amount: '1.5', currency: 'USD' },
  STOCK_SPLIT: { ratio: '7:1', fractions: 'RDDN', price_in_lieu: '92.2243' },
  STOCK_DIVIDEND: { ratio: '1:20', fractions: 'DIST', price_in_lieu: '10' },
  MERGER: {
    acquirer: 'WBD',
    ratio: '0.5:1',
    cash_per_share: '12.5',
    acquirer_price: '24.8',
    fractions: 'CINL',
    price_in_lieu: '24.43',
  },
  SPIN_OFF: {
    child: 'WBD',
    ratio: '0.241917:1',
    basis_percent: '24.48',
    child_price: '24.43',
    parent_price: '18.22',
    fractions: 'CINL',
    price_in_lieu: '24.43',
  },
  RIGHTS_ISSUE: { ratio: '1:4', subscription_price: '80' },
  TENDER_OFFER: { price: '200', quantity_max: '1000000' },
  SYMBOL_CHANGE: { new_symbol: 'META' },
};

const text = (type: ActionType, terms: Partial<ActionTerms>) => termTexts(saying(type, terms));

describe('CA-01 the terms of each type', () => {
  test.each(actionTypes)('%s takes all of its own', (actionType) => {
    const announcement = saying(actionType, termsOfTexts(actionType, right[actionType]));
    expect(termFault(announcement, usd)).toBeUndefined();
    expect(termTexts(announcement)).toEqual(right[actionType]);
  });

  test.each(actionTypes)('%s has the same terms in the contract as in the domain', (actionType) => {
    expect(Object.keys(termsIn[actionType])).toEqual(Object.keys(termRules[actionType]));
    expect(Object.keys(right[actionType])).toEqual(Object.keys(termRules[actionType]));
  });

  test.each(actionTypes)('%s names what it needs and lacks', (actionType) => {
    const missing = Object.entries(termRules[actionType]).flatMap(([term, { needed }]) => {
      if (!needed) return [];
      const { [term]: _, ...others } = right[actionType];
      return [[term, termFault(saying(actionType, termsOfTexts(actionType, others)), usd)]];
    });
    expect(missing).toEqual(
      missing.map(([term]) => [term, { code: 'TERM_MISSING', term, actionType }]),
    );
    expect(missing.length > 0).toBe(actionType !== 'MERGER');
  });

  test('a dividend is ordinary, and fractions are paid in cash, unless said otherwise', () => {
    expect(text('DIVIDEND', { amountPerShare: Price.of('1') })).toEqual({
      amount: '1',
      kind: 'ORDINARY',
    });
    expect(text('STOCK_SPLIT', ratioOf('1:8'))).toEqual({ ratio: '1:8', fractions: 'CINL' });
    expect(text('MERGER', { cashPerShare: Price.of('9') })).toEqual({ cash_per_share: '9' });
  });
});

const percent = (of: string) => ({ withholdingPercent: Percentage.of(of) });

describe('CA-01 faults in the terms', () => {
  const seven = ratioOf('7:1');
  const amount = { amountPerShare: Price.of('0.26') };
  const cash = { cashPerShare: Price.of('12.5') };
  const buyer = { otherSymbol: symbol('WBD') };
  test.each<[string, ActionType, Partial<ActionTerms>, object | undefined]>([
    [
      'an amount of a split',
      'STOCK_SPLIT',
      { ...seven, ...amount },
      { code: 'TERM_NOT_FOR_TYPE', term: 'amount', actionType: 'STOCK_SPLIT' },
    ],
    [
      'a ratio of a dividend',
      'DIVIDEND',
      { ...amount, ...seven },
      { code: 'TERM_NOT_FOR_TYPE', term: 'ratio', actionType: 'DIVIDEND' },
    ],
    [
      'a merger for nothing',
      'MERGER',
      buyer,
      { code: 'TERM_MISSING', term: 'ratio', actionType: 'MERGER' },
    ],
    [
      'a merger into shares of nobody',
      'MERGER',
      seven,
      { code: 'TERM_MISSING', term: 'acquirer', actionType: 'MERGER' },
    ],
    ['a merger for cash from whomever', 'MERGER', cash, undefined],
    ['a merger for shares and cash', 'MERGER', { ...seven, ...cash, ...buyer }, undefined],
    [
      'a ratio of none for one',
      'STOCK_SPLIT',
      ratioOf('0:1'),
      { code: 'RATIO_NOT_POSITIVE', term: 'ratio', actual: '0:1' },
    ],
    [
      'a ratio of seven for none',
      'STOCK_SPLIT',
      ratioOf('7:0'),
      { code: 'RATIO_NOT_POSITIVE', term: 'ratio', actual: '7:0' },
    ],
    [
      'half of a ratio',
      'STOCK_SPLIT',
      { ratioNew: Ratio.of('7') },
      { code: 'RATIO_NOT_POSITIVE', term: 'ratio', actual: 'half of a ratio' },
    ],
    [
      'a dividend of nothing',
      'DIVIDEND',
      { amountPerShare: Price.zero },
      { code: 'AMOUNT_NOT_POSITIVE', term: 'amount', actual: '0' },
    ],
    [
      'a negative dividend',
      'DIVIDEND',
      { amountPerShare: Price.of('-1') },
      { code: 'AMOUNT_NOT_POSITIVE', term: 'amount', actual: '-1' },
    ],
    [
      'a price in lieu of zero',
      'STOCK_SPLIT',
      { ...seven, priceInLieu: Price.zero },
      { code: 'PRICE_NOT_POSITIVE', term: 'price_in_lieu', actual: '0' },
    ],
    [
      'an offer for nothing',
      'TENDER_OFFER',
      { cashPerShare: Price.zero },
      { code: 'PRICE_NOT_POSITIVE', term: 'price', actual: '0' },
    ],
    [
      'an offer for no shares',
      'TENDER_OFFER',
      { ...cash, acceptedQuantityMax: Quantity.zero },
      { code: 'QUANTITY_NOT_POSITIVE', term: 'quantity_max', actual: '0' },
    ],
    [
      'a tax of more than all',
      'DIVIDEND',
      { ...amount, ...percent('100.01') },
      { code: 'PERCENT_OUT_OF_RANGE', term: 'withholding_percent', actual: '100.01' },
    ],
    [
      'a negative tax',
      'DIVIDEND',
      { ...amount, ...percent('-1') },
      { code: 'PERCENT_OUT_OF_RANGE', term: 'withholding_percent', actual: '-1' },
    ],
    ['a tax of all', 'DIVIDEND', { ...amount, ...percent('100') }, undefined],
    ['a tax of nothing', 'DIVIDEND', { ...amount, ...percent('0') }, undefined],
    [
      'a spin-off of itself',
      'SPIN_OFF',
      { ...seven, otherSymbol: symbol('AAPL') },
      { code: 'SYMBOL_NOT_ANOTHER', term: 'child', symbol: 'AAPL' },
    ],
    [
      'an unknown currency',
      'DIVIDEND',
      { ...amount, currency: 'ZZZ' as never },
      { code: 'CURRENCY_UNKNOWN', currency: 'ZZZ' },
    ],
    [
      'another currency without its rate',
      'DIVIDEND',
      { ...amount, currency: currency('EUR') },
      { code: 'TERM_MISSING', term: 'exchange_rate', actionType: 'DIVIDEND' },
    ],
    [
      'a rate without another currency',
      'DIVIDEND',
      { ...amount, exchangeRate: Ratio.of('1.1') },
      { code: 'EXCHANGE_RATE_NOT_NEEDED', currency: 'USD' },
    ],
    [
      'a rate of zero',
      'DIVIDEND',
      { ...amount, currency: currency('EUR'), exchangeRate: Ratio.zero },
      { code: 'RATIO_NOT_POSITIVE', term: 'exchange_rate', actual: '0' },
    ],
    [
      'capital returned in another currency',
      'RETURN_OF_CAPITAL',
      { ...amount, currency: currency('EUR') },
      { code: 'CURRENCY_NOT_THE_INSTRUMENTS', currency: 'EUR', instrumentCurrency: 'USD' },
    ],
  ])('%s', (_, actionType, terms, fault) => {
    expect(termFault(saying(actionType, terms), usd)).toEqual(fault);
  });
});

describe('CA-01 the codes of ISO 15022', () => {
  test.each<[ActionType, string, string]>([
    ['DIVIDEND', 'DVCA', 'MAND'],
    ['STOCK_DIVIDEND', 'DVSE', 'MAND'],
    ['STOCK_SPLIT', 'SPLF', 'MAND'],
    ['MERGER', 'MRGR', 'MAND'],
    ['SPIN_OFF', 'SOFF', 'MAND'],
    ['RIGHTS_ISSUE', 'RHDI', 'CHOS'],
    ['TENDER_OFFER', 'TEND', 'VOLU'],
    ['SYMBOL_CHANGE', 'CHAN', 'MAND'],
    ['RETURN_OF_CAPITAL', 'CAPD', 'MAND'],
  ])('%s is %s, %s', (actionType, caev, camv) => {
    expect(caevOf(saying(actionType, termsOfTexts(actionType, right[actionType])))).toBe(caev);
    expect(camvOf(actionType)).toBe(camv);
  });

  test('a split into fewer shares has a code of its own', () => {
    expect(caevOf(saying('STOCK_SPLIT', ratioOf('1:8')))).toBe('SPLR');
  });
});
