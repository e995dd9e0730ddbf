import { parseInstant, type CalendarDate } from '@counterfoil/event-store';
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { Stage } from '../domain/corporate-actions/dates.ts';
import { actionTypes, type ActionId, type ActionType } from '../domain/corporate-actions/events.ts';
import { atStage } from './corporate-actions.ts';
import { queried } from './failure.ts';
import type { CorporateActionRow, ViewDatabase, Views } from './views.ts';

const statuses = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
const stages = ['ANNOUNCED', 'EX', 'RECORD', 'PAID', 'EFFECTIVE', 'REVERSED', 'CANCELLED'] as const;

export interface ActionCounts {
  readonly events: number;
  readonly byType: Readonly<Record<ActionType, number>>;
  readonly byStatus: Readonly<Record<CorporateActionRow['status'], number>>;
  readonly byStage: Readonly<Record<Stage, number>>;
  readonly lastHour: Recently;
  readonly lastDay: Recently;
  readonly openDeadLetters: number;
}

export interface Recently {
  readonly announced: number;
  readonly completed: number;
}

/** Instants as cells have them. */
export interface CountedSince {
  readonly anHourAgo: string;
  readonly aDayAgo: string;
  readonly today: CalendarDate;
}

type ActionExpression = ExpressionBuilder<Views, 'corporate_actions'>;
type Condition = (row: ActionExpression) => Expression<SqlBool>;

/** All corporate actions, counted in one pass. */
export async function countActions(
  views: ViewDatabase,
  { anHourAgo, aDayAgo, today }: CountedSince,
): Promise<ActionCounts> {
  const conditions: Record<string, Condition> = {
    hour_announced: since('announced_at', anHourAgo),
    hour_completed: since('completed_at', anHourAgo),
    day_announced: since('announced_at', aDayAgo),
    day_completed: since('completed_at', aDayAgo),
    dead: isOpenDeadLetter,
  };
  for (const type of actionTypes)
    conditions[`type_${type}`] = ({ eb }) => eb('event_type', '=', type);
  for (const status of statuses)
    conditions[`status_${status}`] = ({ eb }) => eb('status', '=', status);
  for (const stage of stages) conditions[`stage_${stage}`] = (row) => atStage(row, stage, today);
  const query = views
    .selectFrom('corporate_actions')
    .select(({ fn }) => [
      fn.countAll().as('events'),
      ...Object.entries(conditions).map(([name, condition]) =>
        fn.countAll().filterWhere(condition).as(name),
      ),
    ]);
  const row = (await queried(query.executeTakeFirstOrThrow())) as Readonly<Record<string, unknown>>;
  const count = (name: string): number => Number(row[name] ?? 0);
  const counts = <Name extends string>(prefix: string, names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, count(`${prefix}_${name}`)])) as Record<
      Name,
      number
    >;
  return {
    events: count('events'),
    byType: counts('type', actionTypes),
    byStatus: counts('status', statuses),
    byStage: counts('stage', stages),
    lastHour: { announced: count('hour_announced'), completed: count('hour_completed') },
    lastDay: { announced: count('day_announced'), completed: count('day_completed') },
    openDeadLetters: count('dead'),
  };
}

function since(column: 'announced_at' | 'completed_at', instant: string): Condition {
  return ({ eb }) => eb(column, '>=', instant);
}

const isOpenDeadLetter: Condition = ({ eb, and }) =>
  and([eb('failed_last', '=', 1), eb('review_resolved', '=', 0)]);

/** Actions that failed for the last time and that nobody has resolved. */
export async function countOpenDeadLetters(views: ViewDatabase): Promise<number> {
  const query = views
    .selectFrom('corporate_actions')
    .select(({ fn }) => fn.countAll().as('open'))
    .where(isOpenDeadLetter);
  return Number((await queried(query.executeTakeFirstOrThrow())).open);
}

export interface ProcessingTimes {
  readonly averageMs: number | null;
  readonly p95Ms: number | null;
}

const timedMax = 10_000;

/**
 * From the start of the attempt that completed an action to its completion, over those completed since then, at
 * most the latest 10,000. What it waited for before, its due date or a review, says nothing of the processing.
 */
export async function processingTimes(
  views: ViewDatabase,
  completedSince: string,
): Promise<ProcessingTimes> {
  const query = views
    .selectFrom('corporate_actions')
    .select(['started_at', 'completed_at'])
    .where('completed_at', '>=', completedSince)
    .where('started_at', 'is not', null)
    .whereRef('completed_at', '>=', 'started_at')
    .orderBy('completed_at', 'desc')
    .limit(timedMax);
  const rows = await queried(query.execute());
  const times = rows
    .map((row) => millisecondsOf(row.completed_at) - millisecondsOf(row.started_at))
    .toSorted((left, right) => left - right);
  if (times.length === 0) return { averageMs: null, p95Ms: null };
  const sum = times.reduce((left, right) => left + right, 0);
  // The nearest rank: the smallest time that 95 % of them do not exceed.
  const p95Ms = times[Math.ceil(times.length * 0.95) - 1] ?? 0;
  return { averageMs: Math.round(sum / times.length), p95Ms: Math.round(p95Ms) };
}

function millisecondsOf(cell: string | null): number {
  return Number((cell === null ? undefined : parseInstant(cell)) ?? 0n) / 1e6;
}

export interface ActionUnderWay {
  readonly id: ActionId;
  readonly symbol: string;
  readonly event_type: ActionType;
  readonly version: number;
  readonly attempt: number;
  readonly started_at: string | null;
  readonly through_account: string | null;
}

/** What is being posted, begun first first. */
export async function actionsUnderWay(
  views: ViewDatabase,
  limit: number,
): Promise<readonly ActionUnderWay[]> {
  const query = views
    .selectFrom('corporate_actions')
    .select([
      'action_id',
      'symbol',
      'event_type',
      'version',
      'attempts',
      'started_at',
      'through_account',
    ])
    .where('status', '=', 'PROCESSING')
    .orderBy('started_at')
    .orderBy('action_id')
    .limit(limit);
  const rows = await queried(query.execute());
  return rows.map(({ action_id, attempts, ...row }) => ({
    ...row,
    id: action_id as ActionId,
    attempt: attempts,
  }));
}
