import type { FastifyInstance } from 'fastify';
import { SideIn, SymbolIn, TradeAnswer, TradeStatusIn } from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import { DateIn } from '../../domain/calendar/contract.ts';
import { accountExists } from '../../queries/accounts.ts';
import { listTrades, type TradeFilter } from '../../queries/trades.ts';
import type { TradeRow, ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { requireRange } from '../ranges.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { accountParams } from './command-route.ts';
import { unknownAccount } from './unknown-account.ts';

export interface TradeReadParts {
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
}

interface Query extends TradeFilter, PageQuery {
  readonly minPosition?: number;
}

export function tradeRoutes(api: FastifyInstance, { views, reach }: TradeReadParts): void {
  const schema = querySchema({
    tag: 'Trades',
    id: 'listTrades',
    access: { resource: 'trades', permission: 'READ', ownBy: 'PATH' },
    summary: 'List the trades of an account, the latest first: booked, cancelled and refused',
    params: accountParams,
    query: {
      symbol: optional(SymbolIn),
      side: optional(SideIn),
      status: optional(TradeStatusIn),
      from: optional(DateIn, 'The first trade date'),
      to: optional(DateIn, 'The last trade date, included'),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('TradePage', TradeAnswer) },
    errors: ['ACCOUNT_UNKNOWN', 'RANGE_INVALID'],
  });
  api.get<{ Params: { readonly accountId: AccountId }; Querystring: Query }>(
    '/accounts/:accountId/trades',
    { schema },
    async ({ params: { accountId }, query }, reply) => {
      requireRange(query);
      const { after, limit } = pageRequestOf(query, ['tradeDate', 0]);
      await reach(reply, query.minPosition);
      const rows = await listTrades(views, accountId, query, after, limit + 1);
      if (rows.length === 0 && !(await accountExists(views, accountId))) {
        throw unknownAccount(accountId);
      }
      return pageFrom(rows, limit, tradeAnswer, (row) => [row.trade_date, row.position]);
    },
  );
}

function tradeAnswer(row: TradeRow): TradeAnswer {
  return {
    accountId: row.account_id,
    tradeId: row.trade_id,
    symbol: row.symbol,
    side: row.side,
    quantity: row.quantity,
    price: row.price,
    fees: row.fees,
    amount: row.amount,
    realizedPnl: row.realized_pnl,
    currency: row.currency,
    tradeDate: row.trade_date,
    settlementDate: row.settlement_date,
    status: row.status,
    replaces: row.replaces,
    cancelReason: row.cancel_reason,
    refusalCode: row.refusal_code,
    refusalLimit: row.refusal_limit,
    refusalActual: row.refusal_actual,
    recordedAt: row.recorded_at,
    position: row.position,
  };
}
