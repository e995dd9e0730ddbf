import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  AssignRequest,
  NoteRequest,
  retriesMax,
  RetryManyRequest,
  ReviewReasonRequest,
} from '../../domain/corporate-actions/contract.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listDeadLetters } from '../../queries/corporate-actions.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import type { ErrorCode } from '../errors.ts';
import { actSchema, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { causeOf } from '../principal.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { actionAnswer, CorporateActionAnswer } from './answers.ts';
import { eventCommand, eventTag, newsOf, type EventCommandParts } from './command-route.ts';
import { tellOf } from './news.ts';

export interface ReviewParts extends EventCommandParts {
  readonly ledger: Pick<Ledger, 'corporateActions' | 'market'>;
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
}

const reviewErrors: readonly ErrorCode[] = ['ACTION_NOT_FAILED', 'ACTION_REVIEW_RESOLVED'];

/** Corporate actions that could not be posted, and what operators do about them (CA-04). */
export function reviewRoutes(api: FastifyInstance, parts: ReviewParts): void {
  deadLetterRoute(api, parts);
  eventCommand<AssignRequest>(api, parts, {
    method: 'POST',
    path: '/assign',
    id: 'assignEventReview',
    access: { resource: 'dead-letters', permission: 'UPDATE' },
    summary: 'Assign the review of a failed corporate action',
    body: AssignRequest,
    errors: reviewErrors,
    instruct: ({ assignee }) => ({ type: 'AssignReview', assignee }),
  });
  eventCommand<NoteRequest>(api, parts, {
    method: 'POST',
    path: '/notes',
    id: 'noteEventReview',
    access: { resource: 'dead-letters', permission: 'UPDATE' },
    summary: 'Note something in the review of a failed corporate action',
    body: NoteRequest,
    errors: reviewErrors,
    instruct: ({ note }) => ({ type: 'NoteReview', note }),
  });
  eventCommand<ReviewReasonRequest>(api, parts, {
    method: 'POST',
    path: '/retry',
    id: 'retryEvent',
    access: { resource: 'dead-letters', permission: 'UPDATE' },
    summary: 'Have a failed corporate action tried again, from the first attempt',
    body: ReviewReasonRequest,
    errors: reviewErrors,
    news: 'RETRY',
    instruct: ({ reason }) => ({ type: 'RetryAction', reason }),
  });
  eventCommand<ReviewReasonRequest>(api, parts, {
    method: 'POST',
    path: '/resolve',
    id: 'resolveEvent',
    access: { resource: 'dead-letters', permission: 'UPDATE' },
    summary: 'Close the review of a failed corporate action: nothing more is done about it',
    body: ReviewReasonRequest,
    errors: reviewErrors,
    instruct: ({ reason }) => ({ type: 'ResolveReview', reason }),
  });
  retryManyRoute(api, parts);
}

interface Query extends PageQuery {
  readonly minPosition?: number;
}

function deadLetterRoute(api: FastifyInstance, { ledger, views, reach }: ReviewParts): void {
  const schema = querySchema({
    tag: eventTag,
    id: 'listDeadEvents',
    access: { resource: 'dead-letters', permission: 'READ' },
    summary: 'List corporate actions that wait for a review, those that failed first first',
    query: { minPosition: MinPosition, ...pageQuery },
    answers: { 200: pageOf('DeadEventPage', CorporateActionAnswer) },
    errors: [],
  });
  api.get<{ Querystring: Query }>('/events/dead-letters', { schema }, async ({ query }, reply) => {
    const { after, limit } = pageRequestOf(query, ['failed_at', 'action_id']);
    await reach(reply, query.minPosition);
    const today = ledger.market.today();
    const rows = await listDeadLetters(views, after, limit + 1);
    return pageFrom(
      rows,
      limit,
      (row) => actionAnswer(row, today, ledger),
      (row) => [row.failed_at ?? '', row.action_id],
    );
  });
}

const RetryResult = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum(['RETRIED', 'REFUSED']),
    code: Type.Optional(Type.String({ description: 'Why it was refused' })),
    detail: Type.Optional(Type.String()),
  },
  { title: 'RetryResult' },
);
type RetryResult = Static<typeof RetryResult>;

type Retrying = { Body: RetryManyRequest };

function retryManyRoute(api: FastifyInstance, parts: ReviewParts): void {
  const { ledger, views, tellNews } = parts;
  const schema = actSchema({
    tag: eventTag,
    id: 'retryEvents',
    access: { resource: 'dead-letters', permission: 'UPDATE' },
    summary: 'Have many failed corporate actions tried again',
    description: 'Each has a result of its own: one that is refused does not keep the others back.',
    body: RetryManyRequest,
    answers: { 200: Type.Object({ items: Type.Array(RetryResult) }, { title: 'RetryResults' }) },
    errors: ['READ_MODELS_UNAVAILABLE', 'CONTENTION'],
  });
  const retry = async (
    id: ActionId,
    reason: string,
    request: FastifyRequest<Retrying>,
  ): Promise<RetryResult> => {
    const options = { cause: causeOf(request) };
    const result = await ledger.corporateActions.handle(
      id,
      { type: 'RetryAction', reason },
      options,
    );
    if (result.kind === 'rejected') {
      const { rejection } = result;
      const detail = describeRejection(rejection, id);
      return { id, status: 'REFUSED', code: rejection.code, detail };
    }
    await tellOf(ledger, tellNews, newsOf(request, id, 'RETRY'));
    return { id, status: 'RETRIED' };
  };
  const retryAll = async (request: FastifyRequest<Retrying>) => {
    const { ids, reason } = request.body;
    const items: RetryResult[] = [];
    for (const id of ids ?? (await openIds(views))) items.push(await retry(id, reason, request));
    return { items };
  };
  api.post<Retrying>('/events/retry', { schema }, (request) => retryAll(request));
}

async function openIds(views: ViewDatabase): Promise<readonly ActionId[]> {
  const rows = await listDeadLetters(views, undefined, retriesMax);
  return rows.map(({ action_id }) => action_id as ActionId);
}
