import type { Clock, EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { AccountAnswer, AccountStatusIn, AccountSummary } from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import { CurrencyIn } from '../../domain/money/contract.ts';
import { Money } from '../../domain/money/money.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { PortfolioAsOf, TemporalQueries } from '../../ledger/temporal-queries.ts';
import { listAccounts } from '../../queries/accounts.ts';
import { portfolioNow } from '../../queries/portfolio-now.ts';
import type { AccountRow, ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { MinPosition, reflect, requireInLog, type ReachPosition } from '../read-position.ts';
import { entityTag } from '../versions.ts';
import { accountParams } from './command-route.ts';
import { momentOf, temporalQuery, type MomentQuery } from './moment.ts';
import { unknownAccount } from './unknown-account.ts';

export interface AccountReadParts {
  readonly ledger: Pick<Ledger, 'accountNow' | 'market'>;
  readonly temporal: Pick<TemporalQueries, 'portfolio'>;
  readonly views: ViewDatabase;
  readonly log: Pick<EventLog, 'head'>;
  readonly clock: Clock;
  readonly reach: ReachPosition;
}

export function accountRoutes(api: FastifyInstance, parts: AccountReadParts): void {
  listRoute(api, parts);
  oneRoute(api, parts);
}

function listRoute(api: FastifyInstance, { views, reach }: AccountReadParts): void {
  const schema = querySchema({
    tag: 'Accounts',
    id: 'listAccounts',
    summary: 'List accounts in order of their ids',
    query: {
      status: optional(AccountStatusIn),
      currency: optional(CurrencyIn),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('AccountPage', AccountSummary) },
    errors: [],
  });
  interface Query extends PageQuery {
    readonly status?: string;
    readonly currency?: string;
    readonly minPosition?: number;
  }
  api.get<{ Querystring: Query }>('/accounts', { schema }, async ({ query }, reply) => {
    const { after, limit } = pageRequestOf(query, ['accountId']);
    await reach(reply, query.minPosition);
    const rows = await listAccounts(views, query, after, limit + 1);
    return pageFrom(rows, limit, summaryOf, ({ account_id }) => [account_id]);
  });
}

function summaryOf(row: AccountRow): AccountSummary {
  return {
    accountId: row.account_id,
    ownerName: row.owner_name,
    ownerKind: row.owner_kind,
    currency: row.currency,
    costMethod: row.cost_method,
    shortSelling: row.short_selling === 1,
    openedOn: row.opened_on,
    status: row.status,
    cash: row.cash,
    closedOn: row.closed_on,
    updatedAt: row.updated_at,
  };
}

function oneRoute(api: FastifyInstance, parts: AccountReadParts): void {
  const schema = querySchema({
    tag: 'Accounts',
    id: 'getAccount',
    summary: 'Show an account and what it is worth, now or as of a moment',
    description: 'For the present, the ETag is the version for If-Match.',
    params: accountParams,
    query: { ...temporalQuery, minPosition: MinPosition },
    answers: { 200: AccountAnswer },
    errors: ['ACCOUNT_UNKNOWN', 'AS_OF_INVALID'],
  });
  const { ledger, temporal, log, clock } = parts;
  api.get<{
    Params: { readonly accountId: AccountId };
    Querystring: MomentQuery & { readonly minPosition?: number };
  }>('/accounts/:accountId', { schema }, async (request, reply): Promise<AccountAnswer> => {
    const { accountId } = request.params;
    const moment = momentOf(request.query, ledger.market, clock);
    const reflected = await requireInLog(log, request.query.minPosition);
    await ledger.market.reach(reflected);
    const { account, version } = await ledger.accountNow(accountId);
    if (account === undefined) throw unknownAccount(accountId);
    const seen =
      moment === undefined
        ? portfolioNow(account, ledger.market)
        : await temporal.portfolio(accountId, moment);
    if (seen === undefined) throw unknownAccount(accountId, ' at that moment');
    if (moment === undefined) void reply.header('etag', entityTag(version));
    reflect(reply, reflected);
    const { ownerName, ownerKind, currency, costMethod, shortSelling, openedOn, status } = account;
    return {
      accountId,
      ownerName,
      ownerKind,
      currency,
      costMethod,
      shortSelling,
      openedOn,
      status,
      ...figuresOf(seen),
    };
  });
}

function figuresOf({ portfolio, valuation }: Pick<PortfolioAsOf, 'portfolio' | 'valuation'>) {
  return {
    asOf: portfolio.asOf,
    cash: Money.format(portfolio.cash),
    settledCash: Money.format(portfolio.settledCash),
    marketValue: Money.format(valuation.marketValue),
    total: Money.format(valuation.total),
    unrealizedPnl: Money.format(valuation.unrealizedPnl),
    realizedPnl: Money.format(valuation.realizedPnl),
    unpriced: [...valuation.unpriced],
  };
}
