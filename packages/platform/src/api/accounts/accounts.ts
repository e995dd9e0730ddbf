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
import type { Vault } from '../../vault/vault.ts';
import { optional, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { MinPosition, reflect, requireInLog, type ReachPosition } from '../read-position.ts';
import { entityTag } from '../versions.ts';
import { accountParams } from './command-route.ts';
import { momentOf, temporalQuery, type MomentQuery } from './moment.ts';
import { ownerName, ownerNames, unreadable, type OwnerName } from './owner-names.ts';
import { unknownAccount } from './unknown-account.ts';

export interface AccountReadParts {
  readonly ledger: Pick<Ledger, 'accountNow' | 'market'>;
  readonly temporal: Pick<TemporalQueries, 'portfolio'>;
  readonly views: ViewDatabase;
  readonly vault: Pick<Vault, 'openAll'>;
  readonly log: Pick<EventLog, 'head' | 'readStream'>;
  readonly clock: Clock;
  readonly reach: ReachPosition;
}

export function accountRoutes(api: FastifyInstance, parts: AccountReadParts): void {
  listRoute(api, parts);
  oneRoute(api, parts);
}

function listRoute(api: FastifyInstance, { views, reach, vault }: AccountReadParts): void {
  const schema = querySchema({
    tag: 'Accounts',
    id: 'listAccounts',
    access: { resource: 'accounts', permission: 'READ', ownBy: 'ROUTE' },
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
  api.get<{ Querystring: Query }>('/accounts', { schema }, async (request, reply) => {
    const { query, ownAccounts: own } = request;
    const { after, limit } = pageRequestOf(query, ['accountId']);
    await reach(reply, query.minPosition);
    const rows = await listAccounts(views, { ...query, own }, after, limit + 1);
    const names = await ownerNames(
      vault,
      rows.map((row) => ({ accountId: row.account_id as AccountId, sealed: row.owner_name })),
    );
    const named = rows.map((row, place) => ({ row, owner: names[place] ?? unreadable }));
    return pageFrom(named, limit, summaryOf, ({ row }) => [row.account_id]);
  });
}

interface NamedRow {
  readonly row: AccountRow;
  readonly owner: OwnerName;
}

function summaryOf({ row, owner }: NamedRow): AccountSummary {
  return {
    accountId: row.account_id,
    ...owner,
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
    access: { resource: 'accounts', permission: 'READ', ownBy: 'PATH' },
    summary: 'Show an account and what it is worth, now or as of a moment',
    description: 'For the present, the ETag is the version for If-Match.',
    params: accountParams,
    query: { ...temporalQuery, minPosition: MinPosition },
    answers: { 200: AccountAnswer },
    errors: ['ACCOUNT_UNKNOWN', 'AS_OF_INVALID'],
  });
  const { ledger, temporal, log, vault, clock } = parts;
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
    const { ownerKind, currency, costMethod, shortSelling, openedOn, status } = account;
    return {
      accountId,
      ...(await ownerName(log, vault, accountId)),
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
