import { queried } from './failure.ts';
import type { CloseRow, InstrumentRow, LastPriceRow, ViewDatabase } from './views.ts';

export interface InstrumentFilter {
  readonly status?: string | undefined;
  readonly currency?: string | undefined;
}

/** Instruments in order of their symbols. */
export function listInstruments(
  views: ViewDatabase,
  { status, currency }: InstrumentFilter,
  after: readonly [symbol: string] | undefined,
  limit: number,
): Promise<readonly InstrumentRow[]> {
  let query = views.selectFrom('instruments').selectAll().orderBy('symbol').limit(limit);
  if (status !== undefined) query = query.where('status', '=', status as InstrumentRow['status']);
  if (currency !== undefined) query = query.where('currency', '=', currency);
  if (after !== undefined) query = query.where('symbol', '>', after[0]);
  return queried(query.execute());
}

export function findInstrument(
  views: ViewDatabase,
  symbol: string,
): Promise<InstrumentRow | undefined> {
  const query = views.selectFrom('instruments').selectAll().where('symbol', '=', symbol);
  return queried(query.executeTakeFirst());
}

export function findLastPrice(
  views: ViewDatabase,
  symbol: string,
): Promise<LastPriceRow | undefined> {
  const query = views.selectFrom('last_prices').selectAll().where('symbol', '=', symbol);
  return queried(query.executeTakeFirst());
}

export interface CloseFilter {
  readonly from?: string | undefined;
  /** Included. */
  readonly to?: string | undefined;
  /** Not included. */
  readonly before?: string | undefined;
}

/** The closes of an instrument, the earliest first. */
export function listCloses(
  views: ViewDatabase,
  symbol: string,
  { from, to, before }: CloseFilter,
  after: readonly [date: string] | undefined,
  limit: number,
): Promise<readonly CloseRow[]> {
  let query = views
    .selectFrom('closing_prices')
    .selectAll()
    .where('symbol', '=', symbol)
    .orderBy('date')
    .limit(limit);
  if (from !== undefined) query = query.where('date', '>=', from);
  if (to !== undefined) query = query.where('date', '<=', to);
  if (before !== undefined) query = query.where('date', '<', before);
  if (after !== undefined) query = query.where('date', '>', after[0]);
  return queried(query.execute());
}
