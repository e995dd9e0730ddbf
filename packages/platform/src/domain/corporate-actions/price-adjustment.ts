import { addDays, calendarDate, type CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { Price, Quantity } from '../money/money.ts';
import { factor, inverse, one, scaled, times, type Factor } from './factor.ts';
import {
  comesLast,
  movesPrices,
  priceEffect,
  type ActionInForce,
  type PriceEffect,
} from './price-effect.ts';
import { symbolHistory, type SymbolSpan } from './symbol-history.ts';

/** `split` makes prices comparable over splits; `all` over what was paid out, too. */
export type Adjustment = 'none' | 'split' | 'all';

export interface DatedClose {
  readonly date: CalendarDate;
  readonly close: Price;
}

/** What is known of the instruments that a history may lead through. */
export interface PriceSources {
  /** The actions in force on a symbol. */
  postedOn(symbol: InstrumentSymbol): readonly ActionInForce[];
  /** The changes of symbol in force that ended in this one. */
  changesInto(symbol: InstrumentSymbol): readonly ActionInForce[];
  /** The raw close of the date, or of the last day before it that has one. */
  closeAtOrBefore(symbol: InstrumentSymbol, date: CalendarDate): DatedClose | undefined;
  currencyOf(symbol: InstrumentSymbol): CurrencyCode | undefined;
}

/** An action in the history of an instrument's prices. */
export interface PriceStep extends PriceEffect {
  readonly action: ActionInForce;
  readonly exDate: CalendarDate;
  /** Of this action and all that come after it: for prices from before it. */
  readonly cumulative: CumulativeFactors;
}

export interface CumulativeFactors {
  readonly splitDivisor: Factor;
  readonly dividendFactor: Factor;
}

/** How the prices of an instrument hang together over its corporate actions. */
export interface PriceHistory {
  /** The present symbol first. */
  readonly spans: readonly SymbolSpan[];
  /** Ascending by ex-date. */
  readonly steps: readonly PriceStep[];
}

export function priceHistory(symbol: InstrumentSymbol, sources: PriceSources): PriceHistory {
  const spans = symbolHistory(symbol, (of) => sources.changesInto(of));
  const actions = spans.flatMap((span) => actionsIn(span, sources)).toSorted(byExDate);
  return { spans, steps: cumulated(effectsOf(actions, spans, sources)) };
}

/** The factors for prices of a date: those of all actions that went ex after it. */
export function factorsOn({ steps }: PriceHistory, date: CalendarDate): CumulativeFactors {
  let from = 0;
  let to = steps.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((steps[middle] as PriceStep).exDate > date) to = middle;
    else from = middle + 1;
  }
  return steps[from]?.cumulative ?? unchanged;
}

/** A raw price in terms of today's shares: divided by the splits since, and for `all` less what was paid out. */
export function adjustedPrice(
  raw: Price,
  { splitDivisor, dividendFactor }: CumulativeFactors,
  adjustment: Adjustment,
): Price {
  switch (adjustment) {
    case 'none':
      return raw;
    case 'split':
      return Price.units(scaled(raw, inverse(splitDivisor)));
    case 'all':
      return Price.units(scaled(raw, times(inverse(splitDivisor), dividendFactor)));
  }
}

/** A volume in terms of today's shares: what was paid out does not change it. */
export function adjustedVolume(
  raw: Quantity,
  { splitDivisor }: CumulativeFactors,
  adjustment: Adjustment,
): Quantity {
  return adjustment === 'none' ? raw : Quantity.units(scaled(raw, splitDivisor));
}

const unchanged: CumulativeFactors = { splitDivisor: one, dividendFactor: one };

/**
 * Those that went ex while the instrument was traded under the symbol. On the day on which the symbol changes,
 * an action may have been announced under either: a reverse split is often given a new symbol.
 */
function actionsIn({ symbol, from, until }: SymbolSpan, sources: PriceSources): ActionInForce[] {
  return sources.postedOn(symbol).filter((action) => {
    const { exDate } = action.announcement;
    return (
      movesPrices(action) &&
      (from === null || exDate >= from) &&
      (until === null || exDate <= until)
    );
  });
}

function byExDate(left: ActionInForce, right: ActionInForce): number {
  return (
    order(left.announcement.exDate, right.announcement.exDate) ||
    Number(comesLast(left)) - Number(comesLast(right)) ||
    order(left.id, right.id)
  );
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

type Effect = Omit<PriceStep, 'cumulative'>;

/**
 * The effect of each action, in their order. Between a close and the next several actions may go ex: each is
 * measured by what the ones before it left of that close, so that two dividends on a day count as their sum.
 */
function effectsOf(
  actions: readonly ActionInForce[],
  spans: readonly SymbolSpan[],
  sources: PriceSources,
): readonly Effect[] {
  let closeDate: CalendarDate | undefined;
  let worth: Factor | undefined;
  return actions.map((action) => {
    const { exDate, symbol } = action.announcement;
    const close = lastCloseBefore(exDate, spans, sources);
    if (close?.date !== closeDate) {
      closeDate = close?.date;
      worth = close && factor(close.close, 1n);
    }
    const effect = priceEffect(action, worth, sources.currencyOf(symbol));
    worth &&= times(worth, times(effect.dividendFactor, inverse(effect.splitDivisor)));
    return { action, exDate, ...effect };
  });
}

function lastCloseBefore(
  exDate: CalendarDate,
  spans: readonly SymbolSpan[],
  sources: PriceSources,
): DatedClose | undefined {
  for (const { symbol, from, until } of spans) {
    const end = until !== null && until < exDate ? until : exDate;
    if ((from !== null && from >= end) || end === firstDate) continue;
    const close = sources.closeAtOrBefore(symbol, addDays(end, -1));
    if (close !== undefined && (from === null || close.date >= from)) return close;
  }
  return undefined;
}

/** No date lies before it. */
const firstDate = calendarDate('0001-01-01');

function cumulated(effects: readonly Effect[]): readonly PriceStep[] {
  let cumulative = unchanged;
  const backwards = effects.toReversed().map((effect): PriceStep => {
    cumulative = {
      splitDivisor: times(cumulative.splitDivisor, effect.splitDivisor),
      dividendFactor: times(cumulative.dividendFactor, effect.dividendFactor),
    };
    return { ...effect, cumulative };
  });
  return backwards.toReversed();
}
