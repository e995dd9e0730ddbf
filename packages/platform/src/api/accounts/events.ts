import type { EventLog, RecordedEvent } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { accountStream, type AccountId } from '../../domain/accounts/events.ts';
import { EventAnswer } from '../event-json.ts';
import { querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { MinPosition, reflect, requireInLog } from '../read-position.ts';
import { accountParams } from './command-route.ts';
import { unknownAccount } from './unknown-account.ts';

export interface AccountEventParts {
  readonly log: Pick<EventLog, 'head' | 'readStream'>;
  readonly present: (event: RecordedEvent) => EventAnswer;
}

export function accountEventRoute(api: FastifyInstance, { log, present }: AccountEventParts): void {
  const schema = querySchema({
    tag: 'Accounts',
    id: 'listAccountEvents',
    access: { resource: 'accounts', permission: 'AUDIT' },
    summary: 'List all that was ever recorded of an account, in order',
    params: accountParams,
    query: { minPosition: MinPosition, ...pageQuery },
    answers: { 200: pageOf('EventPage', EventAnswer) },
    errors: ['ACCOUNT_UNKNOWN'],
  });
  api.get<{
    Params: { readonly accountId: AccountId };
    Querystring: PageQuery & { readonly minPosition?: number };
  }>('/accounts/:accountId/events', { schema }, async ({ params: { accountId }, query }, reply) => {
    const { after: [seen] = [0], limit } = pageRequestOf(query, [0]);
    const reflected = await requireInLog(log, query.minPosition);
    const stream = accountStream(accountId);
    const events = await log.readStream(stream, { from: seen + 1, limit: limit + 1 });
    if (events.length === 0 && seen === 0) throw unknownAccount(accountId);
    reflect(reply, reflected);
    return pageFrom(events, limit, present, ({ version }) => [version]);
  });
}
