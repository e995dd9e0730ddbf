import type { ActionTerms, ActionType, Announcement } from './events.ts';

// What is to be said of each type of action, and what ISO 15022 and 20022 call it.

/** A term; `ratioNew` stands for both sides of the ratio. */
export type TermField = Exclude<keyof ActionTerms, 'ratioOld'>;

export interface TermRule {
  readonly field: TermField;
  readonly needed: boolean;
}

const needed = (field: TermField): TermRule => ({ field, needed: true });
const allowed = (field: TermField): TermRule => ({ field, needed: false });

const forFractions = { fractions: allowed('fractions'), price_in_lieu: allowed('priceInLieu') };

/**
 * The terms of each type, under the names that clients know them by. Prices that may be left out are looked
 * up when the action is processed. A merger needs its ratio, its cash or both, and the buyer with a ratio.
 */
export const termRules: Readonly<Record<ActionType, Readonly<Record<string, TermRule>>>> = {
  DIVIDEND: {
    amount: needed('amountPerShare'),
    kind: allowed('dividendKind'),
    currency: allowed('currency'),
    withholding_percent: allowed('withholdingPercent'),
    exchange_rate: allowed('exchangeRate'),
  },
  RETURN_OF_CAPITAL: { amount: needed('amountPerShare'), currency: allowed('currency') },
  STOCK_SPLIT: { ratio: needed('ratioNew'), ...forFractions },
  STOCK_DIVIDEND: { ratio: needed('ratioNew'), ...forFractions },
  MERGER: {
    acquirer: allowed('otherSymbol'),
    ratio: allowed('ratioNew'),
    cash_per_share: allowed('cashPerShare'),
    acquirer_price: allowed('otherPrice'),
    ...forFractions,
  },
  SPIN_OFF: {
    child: needed('otherSymbol'),
    ratio: needed('ratioNew'),
    basis_percent: allowed('basisPercent'),
    child_price: allowed('otherPrice'),
    parent_price: allowed('ownPrice'),
    ...forFractions,
  },
  RIGHTS_ISSUE: { ratio: needed('ratioNew'), subscription_price: needed('subscriptionPrice') },
  TENDER_OFFER: { price: needed('cashPerShare'), quantity_max: allowed('acceptedQuantityMax') },
  SYMBOL_CHANGE: { new_symbol: needed('otherSymbol') },
};

export const noTerms: ActionTerms = {
  dividendKind: null,
  amountPerShare: null,
  currency: null,
  exchangeRate: null,
  withholdingPercent: null,
  ratioNew: null,
  ratioOld: null,
  fractions: null,
  priceInLieu: null,
  otherSymbol: null,
  cashPerShare: null,
  otherPrice: null,
  ownPrice: null,
  basisPercent: null,
  subscriptionPrice: null,
  acceptedQuantityMax: null,
};

export const termFields = Object.keys(noTerms).filter(
  (field) => field !== 'ratioOld',
) as TermField[];

/** The terms as they are said, with what goes without saying: an ordinary dividend, cash for fractions. */
export function termsWithDefaults(type: ActionType, said: Partial<ActionTerms>): ActionTerms {
  const terms = { ...noTerms, ...said };
  const makesFractions = 'fractions' in termRules[type] && terms.ratioNew !== null;
  return {
    ...terms,
    dividendKind: terms.dividendKind ?? (type === 'DIVIDEND' ? 'ORDINARY' : null),
    fractions: terms.fractions ?? (makesFractions ? 'CINL' : null),
  };
}

export function isSaid(terms: ActionTerms, field: TermField): boolean {
  return field === 'ratioNew'
    ? terms.ratioNew !== null || terms.ratioOld !== null
    : terms[field] !== null;
}

/** What the type calls a term; of one that is not for it, what the first type that has it does. */
export function termName(type: ActionType, field: TermField): string {
  for (const rules of [termRules[type], ...Object.values(termRules)]) {
    const found = Object.entries(rules).find(([, rule]) => rule.field === field);
    if (found !== undefined) return found[0];
  }
  return field;
}

/** The code of the event (CAEV, :22F: of MT564). */
export function caevOf({ actionType, terms }: Pick<Announcement, 'actionType' | 'terms'>): string {
  switch (actionType) {
    case 'DIVIDEND':
      return 'DVCA';
    case 'STOCK_DIVIDEND':
      return 'DVSE';
    case 'STOCK_SPLIT':
      return (terms.ratioNew ?? 0n) > (terms.ratioOld ?? 0n) ? 'SPLF' : 'SPLR';
    case 'MERGER':
      return 'MRGR';
    case 'SPIN_OFF':
      return 'SOFF';
    case 'RIGHTS_ISSUE':
      return 'RHDI';
    case 'TENDER_OFFER':
      return 'TEND';
    case 'SYMBOL_CHANGE':
      return 'CHAN';
    case 'RETURN_OF_CAPITAL':
      return 'CAPD';
  }
}

/** Whether holders are asked (CAMV): rights come to all, and each chooses what to do with them. */
export function camvOf(actionType: ActionType): 'MAND' | 'CHOS' | 'VOLU' {
  switch (actionType) {
    case 'RIGHTS_ISSUE':
      return 'CHOS';
    case 'TENDER_OFFER':
      return 'VOLU';
    case 'DIVIDEND':
    case 'STOCK_DIVIDEND':
    case 'STOCK_SPLIT':
    case 'MERGER':
    case 'SPIN_OFF':
    case 'SYMBOL_CHANGE':
    case 'RETURN_OF_CAPITAL':
      return 'MAND';
  }
}
