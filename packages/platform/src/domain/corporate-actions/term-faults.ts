import { parseCurrency, type CurrencyCode } from '../money/currency.ts';
import { Percentage } from '../money/money.ts';
import type { ActionTerms, ActionType, Announcement } from './events.ts';
import { termText } from './term-texts.ts';
import { isSaid, termFields, termName, termRules, type TermField } from './terms.ts';

/**
 * What is wrong with the terms of an action: the first that applies, in this order. `term` is the name that
 * clients know it by, `actual` what was said.
 */
export type TermFault =
  | { readonly code: 'TERM_NOT_FOR_TYPE'; readonly term: string; readonly actionType: ActionType }
  | { readonly code: 'TERM_MISSING'; readonly term: string; readonly actionType: ActionType }
  | ValueFault
  /** A merger into itself, or a new symbol that is the old one. */
  | { readonly code: 'SYMBOL_NOT_ANOTHER'; readonly term: string; readonly symbol: string }
  | { readonly code: 'CURRENCY_UNKNOWN'; readonly currency: string }
  /** Only dividends may be in another currency than the instrument. */
  | {
      readonly code: 'CURRENCY_NOT_THE_INSTRUMENTS';
      readonly currency: string;
      readonly instrumentCurrency: string;
    }
  /** A rate between a currency and itself. */
  | { readonly code: 'EXCHANGE_RATE_NOT_NEEDED'; readonly currency: string };

type ValueCode =
  | 'RATIO_NOT_POSITIVE'
  | 'AMOUNT_NOT_POSITIVE'
  | 'PRICE_NOT_POSITIVE'
  | 'QUANTITY_NOT_POSITIVE'
  | 'PERCENT_OUT_OF_RANGE';

/** One member for each code, so that it can be told apart by it. */
type ValueFault = {
  readonly [Code in ValueCode]: {
    readonly code: Code;
    readonly term: string;
    readonly actual: string;
  };
}[ValueCode];

/** `currency` is the instrument's. */
export function termFault(
  { actionType, symbol, terms }: Announcement,
  currency: CurrencyCode,
): TermFault | undefined {
  return (
    strangeTerm(actionType, terms) ??
    missingTerm(actionType, terms) ??
    valueFault(actionType, terms) ??
    sameSymbol(actionType, symbol, terms) ??
    currencyFault(actionType, terms, currency)
  );
}

function strangeTerm(actionType: ActionType, terms: ActionTerms): TermFault | undefined {
  const known = new Set(Object.values(termRules[actionType]).map(({ field }) => field));
  const strange = termFields.find((field) => isSaid(terms, field) && !known.has(field));
  return strange && { code: 'TERM_NOT_FOR_TYPE', term: termName(actionType, strange), actionType };
}

function missingTerm(actionType: ActionType, terms: ActionTerms): TermFault | undefined {
  const missing = Object.entries(termRules[actionType]).find(
    ([, { needed, field }]) => needed && !isSaid(terms, field),
  );
  const term = missing?.[0] ?? (actionType === 'MERGER' ? missingInMerger(terms) : undefined);
  return term === undefined ? undefined : { code: 'TERM_MISSING', term, actionType };
}

function missingInMerger(terms: ActionTerms): string | undefined {
  if (!isSaid(terms, 'ratioNew')) return terms.cashPerShare === null ? 'ratio' : undefined;
  return terms.otherSymbol === null ? 'acquirer' : undefined;
}

function valueFault(actionType: ActionType, terms: ActionTerms): ValueFault | undefined {
  for (const field of termFields) {
    const code = isSaid(terms, field) ? valueCode(terms, field) : undefined;
    if (code === undefined) continue;
    const actual = termText(terms, field) ?? 'half of a ratio';
    return { code, term: termName(actionType, field), actual };
  }
  return undefined;
}

/** What is wrong with the value of a term that is said. */
function valueCode(terms: ActionTerms, field: TermField): ValueCode | undefined {
  switch (field) {
    case 'ratioNew':
      return isAboveZero(terms.ratioNew) && isAboveZero(terms.ratioOld)
        ? undefined
        : 'RATIO_NOT_POSITIVE';
    case 'exchangeRate':
      return isAboveZero(terms[field]) ? undefined : 'RATIO_NOT_POSITIVE';
    case 'amountPerShare':
      return isAboveZero(terms[field]) ? undefined : 'AMOUNT_NOT_POSITIVE';
    case 'priceInLieu':
    case 'cashPerShare':
    case 'otherPrice':
    case 'ownPrice':
    case 'subscriptionPrice':
      return isAboveZero(terms[field]) ? undefined : 'PRICE_NOT_POSITIVE';
    case 'acceptedQuantityMax':
      return isAboveZero(terms[field]) ? undefined : 'QUANTITY_NOT_POSITIVE';
    case 'withholdingPercent':
    case 'basisPercent':
      return isPercent(terms[field]) ? undefined : 'PERCENT_OUT_OF_RANGE';
    case 'dividendKind':
    case 'currency':
    case 'fractions':
    case 'otherSymbol':
      return undefined;
  }
}

function isAboveZero(value: bigint | null): boolean {
  return value !== null && value > 0n;
}

const hundredPercent = Percentage.of('100');

function isPercent(value: Percentage | null): boolean {
  return value !== null && value >= 0n && value <= hundredPercent;
}

function sameSymbol(
  actionType: ActionType,
  symbol: string,
  { otherSymbol }: ActionTerms,
): TermFault | undefined {
  return otherSymbol === symbol
    ? { code: 'SYMBOL_NOT_ANOTHER', term: termName(actionType, 'otherSymbol'), symbol }
    : undefined;
}

function currencyFault(
  actionType: ActionType,
  { currency, exchangeRate }: ActionTerms,
  instrumentCurrency: CurrencyCode,
): TermFault | undefined {
  if (currency !== null && parseCurrency(currency) === undefined) {
    return { code: 'CURRENCY_UNKNOWN', currency };
  }
  if (currency === null || currency === instrumentCurrency) {
    return exchangeRate === null
      ? undefined
      : { code: 'EXCHANGE_RATE_NOT_NEEDED', currency: instrumentCurrency };
  }
  // Accounts are paid in the currency of the instrument, whatever the issuer pays in.
  if (actionType !== 'DIVIDEND') {
    return { code: 'CURRENCY_NOT_THE_INSTRUMENTS', currency, instrumentCurrency };
  }
  return exchangeRate === null
    ? { code: 'TERM_MISSING', term: 'exchange_rate', actionType }
    : undefined;
}
