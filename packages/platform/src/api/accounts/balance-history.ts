import { epochDayOf, type CalendarDate, type Clock, type EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DayBalanceAnswer } from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import { DateIn } from '../../domain/calendar/contract.ts';
import { Money } from '../../domain/money/money.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { TemporalQueries } from '../../ledger/temporal-queries.ts';
import { querySchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { MinPosition, reflect, requireInLog } from '../read-position.ts';
import { accountParams } from './command-route.ts';
import { momentOf, temporalQuery } from './moment.ts';
import { unknownAccount } from './unknown-account.ts';

export interface BalanceHistoryParts {
  readonly ledger: Pick<Ledger, 'market'>;
  readonly temporal: Pick<TemporalQueries, 'balanceHistory'>;
  readonly log: Pick<EventLog, 'head'>;
  readonly clock: Clock;
}

// Ten years, leap days included.
const daysMax = 3_653;

interface Query {
  readonly from: CalendarDate;
  readonly to: CalendarDate;
  readonly knownAt?: string;
  readonly minPosition?: number;
}

export function balanceHistoryRoute(api: FastifyInstance, parts: BalanceHistoryParts): void {
  const schema = querySchema({
    tag: 'Accounts',
    id: 'getBalanceHistory',
    access: { resource: 'accounts', permission: 'READ', ownBy: 'PATH' },
    summary: 'Show what an account was worth at the end of each day',
    description: 'Days before the account was opened have no row.',
    params: accountParams,
    query: { from: DateIn, to: DateIn, knownAt: temporalQuery.knownAt, minPosition: MinPosition },
    answers: {
      200: Type.Object(
        { accountId: Type.String(), days: Type.Array(DayBalanceAnswer) },
        { title: 'BalanceHistory' },
      ),
    },
    errors: ['ACCOUNT_UNKNOWN', 'AS_OF_INVALID', 'RANGE_INVALID', 'RANGE_TOO_LONG'],
  });
  const { ledger, temporal, log, clock } = parts;
  api.get<{ Params: { readonly accountId: AccountId }; Querystring: Query }>(
    '/accounts/:accountId/balance-history',
    { schema },
    async ({ params: { accountId }, query }, reply) => {
      const { from, to } = query;
      requireRange(query);
      const days = epochDayOf(to) - epochDayOf(from) + 1;
      if (days > daysMax) {
        throw new Refusal('RANGE_TOO_LONG', `It has ${days} days; at most ${daysMax} are shown.`);
      }
      const moment = momentOf({ ...query, asOf: to }, ledger.market, clock);
      const reflected = await requireInLog(log, query.minPosition);
      const history = await temporal.balanceHistory(accountId, {
        from,
        to,
        knownAt: moment?.knownAt,
      });
      if (history === undefined) throw unknownAccount(accountId, ' at that moment');
      reflect(reply, reflected);
      return { accountId, days: history.days.map(dayAnswer) };
    },
  );
}

type Day = NonNullable<Awaited<ReturnType<TemporalQueries['balanceHistory']>>>['days'][number];

function dayAnswer({ date, cash, marketValue, total, unpriced }: Day): DayBalanceAnswer {
  return {
    date,
    cash: Money.format(cash),
    marketValue: Money.format(marketValue),
    total: Money.format(total),
    unpriced: [...unpriced],
  };
}
