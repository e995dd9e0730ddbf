import { queried } from './failure.ts';
import type { PositionRow, ViewDatabase } from './views.ts';

export interface PositionFilter {
  readonly symbol?: string | undefined;
  /** Those that have become zero too. */
  readonly includeClosed: boolean;
}

export interface ValuedPositionRow extends PositionRow {
  /** Raw, of that date. */
  readonly last_price: string | null;
  readonly last_price_date: string | null;
}

/** The positions of an account with the last prices, in order of their symbols. */
export function listPositions(
  views: ViewDatabase,
  accountId: string,
  { symbol, includeClosed }: PositionFilter,
  after: readonly [symbol: string] | undefined,
  limit: number,
): Promise<readonly ValuedPositionRow[]> {
  let query = views
    .selectFrom('positions')
    .leftJoin('last_prices', 'last_prices.symbol', 'positions.symbol')
    .selectAll('positions')
    .select(['last_prices.price as last_price', 'last_prices.date as last_price_date'])
    .where('positions.account_id', '=', accountId)
    .orderBy('positions.symbol')
    .limit(limit);
  if (!includeClosed) query = query.where('positions.quantity', '!=', '0');
  if (symbol !== undefined) query = query.where('positions.symbol', '=', symbol);
  if (after !== undefined) query = query.where('positions.symbol', '>', after[0]);
  return queried(query.execute());
}
