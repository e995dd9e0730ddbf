import { queried } from '../failure.ts';
import type { TradeRow, ViewDatabase } from '../views.ts';

// Trades for reports: as many as there are, in pages that each cost the same.

export interface ReportedTrades {
  readonly account?: string | undefined;
  readonly symbol?: string | undefined;
  readonly status?: string | undefined;
  /** The first trade date. */
  readonly from?: string | undefined;
  /** The last trade date, included. */
  readonly to?: string | undefined;
  /** Trades that were recorded behind this position are not in it. */
  readonly upTo: number;
}

/** Where a page begins: behind the trade of that date and position. */
export type AfterTrade = Pick<TradeRow, 'trade_date' | 'position'>;

/**
 * The trades of an account or of a symbol, by trade date and then by position: their index has them in that
 * order.
 */
export function datedTrades(
  views: ViewDatabase,
  wanted: ReportedTrades,
  after: AfterTrade | undefined,
  limit: number,
): Promise<readonly TradeRow[]> {
  let query = filtered(views, wanted)
    .where('position', '<=', wanted.upTo)
    .selectAll()
    .orderBy('trade_date')
    .orderBy('position')
    .limit(limit);
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('trade_date', 'position'), '>', tuple(after.trade_date, after.position)),
    );
  }
  return queried(query.execute());
}

/**
 * The trades among so many positions of the log, by position. Without an account or a symbol there is no
 * index by date: what is looked at is bounded by the positions, however few trades are found.
 */
export function recordedTrades(
  views: ViewDatabase,
  wanted: ReportedTrades,
  after: number,
  through: number,
): Promise<readonly TradeRow[]> {
  const query = filtered(views, wanted)
    .where('position', '>', after)
    .where('position', '<=', Math.min(through, wanted.upTo))
    .selectAll()
    .orderBy('position');
  return queried(query.execute());
}

/** How many trades have to be looked at behind a position; counts no further than `limit`. */
export async function countTrades(
  views: ViewDatabase,
  { account, symbol, from, to, upTo }: ReportedTrades,
  after: number,
  limit: number,
): Promise<number> {
  const isIndexed = account !== undefined || symbol !== undefined;
  const looked = isIndexed
    ? filtered(views, { account, symbol, from, to, upTo })
    : views.selectFrom('trade_history').where('position', '>', after);
  const counted = looked.select('position').limit(limit).as('looked');
  const query = views.selectFrom(counted).select(({ fn }) => fn.countAll().as('count'));
  const [row] = await queried(query.execute());
  return Number(row?.count ?? 0);
}

function filtered(views: ViewDatabase, { account, symbol, status, from, to }: ReportedTrades) {
  let query = views.selectFrom('trade_history');
  if (account !== undefined) query = query.where('account_id', '=', account);
  if (symbol !== undefined) query = query.where('symbol', '=', symbol);
  if (status !== undefined) query = query.where('status', '=', status as TradeRow['status']);
  if (from !== undefined) query = query.where('trade_date', '>=', from);
  if (to !== undefined) query = query.where('trade_date', '<=', to);
  return query;
}
