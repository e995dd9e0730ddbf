import { formatInstant, type EventStore, type RecordedEvent } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AccountIdIn } from '../../domain/accounts/contract.ts';
import { DateIn } from '../../domain/calendar/contract.ts';
import {
  BookIdIn,
  CounterpartyIdIn,
  ExpiredIn,
  RecordIdIn,
  RecordVersionIn,
  TradeRecordAnswer,
  TradeRecordHistory,
  type RecordVersionAnswer,
} from '../../domain/trade-records/contract.ts';
import {
  economicsText,
  tradeRecordStream,
  type Economics,
  type RecordId,
  type TradeRecordEvent,
} from '../../domain/trade-records/events.ts';
import { listTradeRecords, type TradeRecordFilter } from '../../queries/trade-records.ts';
import type { TradeRecordRow, ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema, requestSchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';

export interface TradeRecordParts {
  readonly views: ViewDatabase;
  readonly log: Pick<EventStore, 'readStream'>;
  readonly reach: ReachPosition;
}

interface Query extends TradeRecordFilter, PageQuery {
  readonly minPosition?: number;
}

const versionsMax = 1_000;

/** Captured trades: all of them as they are, and one with everything that ever arrived. */
export function tradeRecordRoutes(
  api: FastifyInstance,
  { views, log, reach }: TradeRecordParts,
): void {
  const schema = querySchema({
    tag: 'Trade capture',
    id: 'listTradeRecords',
    access: { resource: 'trades', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'List captured trades, in order of their ids',
    query: {
      book_id: optional(BookIdIn),
      counterparty_id: optional(CounterpartyIdIn),
      account: optional(AccountIdIn, 'The account that the trade is booked in'),
      version: optional(RecordVersionIn),
      expired: optional(ExpiredIn),
      maturity_from: optional(DateIn, 'The first maturity date'),
      maturity_to: optional(DateIn, 'The last maturity date, included'),
      created_from: optional(DateIn, 'The first created date'),
      created_to: optional(DateIn, 'The last created date, included'),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: pageOf('TradeRecordPage', TradeRecordAnswer) },
    errors: ['RANGE_INVALID'],
  });
  api.get<{ Querystring: Query }>('/trades', { schema }, async (request, reply) => {
    const { query, ownAccounts: own } = request;
    requireRange({ from: query.maturity_from, to: query.maturity_to });
    requireRange({ from: query.created_from, to: query.created_to });
    const { after, limit } = pageRequestOf(query, ['trade_id']);
    await reach(reply, query.minPosition);
    const rows = await listTradeRecords(views, { ...query, own }, after, limit + 1);
    return pageFrom(rows, limit, recordAnswer, (row) => [row.trade_id]);
  });

  const single = requestSchema({
    tag: 'Trade capture',
    id: 'getTradeRecord',
    access: { resource: 'trades', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'A captured trade, with all versions and what became of each',
    description: 'Read from the log itself: it shows every record that has its outcome.',
    params: Type.Object({ trade_id: RecordIdIn }),
    answers: { 200: TradeRecordHistory },
    errors: ['TRADE_RECORD_UNKNOWN'],
  });
  api.get<{ Params: { trade_id: RecordId } }>(
    '/trades/:trade_id',
    { schema: single },
    async ({ params: { trade_id: id }, ownAccounts: own }) => {
      const history = historyOf(id, await everyEvent(log, id));
      const shown = history && own !== undefined ? ownPart(history, own) : history;
      if (shown !== undefined) return shown;
      throw new Refusal('TRADE_RECORD_UNKNOWN', `No trade ${id} was captured.`);
    },
  );
}

type Recorded = RecordedEvent & TradeRecordEvent;

async function everyEvent(
  log: Pick<EventStore, 'readStream'>,
  id: RecordId,
): Promise<readonly Recorded[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await log.readStream(tradeRecordStream(id), { from: events.length + 1 });
    events.push(...page);
    if (page.length < 1_000) return events as Recorded[];
  }
}

/** Undefined when every record was refused. */
function historyOf(id: RecordId, events: readonly Recorded[]): TradeRecordHistory | undefined {
  const versions = new Map<number, RecordVersionAnswer>();
  let current: RecordVersionAnswer | undefined;
  let expiredOn: string | null = null;
  for (const event of events) {
    switch (event.type) {
      case 'TradeRecordExpired':
        expiredOn = event.data.expiredOn;
        break;
      case 'TradeRecordRefused': {
        const { code, reason } = event.data;
        versions.set(event.version, {
          ...arrived(id, event, event.data, null),
          status: 'REFUSED',
          code,
          reason,
        });
        break;
      }
      case 'TradeRecordCaptured':
      case 'TradeRecordAmended':
      case 'TradeRecordReplaced': {
        if ('supersedes' in event.data) {
          const before = versions.get(event.data.supersedes);
          const status = event.type === 'TradeRecordReplaced' ? 'REPLACED' : 'SUPERSEDED';
          if (before !== undefined) versions.set(event.data.supersedes, { ...before, status });
        }
        current = {
          ...arrived(id, event, event.data, event.data.executionId),
          status: 'CURRENT',
          code: null,
          reason: null,
        };
        expiredOn = null;
        versions.set(event.version, current);
        break;
      }
    }
  }
  if (current === undefined) return undefined;
  const { status: _, code: __, reason: ___, ...record } = current;
  return {
    ...record,
    expired: expiredOn === null ? 'N' : 'Y',
    expired_on: expiredOn,
    versions: [...versions.values()].slice(-versionsMax).toReversed(),
  };
}

/** What an investor sees: a trade that is in his accounts, and of its versions those that were. */
function ownPart(
  history: TradeRecordHistory,
  own: readonly string[],
): TradeRecordHistory | undefined {
  const isOwn = ({ account }: { readonly account: string | null }): boolean =>
    account !== null && own.includes(account);
  if (!isOwn(history)) return undefined;
  return { ...history, versions: history.versions.filter(isOwn) };
}

type ArrivedData = Extract<TradeRecordEvent, { type: 'TradeRecordRefused' }>['data'];

function arrived(
  id: RecordId,
  { position, recordedAt }: RecordedEvent,
  data: Omit<ArrivedData, 'code' | 'reason'>,
  executionId: string | null,
) {
  return {
    trade_id: id,
    version: data.version,
    counterparty_id: data.counterpartyId,
    book_id: data.bookId,
    maturity_date: data.maturityDate,
    created_date: data.createdDate,
    ...economicsAnswer(data.economics),
    execution_id: executionId,
    request_id: data.requestId,
    recorded_at: formatInstant(recordedAt),
    position,
  };
}

function economicsAnswer(economics: Economics | null) {
  const { account_id: account, ...cells } = economicsText(economics);
  return { account, ...cells };
}

function recordAnswer({ account_id: account, ...row }: TradeRecordRow): TradeRecordAnswer {
  return { ...row, account };
}
