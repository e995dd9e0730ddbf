import { formatInstant, type Clock, type Instant } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ActionQueue } from '../../corporate-actions/action-queue.ts';
import type { Processor } from '../../corporate-actions/processor.ts';
import { InstantText, InstantTextOrNull } from '../../domain/calendar/contract.ts';
import { instantCell } from '../../domain/calendar/instant-cell.ts';
import { ActionTypeIn } from '../../domain/corporate-actions/contract.ts';
import { actionTypes } from '../../domain/corporate-actions/events.ts';
import { deadLettersMax } from '../../domain/dead-letters/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import {
  actionsUnderWay,
  countActions,
  processingTimes,
} from '../../queries/corporate-actions-metrics.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import { downstreams, type Breakers } from '../../resilience/breakers.ts';
import { querySchema } from '../operation.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { WarningAnswer } from './answers.ts';
import { eventTag } from './command-route.ts';

const counted = (names: readonly string[]) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, Type.Integer()])));

const Recently = Type.Object({ announced: Type.Integer(), completed: Type.Integer() });

const TimeOrNull = (description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], description });

const MetricsAnswer = Type.Object(
  {
    at: InstantText,
    totals: Type.Object({ events: Type.Integer() }),
    by_type: counted(actionTypes),
    by_status: counted(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED']),
    by_stage: counted(['ANNOUNCED', 'EX', 'RECORD', 'PAID', 'EFFECTIVE', 'REVERSED', 'CANCELLED']),
    last_hour: Recently,
    last_day: Recently,
    average_processing_ms: TimeOrNull(
      'Of those completed in the last day, at most the latest 10,000: from the start of the attempt that ' +
        'completed them. What they waited for before, a due date or a review, is not counted. Null where there are none.',
    ),
    p95_processing_ms: TimeOrNull('95 % of them took no longer'),
    open_dead_letters: Type.Integer({ description: 'Failed, and neither retried nor resolved' }),
    breakers: Type.Object(
      Object.fromEntries(
        downstreams.map((name) => [name, Type.Enum(['CLOSED', 'OPEN', 'HALF_OPEN'])]),
      ),
    ),
    queue_lag: TimeOrNull('Messages that no worker has taken yet; null while the queue is down'),
    under_way: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          symbol: Type.String(),
          event_type: ActionTypeIn,
          version: Type.Integer(),
          attempt: Type.Integer(),
          started_at: InstantTextOrNull,
          accounts_passed: TimeOrNull(
            'Since this process took it up; null where another process is posting it',
          ),
          through_account: Type.Unsafe<string | null>({
            type: ['string', 'null'],
            description: 'Up to which its progress is recorded',
          }),
        },
        { title: 'EventUnderWay' },
      ),
      { description: 'The first 20 that are being posted' },
    ),
    warnings: Type.Array(WarningAnswer),
  },
  { title: 'EventMetrics' },
);
type MetricsAnswer = Static<typeof MetricsAnswer>;

export interface MetricsParts {
  readonly ledger: Pick<Ledger, 'market'>;
  readonly corporateActions: {
    readonly queue: Pick<ActionQueue, 'progress'>;
    readonly processor: Pick<Processor, 'passed'>;
  };
  readonly breakers: Pick<Breakers, 'states'>;
  readonly views: ViewDatabase;
  readonly clock: Clock;
  readonly reach: ReachPosition;
}

const underWayMax = 20;
const hourNanoseconds = 3_600n * 1_000_000_000n;

/** How corporate actions are getting on, for dashboards (CA-11). */
export function metricsRoute(api: FastifyInstance, parts: MetricsParts): void {
  const schema = querySchema({
    tag: eventTag,
    id: 'getEventMetrics',
    access: { resource: 'operations', permission: 'READ' },
    summary: 'How many corporate actions there are, and how their processing gets on',
    query: { minPosition: MinPosition },
    answers: { 200: MetricsAnswer },
    errors: [],
  });
  api.get<{ Querystring: { readonly minPosition?: number } }>(
    '/metrics',
    { schema },
    async ({ query }, reply) => {
      await parts.reach(reply, query.minPosition);
      return metrics(parts);
    },
  );
}

async function metrics(parts: MetricsParts): Promise<MetricsAnswer> {
  const { ledger, corporateActions, breakers, views, clock } = parts;
  const now = clock();
  const ago = (hours: bigint) => instantCell((now - hours * hourNanoseconds) as Instant);
  const [anHourAgo, aDayAgo] = [ago(1n), ago(24n)];
  const today = ledger.market.today();
  const [counts, times, underWay, lag] = await Promise.all([
    countActions(views, { anHourAgo, aDayAgo, today }),
    processingTimes(views, aDayAgo),
    actionsUnderWay(views, underWayMax),
    lagOf(corporateActions.queue),
  ]);
  const states = Object.entries(breakers.states()).map(([name, { state }]) => [name, state]);
  return {
    at: formatInstant(now),
    totals: { events: counts.events },
    by_type: { ...counts.byType },
    by_status: { ...counts.byStatus },
    by_stage: { ...counts.byStage },
    last_hour: { ...counts.lastHour },
    last_day: { ...counts.lastDay },
    average_processing_ms: times.averageMs,
    p95_processing_ms: times.p95Ms,
    open_dead_letters: counts.openDeadLetters,
    breakers: Object.fromEntries(states) as MetricsAnswer['breakers'],
    queue_lag: lag,
    under_way: underWay.map((action) => ({
      ...action,
      accounts_passed: corporateActions.processor.passed(action.id) ?? null,
    })),
    warnings: warningsOf(counts.openDeadLetters),
  };
}

async function lagOf(queue: Pick<ActionQueue, 'progress'>): Promise<number | null> {
  try {
    const partitions = await queue.progress();
    return partitions.reduce((sum, { end, next }) => sum + end - next, 0);
  } catch {
    // That it is down is what the breakers and the health of the parts say.
    return null;
  }
}

function warningsOf(open: number): MetricsAnswer['warnings'] {
  if (open <= deadLettersMax) return [];
  const detail = `${open} events wait for a review, and more than ${deadLettersMax} is too many: see /api/v1/events/dead-letters`;
  return [{ code: 'DEAD_LETTERS_PILED_UP', detail }];
}
