import { calendarDate, type CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { currency } from '../money/currency.ts';
import { Percentage, Price, Ratio } from '../money/money.ts';
import type { ActionId, ActionTerms, ActionType, Announcement } from './events.ts';
import type { PriceSources } from './price-adjustment.ts';
import type { ActionInForce } from './price-effect.ts';
import { noTerms } from './terms.ts';

export const acme = 'ACME' as InstrumentSymbol;

export function announced(
  actionType: ActionType,
  exDate: string,
  terms: Partial<ActionTerms>,
  symbol = acme,
): Announcement {
  return {
    actionType,
    symbol,
    terms: { ...noTerms, ...terms },
    exDate: calendarDate(exDate),
    recordDate: null,
    paymentDate: null,
    effectiveDate: calendarDate(exDate),
    electionDeadline: null,
    defaultOption: null,
    completeness: 'COMPLETE',
    confirmation: 'CONFIRMED',
    source: 'test',
    sourceReference: null,
  };
}

let made = 0;

export function nextId(): ActionId {
  made += 1;
  return `CA-${String(made).padStart(18, '0')}` as ActionId;
}

function inForce(...announcement: Parameters<typeof announced>): ActionInForce {
  const head = announced(...announcement);
  return { id: nextId(), announcement: head, terms: head.terms };
}

type On = Parameters<typeof announced>[3];

/** `split('2014-06-09', '7:1')`: new shares for old ones. */
export const split = (exDate: string, ratio: string, on?: On): ActionInForce =>
  inForce('STOCK_SPLIT', exDate, ratioOf(ratio), on);

/** `bonus('2014-06-09', '1:20')`: new shares besides old ones. */
export const bonus = (exDate: string, ratio: string): ActionInForce =>
  inForce('STOCK_DIVIDEND', exDate, ratioOf(ratio));

export const dividend = (
  exDate: string,
  amount: string,
  inCurrency?: string,
  on?: On,
): ActionInForce => {
  const paidIn = inCurrency === undefined ? null : currency(inCurrency);
  return inForce('DIVIDEND', exDate, { amountPerShare: Price.of(amount), currency: paidIn }, on);
};

export const returnOfCapital = (exDate: string, amount: string): ActionInForce =>
  inForce('RETURN_OF_CAPITAL', exDate, { amountPerShare: Price.of(amount) });

export const rights = (exDate: string, ratio: string, price: string): ActionInForce =>
  inForce('RIGHTS_ISSUE', exDate, { ...ratioOf(ratio), subscriptionPrice: Price.of(price) });

export const renamed = (exDate: string, from: string, to: string): ActionInForce =>
  inForce('SYMBOL_CHANGE', exDate, { otherSymbol: to as InstrumentSymbol }, from as On);

export const merger = (exDate: string, cash: string): ActionInForce =>
  inForce('MERGER', exDate, { cashPerShare: Price.of(cash) });

/** With the share of the value that leaves, or the prices of child and parent after it. */
export function spinOff(
  exDate: string,
  ratio: string,
  value: { readonly percent: string } | { readonly child: string; readonly parent: string } | null,
): ActionInForce {
  const terms =
    value === null
      ? {}
      : 'percent' in value
        ? { basisPercent: Percentage.of(value.percent) }
        : { otherPrice: Price.of(value.child), ownPrice: Price.of(value.parent) };
  return inForce('SPIN_OFF', exDate, { ...ratioOf(ratio), ...terms });
}

export function ratioOf(text: string) {
  const [ratioNew = '', ratioOld = ''] = text.split(':');
  return { ratioNew: Ratio.of(ratioNew), ratioOld: Ratio.of(ratioOld) };
}

/** Closes such as `ACME 2014-06-06 645.57`, in any order; every price is in dollars. */
export function sourcesOf(
  closes: readonly string[],
  actions: readonly ActionInForce[],
): PriceSources {
  const known = closes
    .map((line) => line.split(' ') as [symbol: string, date: CalendarDate, close: string])
    .toSorted(([, left], [, right]) => (left < right ? 1 : -1));
  return {
    postedOn: (symbol) => actions.filter(({ announcement }) => announcement.symbol === symbol),
    changesInto: (symbol) =>
      actions.filter(
        ({ announcement, terms }) =>
          announcement.actionType === 'SYMBOL_CHANGE' && terms.otherSymbol === symbol,
      ),
    closeAtOrBefore: (symbol, date) => {
      const found = known.find(([of, on]) => of === symbol && on <= date);
      return found && { date: found[1], close: Price.of(found[2]) };
    },
    currencyOf: () => currency('USD'),
  };
}
