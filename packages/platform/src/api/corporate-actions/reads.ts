import type { EventStore, RecordedEvent } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import type { AccountId } from '../../domain/accounts/events.ts';
import { DateIn } from '../../domain/calendar/contract.ts';
import { ActionStatusIn, ActionTypeIn, StageIn } from '../../domain/corporate-actions/contract.ts';
import {
  corporateActionStream,
  type ActionId,
  type CorporateActionEvent,
} from '../../domain/corporate-actions/events.ts';
import { SymbolIn } from '../../domain/instruments/contract.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import {
  actionRow,
  listCorporateActions,
  type CorporateActionFilter,
} from '../../queries/corporate-actions.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema, requestSchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { actionAnswer, CorporateActionAnswer } from './answers.ts';
import { eventParams, eventTag } from './command-route.ts';
import { CorporateActionWithHistory, historyEntry } from './history.ts';

export interface EventReadParts {
  readonly ledger: Pick<Ledger, 'corporateActions' | 'market'>;
  readonly views: ViewDatabase;
  readonly log: Pick<EventStore, 'readStream'>;
  readonly reach: ReachPosition;
}

interface Query extends CorporateActionFilter, PageQuery {
  readonly minPosition?: number;
}

/** Corporate actions: all of them as they are, and one with everything that happened to it. */
export function eventReadRoutes(api: FastifyInstance, parts: EventReadParts): void {
  const { ledger, views, log, reach } = parts;
  const schema = querySchema({
    tag: eventTag,
    id: 'listEvents',
    access: { resource: 'corporate-actions', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'List corporate actions, those announced last first',
    query: {
      symbol: optional(SymbolIn),
      event_type: optional(ActionTypeIn),
      status: optional(ActionStatusIn),
      stage: optional(StageIn),
      ex_from: optional(DateIn, 'The first ex-date'),
      ex_to: optional(DateIn, 'The last ex-date, included'),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('CorporateActionPage', CorporateActionAnswer) },
    errors: ['RANGE_INVALID'],
  });
  api.get<{ Querystring: Query }>('/events', { schema }, async (request, reply) => {
    const { query, ownAccounts } = request;
    requireRange({ from: query.ex_from, to: query.ex_to });
    const { after, limit } = pageRequestOf(query, ['announced_at', 'action_id']);
    await reach(reply, query.minPosition);
    const today = ledger.market.today();
    const rows = await listCorporateActions(views, query, today, after, limit + 1);
    return pageFrom(
      rows,
      limit,
      (row) => shownTo(ownAccounts, actionAnswer(row, today, ledger)),
      (row) => [row.announced_at, row.action_id],
    );
  });

  const single = requestSchema({
    tag: eventTag,
    id: 'getEvent',
    access: { resource: 'corporate-actions', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'A corporate action, with all that happened to it',
    description: 'Read from the log itself: it shows whatever was confirmed.',
    params: eventParams,
    answers: { 200: CorporateActionWithHistory },
    errors: ['ACTION_UNKNOWN'],
  });
  api.get<{ Params: { readonly event_id: ActionId } }>(
    '/events/:event_id',
    { schema: single },
    async ({ params: { event_id: id }, ownAccounts }) => {
      const events = await everyEvent(log, id);
      const row = actionRow(events);
      if (row === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
      const history = ownAccounts === undefined ? events.map((event) => historyEntry(event)) : [];
      const answer = actionAnswer(row, ledger.market.today(), ledger);
      return { ...shownTo(ownAccounts, answer), history };
    },
  );
}

/** An investor sees what was announced, and neither what others got of it nor how the house got on. */
function shownTo(
  ownAccounts: readonly AccountId[] | undefined,
  answer: CorporateActionAnswer,
): CorporateActionAnswer {
  if (ownAccounts === undefined) return answer;
  return { ...answer, progress: null, totals: null, failure: null, custodian: null };
}

async function everyEvent(
  log: Pick<EventStore, 'readStream'>,
  id: ActionId,
): Promise<readonly (RecordedEvent & CorporateActionEvent)[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await log.readStream(corporateActionStream(id), { from: events.length + 1 });
    events.push(...page);
    if (page.length < 1_000) return events as (RecordedEvent & CorporateActionEvent)[];
  }
}
