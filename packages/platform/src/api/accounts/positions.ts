import type { Clock, EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  AccountIdIn,
  PositionAnswer,
  PositionWithLots,
  SymbolIn,
} from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { BusinessMoment, TemporalQueries } from '../../ledger/temporal-queries.ts';
import { accountExists } from '../../queries/accounts.ts';
import { portfolioNow } from '../../queries/portfolio-now.ts';
import { listPositions } from '../../queries/positions.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema } from '../operation.ts';
import {
  pageFrom,
  pageOf,
  pageQuery,
  pageRequestOf,
  type PageQuery,
  type PageRequest,
} from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, reflect, requireInLog, type ReachPosition } from '../read-position.ts';
import { accountParams } from './command-route.ts';
import { momentOf, temporalQuery, type MomentQuery } from './moment.ts';
import { lotAnswer, pastPositions, positionOfRow, type Seen } from './position-answers.ts';
import { unknownAccount } from './unknown-account.ts';

export interface PositionParts {
  readonly ledger: Pick<Ledger, 'accountNow' | 'market'>;
  readonly temporal: Pick<TemporalQueries, 'portfolio'>;
  readonly views: ViewDatabase;
  readonly log: Pick<EventLog, 'head'>;
  readonly clock: Clock;
  readonly reach: ReachPosition;
}

export function positionRoutes(api: FastifyInstance, parts: PositionParts): void {
  listRoute(api, parts);
  oneRoute(api, parts);
}

interface PositionQuery extends MomentQuery, PageQuery {
  readonly symbol?: InstrumentSymbol;
  readonly includeClosed?: 'true' | 'false';
  readonly minPosition?: number;
}

function listRoute(api: FastifyInstance, parts: PositionParts): void {
  const schema = querySchema({
    tag: 'Positions',
    id: 'listPositions',
    access: { resource: 'positions', permission: 'READ', ownBy: 'PATH' },
    summary: 'List the positions of an account, now or as of a moment',
    params: accountParams,
    query: {
      ...temporalQuery,
      symbol: optional(SymbolIn),
      includeClosed: optional(
        Type.Enum(['true', 'false']),
        'Also those that have become zero, for their realized gains',
      ),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('PositionPage', PositionAnswer) },
    errors: ['ACCOUNT_UNKNOWN', 'AS_OF_INVALID'],
  });
  const { ledger, temporal, views, log, clock, reach } = parts;
  api.get<{ Params: { readonly accountId: AccountId }; Querystring: PositionQuery }>(
    '/accounts/:accountId/positions',
    { schema },
    async ({ params: { accountId }, query }, reply) => {
      const page = pageRequestOf(query, ['symbol']);
      const filter = { symbol: query.symbol, includeClosed: query.includeClosed === 'true' };
      const moment = momentOf(query, ledger.market, clock);
      if (moment !== undefined) {
        const reflected = await requireInLog(log, query.minPosition);
        const seen = await temporal.portfolio(accountId, moment);
        if (seen === undefined) throw unknownAccount(accountId, ' at that moment');
        reflect(reply, reflected);
        return pageOfPast(seen, filter, page);
      }
      await reach(reply, query.minPosition);
      const rows = await listPositions(views, accountId, filter, page.after, page.limit + 1);
      if (rows.length === 0 && !(await accountExists(views, accountId))) {
        throw unknownAccount(accountId);
      }
      return pageFrom(
        rows,
        page.limit,
        (row) => positionOfRow(row, ledger.market),
        ({ symbol }) => [symbol],
      );
    },
  );
}

function pageOfPast(
  seen: Seen,
  { symbol: only, includeClosed }: { symbol: string | undefined; includeClosed: boolean },
  { after: [after] = [''], limit }: PageRequest<readonly [string]>,
) {
  const rows = pastPositions(seen, includeClosed).filter(
    ({ symbol }) => symbol > after && (only === undefined || symbol === only),
  );
  return pageFrom(
    rows,
    limit,
    (row) => row,
    ({ symbol }) => [symbol],
  );
}

function oneRoute(api: FastifyInstance, parts: PositionParts): void {
  const schema = querySchema({
    tag: 'Positions',
    id: 'getPosition',
    access: { resource: 'positions', permission: 'READ', ownBy: 'PATH' },
    summary: 'Show one position with its lots, now or as of a moment',
    params: Type.Object({ accountId: AccountIdIn, symbol: SymbolIn }),
    query: { ...temporalQuery, minPosition: MinPosition },
    answers: { 200: PositionWithLots },
    errors: ['ACCOUNT_UNKNOWN', 'POSITION_UNKNOWN', 'AS_OF_INVALID'],
  });
  const { ledger, log, clock } = parts;
  api.get<{
    Params: { readonly accountId: AccountId; readonly symbol: InstrumentSymbol };
    Querystring: MomentQuery & { readonly minPosition?: number };
  }>('/accounts/:accountId/positions/:symbol', { schema }, async (request, reply) => {
    const { accountId, symbol } = request.params;
    const moment = momentOf(request.query, ledger.market, clock);
    const reflected = await requireInLog(log, request.query.minPosition);
    await ledger.market.reach(reflected);
    const seen = await portfolioAt(accountId, moment, parts);
    const answer = pastPositions(seen, true).find((position) => position.symbol === symbol);
    if (answer === undefined) {
      throw new Refusal(
        'POSITION_UNKNOWN',
        `Account ${accountId} has no position in ${symbol}, and no gain from one.`,
      );
    }
    reflect(reply, reflected);
    const held = seen.portfolio.positions.find((position) => position.symbol === symbol);
    return { ...answer, lots: (held?.lots ?? []).map(lotAnswer) } satisfies PositionWithLots;
  });
}

async function portfolioAt(
  accountId: AccountId,
  moment: BusinessMoment | undefined,
  { ledger, temporal }: Pick<PositionParts, 'ledger' | 'temporal'>,
): Promise<Seen> {
  if (moment === undefined) {
    const { account } = await ledger.accountNow(accountId);
    if (account === undefined) throw unknownAccount(accountId);
    return portfolioNow(account, ledger.market);
  }
  const seen = await temporal.portfolio(accountId, moment);
  if (seen === undefined) throw unknownAccount(accountId, ' at that moment');
  return seen;
}
