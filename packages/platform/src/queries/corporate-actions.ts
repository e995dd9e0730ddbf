import type { CalendarDate, RecordedEvent, Row } from '@counterfoil/event-store';
import type { ExpressionBuilder, Expression, SqlBool } from 'kysely';
import { paysCash, type Stage } from '../domain/corporate-actions/dates.ts';
import {
  actionTypes,
  type ActionId,
  type ActionType,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import { projectAction } from '../domain/corporate-actions/views.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { queried } from './failure.ts';
import type { CorporateActionRow, ViewDatabase, Views } from './views.ts';

export interface CorporateActionFilter {
  readonly symbol?: string | undefined;
  readonly event_type?: ActionType | undefined;
  readonly status?: CorporateActionRow['status'] | undefined;
  readonly stage?: Stage | undefined;
  /** The first ex-date. */
  readonly ex_from?: string | undefined;
  /** The last ex-date, included. */
  readonly ex_to?: string | undefined;
}

/** Where a page begins: behind the action that was announced then and has this id. */
export type AfterAction = readonly [announcedAt: string, actionId: string];

/** Corporate actions, those announced last first. */
export function listCorporateActions(
  views: ViewDatabase,
  filter: CorporateActionFilter,
  today: CalendarDate,
  after: AfterAction | undefined,
  limit: number,
): Promise<readonly CorporateActionRow[]> {
  const { symbol, event_type, status, stage, ex_from, ex_to } = filter;
  let query = views
    .selectFrom('corporate_actions')
    .selectAll()
    .orderBy('announced_at', 'desc')
    .orderBy('action_id')
    .limit(limit);
  if (symbol !== undefined) query = query.where('symbol', '=', symbol);
  if (event_type !== undefined) query = query.where('event_type', '=', event_type);
  if (status !== undefined) query = query.where('status', '=', status);
  if (ex_from !== undefined) query = query.where('ex_date', '>=', ex_from);
  if (ex_to !== undefined) query = query.where('ex_date', '<=', ex_to);
  if (stage !== undefined) query = query.where((row) => atStage(row, stage, today));
  if (after !== undefined) {
    const [announcedAt, id] = after;
    query = query.where(({ or, and, eb }) =>
      or([
        eb('announced_at', '<', announcedAt),
        and([eb('announced_at', '=', announcedAt), eb('action_id', '>', id)]),
      ]),
    );
  }
  return queried(query.execute());
}

type ActionExpression = ExpressionBuilder<Views, 'corporate_actions'>;

const cashTypes = actionTypes.filter((type) => paysCash[type]);

/** What `stageOn` says of a row, as a condition: see the domain's `dates.ts`. */
export function atStage(
  { eb, and, or, not, ref }: ActionExpression,
  stage: Stage,
  today: string,
): Expression<SqlBool> {
  const isCancelled = eb('status', '=', 'CANCELLED');
  const isDone = and([eb('status', '=', 'COMPLETED'), eb('due_date', '<=', today)]);
  const goesOn = and([not(isCancelled), not(isDone)]);
  const isEx = eb('ex_date', '<=', today);
  const isRecorded = and([
    eb('record_date', 'is not', null),
    eb('record_date', '<=', today),
    or([eb('ex_date', '>', today), eb('ex_date', '<=', ref('record_date'))]),
  ]);
  const noRecordYet = or([eb('record_date', 'is', null), eb('record_date', '>', today)]);
  switch (stage) {
    case 'CANCELLED':
      return and([isCancelled, eb('reversed', '=', 0)]);
    case 'REVERSED':
      return and([isCancelled, eb('reversed', '=', 1)]);
    case 'PAID':
      return and([isDone, eb('event_type', 'in', cashTypes)]);
    case 'EFFECTIVE':
      return and([isDone, eb('event_type', 'not in', cashTypes)]);
    case 'RECORD':
      return and([goesOn, isRecorded]);
    case 'EX':
      return and([goesOn, isEx, or([noRecordYet, eb('ex_date', '>', ref('record_date'))])]);
    case 'ANNOUNCED':
      return and([goesOn, not(isEx), noRecordYet]);
  }
}

/** An action that somebody has to look at. */
export interface DueAction {
  readonly id: ActionId;
  readonly symbol: InstrumentSymbol;
  readonly version: number;
}

export interface DueWhen {
  readonly today: CalendarDate;
  /** As the cells of instants are: what is under way and has not moved since is taken up again. */
  readonly stalledSince: string;
}

/**
 * What is to be posted by now and isn't, and what is to be taken back, the earliest due date first. Actions
 * that wait for a review are left out, and those that are not complete and confirmed, unless an earlier version
 * of them was posted.
 */
export async function dueActions(
  views: ViewDatabase,
  { today, stalledSince }: DueWhen,
  limit: number,
): Promise<readonly DueAction[]> {
  const query = views
    .selectFrom('corporate_actions')
    .select(['action_id', 'symbol', 'version'])
    .where(({ eb, and, or, ref }) => {
      const isPayable = and([
        eb('completeness', '=', 'COMPLETE'),
        eb('confirmation', '=', 'CONFIRMED'),
      ]);
      const isStalled = and([eb('status', '=', 'PROCESSING'), eb('updated_at', '<', stalledSince)]);
      const isToPost = or([eb('status', '=', 'PENDING'), isStalled]);
      const isToReverse = and([
        eb('status', '=', 'CANCELLED'),
        eb('failed_last', '=', 0),
        or([eb('posted_version', 'is not', null), eb('begun_version', 'is not', null)]),
      ]);
      const isDue = and([eb('due_date', '<=', today), isPayable]);
      const isNotDue = or([
        eb('due_date', '>', today),
        eb('completeness', '!=', 'COMPLETE'),
        eb('confirmation', '!=', 'CONFIRMED'),
      ]);
      // In two, so that an index leads to each: most of those that wait have nothing posted.
      const isPutOff = (of: 'posted_version' | 'begun_version') =>
        and([
          eb('status', '=', 'PENDING'),
          ...(of === 'begun_version' ? [eb('posted_version', 'is', null)] : []),
          eb(of, 'is not', null),
          eb(of, '!=', ref('version')),
          isNotDue,
        ]);
      return or([
        and([isDue, isToPost]),
        isToReverse,
        isPutOff('posted_version'),
        isPutOff('begun_version'),
      ]);
    })
    .orderBy('due_date')
    .orderBy('action_id')
    .limit(limit);
  const rows = await queried(query.execute());
  return rows.map(({ action_id, symbol, version }) => ({
    id: action_id as ActionId,
    symbol: symbol as InstrumentSymbol,
    version,
  }));
}

export type AfterFailure = readonly [failedAt: string, actionId: string];

/** Actions whose last attempt failed and that nobody has resolved, those that failed first first. */
export function listDeadLetters(
  views: ViewDatabase,
  after: AfterFailure | undefined,
  limit: number,
): Promise<readonly CorporateActionRow[]> {
  let query = views
    .selectFrom('corporate_actions')
    .selectAll()
    .where('failed_last', '=', 1)
    .where('review_resolved', '=', 0)
    .orderBy('failed_at')
    .orderBy('action_id')
    .limit(limit);
  if (after !== undefined) {
    const [failedAt, id] = after;
    query = query.where(({ or, and, eb }) =>
      or([
        eb('failed_at', '>', failedAt),
        and([eb('failed_at', '=', failedAt), eb('action_id', '>', id)]),
      ]),
    );
  }
  return queried(query.execute());
}

/** The row that the events of an action come to: as the view has it, or will have it. */
export function actionRow(
  events: Iterable<RecordedEvent<CorporateActionEvent>>,
): CorporateActionRow | undefined {
  let row: Row | undefined;
  for (const event of events) {
    const change = projectAction(event);
    row = 'row' in change ? change.row : change.update(row);
  }
  return row as CorporateActionRow | undefined;
}
