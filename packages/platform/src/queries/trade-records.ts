import type { CalendarDate } from '@counterfoil/event-store';
import type { RecordId } from '../domain/trade-records/events.ts';
import { anyOf } from './any-of.ts';
import { queried } from './failure.ts';
import type { TradeRecordRow, ViewDatabase } from './views.ts';

export interface TradeRecordFilter {
  readonly book_id?: string | undefined;
  readonly counterparty_id?: string | undefined;
  readonly account?: string | undefined;
  /** Only those booked in these accounts; undefined for all. */
  readonly own?: readonly string[] | undefined;
  readonly version?: number | undefined;
  readonly expired?: 'Y' | 'N' | undefined;
  /** The first maturity date. */
  readonly maturity_from?: string | undefined;
  /** The last maturity date, included. */
  readonly maturity_to?: string | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
}

/** Captured trades in order of their ids, at most `limit`, behind the one given. */
export function listTradeRecords(
  views: ViewDatabase,
  filter: TradeRecordFilter,
  after: readonly [tradeId: string] | undefined,
  limit: number,
): Promise<readonly TradeRecordRow[]> {
  let query = views.selectFrom('trade_records').selectAll().orderBy('trade_id').limit(limit);
  if (filter.book_id !== undefined) query = query.where('book_id', '=', filter.book_id);
  if (filter.counterparty_id !== undefined) {
    query = query.where('counterparty_id', '=', filter.counterparty_id);
  }
  if (filter.account !== undefined) query = query.where('account_id', '=', filter.account);
  if (filter.own !== undefined) query = query.where('account_id', 'in', anyOf(filter.own));
  if (filter.version !== undefined) query = query.where('version', '=', filter.version);
  if (filter.expired !== undefined) query = query.where('expired', '=', filter.expired);
  if (filter.maturity_from !== undefined) {
    query = query.where('maturity_date', '>=', filter.maturity_from);
  }
  if (filter.maturity_to !== undefined) {
    query = query.where('maturity_date', '<=', filter.maturity_to);
  }
  if (filter.created_from !== undefined) {
    query = query.where('created_date', '>=', filter.created_from);
  }
  if (filter.created_to !== undefined) {
    query = query.where('created_date', '<=', filter.created_to);
  }
  if (after !== undefined) query = query.where('trade_id', '>', after[0]);
  return queried(query.execute());
}

/** Trades that matured on a date or before and are not marked as expired, the earliest maturity first. */
export async function maturedTrades(
  views: ViewDatabase,
  until: CalendarDate,
  limit: number,
): Promise<readonly RecordId[]> {
  const query = views
    .selectFrom('trade_records')
    .select('trade_id')
    .where('expired', '=', 'N')
    .where('maturity_date', '<=', until)
    .orderBy('maturity_date')
    .orderBy('trade_id')
    .limit(limit);
  return (await queried(query.execute())).map(({ trade_id }) => trade_id as RecordId);
}
