import { addDays, calendarDate, type CalendarDate } from '@counterfoil/event-store';
import type { ActionId, ActionTerms, ActionType } from '../../corporate-actions/events.ts';
import { Percentage, Price, Quantity, Ratio } from '../../money/money.ts';
import { marketOf, symbolOf } from '../account.fixture.ts';
import type { MakeElection, PostEntitlement, ReverseEntitlement } from '../commands.ts';
import type { Election, EntitledAction } from '../events.ts';

// Corporate actions in the words of the tests of this folder.

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

export interface ActionExtras {
  readonly version?: number;
  readonly record?: string;
  /** When cash is paid; the ex-date when not given. */
  readonly pay?: string;
  readonly effective?: string;
  readonly default?: Election;
  readonly terms?: Partial<ActionTerms>;
}

/** `action('C1', 'STOCK_SPLIT', 'AAPL', '2020-08-31', { terms: ratio('4:1') })` */
export function action(
  id: string,
  actionType: ActionType,
  symbol: string,
  exDate: string,
  extras: ActionExtras = {},
): EntitledAction {
  const { version = 1, record = null, pay, effective, terms } = extras;
  const effectiveDate = calendarDate(
    effective ?? (actionType === 'DIVIDEND' ? (pay ?? exDate) : exDate),
  );
  return {
    actionId: id as ActionId,
    actionVersion: version,
    actionType,
    symbol: symbolOf(symbol),
    exDate: calendarDate(exDate),
    recordDate: record === null ? null : calendarDate(record),
    effectiveDate,
    settlementDate: pay === undefined ? effectiveDate : calendarDate(pay),
    terms: { ...noTerms, ...terms },
    election: extras.default ?? null,
  };
}

export function ratio(text: string): Partial<ActionTerms> {
  const [ratioNew = '', ratioOld = ''] = text.split(':');
  return { ratioNew: Ratio.of(ratioNew), ratioOld: Ratio.of(ratioOld) };
}

export function split(
  id: string,
  what: string,
  exDate: string,
  fractions: Partial<ActionTerms> = { fractions: 'DIST' },
  extras: ActionExtras = {},
): EntitledAction {
  const [terms = '', symbol = ''] = what.split(' ');
  return action(id, 'STOCK_SPLIT', symbol, exDate, {
    ...extras,
    terms: { ...ratio(terms), ...fractions },
  });
}

/** `dividend('D1', '0.205 AAPL', '2020-11-06', { tax: '15', pay: '2020-11-12' })` */
export function dividend(
  id: string,
  what: string,
  exDate: string,
  { tax, ...extras }: ActionExtras & { readonly tax?: string } = {},
): EntitledAction {
  const [amount = '', symbol = ''] = what.split(' ');
  return action(id, 'DIVIDEND', symbol, exDate, {
    ...extras,
    terms: {
      amountPerShare: Price.of(amount),
      withholdingPercent: tax === undefined ? null : Percentage.of(tax),
      ...extras.terms,
    },
  });
}

export function inLieu(price: string): Partial<ActionTerms> {
  return { fractions: 'CINL', priceInLieu: Price.of(price) };
}

export function chosen(option: Election['option'], quantity = '0'): Election {
  return { option, quantity: Quantity.of(quantity) };
}

export function post(entitled: EntitledAction): PostEntitlement {
  return {
    type: 'PostEntitlement',
    action: entitled,
    settlementDate: (tradeDate: CalendarDate) => addDays(tradeDate, 1),
  };
}

export function reverse({ actionId, symbol }: EntitledAction): ReverseEntitlement {
  return { type: 'ReverseEntitlement', actionId, symbol, reason: 'withdrawn' };
}

/** `elect('C1', 'TENDER', '50 AAPL')`: until the end of 2026. */
export function elect(
  id: string,
  option: MakeElection['option'],
  what: string,
  more: Partial<MakeElection> = {},
): MakeElection {
  const [quantity = '', symbol = ''] = what.split(' ');
  return {
    type: 'MakeElection',
    actionId: id as ActionId,
    symbol: symbolOf(symbol),
    option,
    quantity: Quantity.of(quantity),
    terms: noTerms,
    deadline: calendarDate('2026-12-31'),
    market: marketOf(),
    ...more,
  };
}
