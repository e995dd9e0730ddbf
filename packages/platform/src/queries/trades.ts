import { queried } from './failure.ts';
import type { TradeRow, ViewDatabase } from './views.ts';

export interface TradeFilter {
  readonly symbol?: string | undefined;
  readonly side?: string | undefined;
  readonly status?: string | undefined;
  /** The first trade date. */
  readonly from?: string | undefined;
  /** The last trade date, included. */
  readonly to?: string | undefined;
}

/** The trades of an account, the latest first: by trade date, then by place in the log. */
export function listTrades(
  views: ViewDatabase,
  accountId: string,
  { symbol, side, status, from, to }: TradeFilter,
  after: readonly [tradeDate: string, position: number] | undefined,
  limit: number,
): Promise<readonly TradeRow[]> {
  let query = views
    .selectFrom('trade_history')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('trade_date', 'desc')
    .orderBy('position', 'desc')
    .limit(limit);
  if (symbol !== undefined) query = query.where('symbol', '=', symbol);
  if (side !== undefined) query = query.where('side', '=', side as TradeRow['side']);
  if (status !== undefined) query = query.where('status', '=', status as TradeRow['status']);
  if (from !== undefined) query = query.where('trade_date', '>=', from);
  if (to !== undefined) query = query.where('trade_date', '<=', to);
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('trade_date', 'position'), '<', tuple(...after)),
    );
  }
  return queried(query.execute());
}
