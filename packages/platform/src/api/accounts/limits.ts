import type { EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { LimitsAnswer, LimitsRequest } from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import { Money, Percentage, Quantity } from '../../domain/money/money.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { querySchema } from '../operation.ts';
import { MinPosition, reflect, requireInLog } from '../read-position.ts';
import { entityTag } from '../versions.ts';
import { accountCommand, accountParams, type CommandParts } from './command-route.ts';
import { setLimitsFrom } from './instructions.ts';
import { unknownAccount } from './unknown-account.ts';

export interface LimitParts extends CommandParts {
  readonly ledger: Pick<Ledger, 'account' | 'accountNow' | 'market'>;
  readonly log: Pick<EventLog, 'head'>;
}

export function limitRoutes(api: FastifyInstance, parts: LimitParts): void {
  accountCommand<LimitsRequest>(api, parts, {
    method: 'PUT',
    path: '/limits',
    id: 'setLimits',
    access: { resource: 'limits', permission: 'UPDATE' },
    tag: 'Limits',
    summary: "Set an account's limits",
    body: LimitsRequest,
    status: 200,
    errors: ['LIMIT_INVALID', 'ACCOUNT_CLOSED'],
    instruct: (body) => ({ instruction: setLimitsFrom(body) }),
  });
  const schema = querySchema({
    tag: 'Limits',
    id: 'getLimits',
    access: { resource: 'limits', permission: 'READ' },
    summary: 'Show what the risk checks of an account hold its trades against',
    params: accountParams,
    query: { minPosition: MinPosition },
    answers: { 200: LimitsAnswer },
    errors: ['ACCOUNT_UNKNOWN'],
  });
  const { ledger, log } = parts;
  api.get<{
    Params: { readonly accountId: AccountId };
    Querystring: { readonly minPosition?: number };
  }>('/accounts/:accountId/limits', { schema }, async (request, reply): Promise<LimitsAnswer> => {
    const { accountId } = request.params;
    const reflected = await requireInLog(log, request.query.minPosition);
    const { account, version } = await ledger.accountNow(accountId);
    if (account === undefined) throw unknownAccount(accountId);
    reflect(reply, reflected);
    void reply.header('etag', entityTag(version));
    const { limits } = account;
    return {
      priceCollarPercent: Percentage.format(limits.priceCollarPercent),
      orderNotionalMax: Money.format(limits.orderNotionalMax),
      positionQuantityMax: Quantity.format(limits.positionQuantityMax),
      concentrationPercentMax: Percentage.format(limits.concentrationPercentMax),
    };
  });
}
