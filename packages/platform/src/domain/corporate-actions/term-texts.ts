import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { Money, Percentage, Price, Quantity, Ratio } from '../money/money.ts';
import type { ActionTerms, ActionTotals, ActionType, Announcement } from './events.ts';
import { termRules, type TermField } from './terms.ts';

// Terms and totals as text: as clients say them and hear them, and as rows keep them.

/** A term as text: a ratio as `new:old`, decimals without trailing zeros. Null when it is not said. */
export function termText(terms: ActionTerms, field: TermField): string | null {
  switch (field) {
    case 'ratioNew': {
      const { ratioNew, ratioOld } = terms;
      if (ratioNew === null || ratioOld === null) return null;
      return `${Ratio.format(ratioNew)}:${Ratio.format(ratioOld)}`;
    }
    case 'exchangeRate':
      return decimalText(terms[field], Ratio);
    case 'amountPerShare':
    case 'priceInLieu':
    case 'cashPerShare':
    case 'otherPrice':
    case 'ownPrice':
    case 'subscriptionPrice':
      return decimalText(terms[field], Price);
    case 'withholdingPercent':
    case 'basisPercent':
      return decimalText(terms[field], Percentage);
    case 'acceptedQuantityMax':
      return decimalText(terms[field], Quantity);
    case 'dividendKind':
    case 'currency':
    case 'fractions':
    case 'otherSymbol':
      return terms[field];
  }
}

function decimalText<Value extends bigint>(
  value: Value | null,
  kind: { format(value: Value): string },
): string | null {
  return value === null ? null : kind.format(value);
}

/** The terms that are said, as clients say them. */
export function termTexts({
  actionType,
  terms,
}: Pick<Announcement, 'actionType' | 'terms'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(termRules[actionType]).flatMap(([name, { field }]) => {
      const text = termText(terms, field);
      return text === null ? [] : [[name, text]];
    }),
  );
}

/** The terms that texts stand for, which fit the type's contract. Throws a RangeError. */
export function termsOfTexts(
  actionType: ActionType,
  texts: Readonly<Record<string, string | number>>,
): Partial<ActionTerms> {
  const said = Object.entries(termRules[actionType]).map(([name, { field }]) => {
    const text = texts[name];
    return text === undefined ? {} : termOfText(field, String(text));
  });
  return Object.assign({}, ...said) as Partial<ActionTerms>;
}

function termOfText(field: TermField, text: string): Partial<ActionTerms> {
  switch (field) {
    case 'ratioNew': {
      const [ratioNew = '', ratioOld = ''] = text.split(':');
      return { ratioNew: Ratio.of(ratioNew), ratioOld: Ratio.of(ratioOld) };
    }
    case 'exchangeRate':
      return { [field]: Ratio.of(text) };
    case 'amountPerShare':
    case 'priceInLieu':
    case 'cashPerShare':
    case 'otherPrice':
    case 'ownPrice':
    case 'subscriptionPrice':
      return { [field]: Price.of(text) };
    case 'withholdingPercent':
    case 'basisPercent':
      return { [field]: Percentage.of(text) };
    case 'acceptedQuantityMax':
      return { [field]: Quantity.of(text) };
    case 'dividendKind':
      return { [field]: text as ActionTerms['dividendKind'] };
    case 'currency':
      return { [field]: text as CurrencyCode };
    case 'fractions':
      return { [field]: text as ActionTerms['fractions'] };
    case 'otherSymbol':
      return { [field]: text as InstrumentSymbol };
  }
}

export function totalsTexts({ accounts, eligible, gross, tax, cash, shares }: ActionTotals) {
  return {
    accounts,
    eligible: Quantity.format(eligible),
    gross: Money.format(gross),
    tax: Money.format(tax),
    cash: Money.format(cash),
    shares: Quantity.format(shares),
  };
}
