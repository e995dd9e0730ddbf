import type { CalendarDate } from '@counterfoil/event-store';
import { factorText, type Factor } from '../domain/corporate-actions/factor.ts';
import {
  adjustedPrice,
  adjustedVolume,
  factorsOn,
  type Adjustment,
  type PriceHistory,
  type PriceStep,
} from '../domain/corporate-actions/price-adjustment.ts';
import { comesLast } from '../domain/corporate-actions/price-effect.ts';
import { Price, Quantity } from '../domain/money/money.ts';
import { listCloses, type CloseFilter } from './instruments.ts';
import type { CloseRow, ViewDatabase } from './views.ts';

/**
 * The closes of an instrument under all the symbols it has had, the earliest first, in terms of today's shares.
 * Rows keep the symbol of their time.
 */
export async function listAdjustedCloses(
  views: ViewDatabase,
  history: PriceHistory,
  adjustment: Adjustment,
  filter: CloseFilter,
  after: readonly [date: string] | undefined,
  limit: number,
): Promise<readonly CloseRow[]> {
  const rows: CloseRow[] = [];
  for (const { symbol, from, until } of history.spans.toReversed()) {
    if (rows.length >= limit) break;
    const span = { ...filter, from: later(filter.from, from), before: until ?? undefined };
    rows.push(...(await listCloses(views, symbol, span, after, limit - rows.length)));
  }
  return rows.map((row) => adjusted(row, history, adjustment));
}

function later(left: string | undefined, right: string | null): string | undefined {
  if (right === null) return left;
  return left === undefined || left < right ? right : left;
}

function adjusted(row: CloseRow, history: PriceHistory, adjustment: Adjustment): CloseRow {
  const factors = factorsOn(history, row.date as CalendarDate);
  const price = (raw: string): string =>
    Price.format(adjustedPrice(Price.of(raw), factors, adjustment));
  return {
    ...row,
    open: price(row.open),
    high: price(row.high),
    low: price(row.low),
    close: price(row.close),
    volume: Quantity.format(adjustedVolume(Quantity.of(row.volume), factors, adjustment)),
  };
}

/** A place among the actions of a history. */
export type StepKey = readonly [exDate: string, last: number, actionId: string];

/** The actions of a history behind a place, the earliest first, with their factors as text. */
export function listSteps(
  { steps }: PriceHistory,
  after: StepKey | undefined,
  limit: number,
): readonly StepRow[] {
  return steps
    .filter((step) => after === undefined || isBehind(keyOf(step), after))
    .slice(0, limit)
    .map((step) => ({ key: keyOf(step), cells: cellsOf(step) }));
}

function keyOf({ action, exDate }: PriceStep): StepKey {
  return [exDate, comesLast(action) ? 1 : 0, action.id];
}

function isBehind(key: StepKey, after: StepKey): boolean {
  const [exDate, last, id] = key;
  const [afterDate, afterLast, afterId] = after;
  if (exDate !== afterDate) return exDate > afterDate;
  return last === afterLast ? id > afterId : last > afterLast;
}

/** To as many digits as a side of a ratio has; the prices are adjusted with the exact quotients. */
const text = (factor: Factor): string => factorText(factor, 12);

export interface StepRow {
  readonly key: StepKey;
  readonly cells: ReturnType<typeof cellsOf>;
}

function cellsOf({ action, exDate, leftOut, cumulative, ...effect }: PriceStep) {
  return {
    exDate,
    actionId: action.id,
    eventType: action.announcement.actionType,
    symbol: action.announcement.symbol,
    splitDivisor: text(effect.splitDivisor),
    dividendFactor: text(effect.dividendFactor),
    cumulativeSplitDivisor: text(cumulative.splitDivisor),
    cumulativeDividendFactor: text(cumulative.dividendFactor),
    leftOut,
  };
}
