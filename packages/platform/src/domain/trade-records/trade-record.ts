import { accept, type Aggregate, type CalendarDate } from '@counterfoil/event-store';
import type { TradeId } from '../accounts/events.ts';
import { nextBusinessDay, type BusinessCalendar } from '../calendar/business-calendar.ts';
import type { Economics, RecordId, TradeRecordEvent } from './events.ts';

// Trade capture: versioned records of one trade, as upstream systems report them. A lower version than the
// current one is refused, the same version replaces it, a higher one becomes current.

export interface TradeRecord {
  /** Records that arrived and expiries: the version of the stream. */
  readonly arrivals: number;
  /** Undefined while every record was refused. */
  readonly current: CurrentRecord | undefined;
}

export interface CurrentRecord {
  readonly version: number;
  /** How many records of this version there have been. */
  readonly records: number;
  /** The version of the stream at which it arrived. */
  readonly arrival: number;
  readonly maturityDate: CalendarDate;
  readonly expired: boolean;
  readonly economics: Economics | null;
  readonly executionId: TradeId | null;
}

/** A record as it arrives. */
export interface Arrival {
  readonly requestId: string;
  readonly tradeId: RecordId;
  readonly version: number;
  readonly counterpartyId: string;
  readonly bookId: string;
  readonly maturityDate: CalendarDate;
  readonly createdDate: CalendarDate;
  readonly economics: Economics | null;
}

/** Why a record is refused before the ledger is asked: the first that applies, in this order. */
export type RecordRejection =
  | {
      readonly code: 'TRADE_MATURED';
      readonly maturityDate: CalendarDate;
      readonly today: CalendarDate;
    }
  | { readonly code: 'TRADE_VERSION_LOWER'; readonly version: number; readonly current: number };

export function recordRejection(
  { version, maturityDate }: Pick<Arrival, 'version' | 'maturityDate'>,
  { current }: TradeRecord,
  today: CalendarDate,
): RecordRejection | undefined {
  if (maturityDate < today) return { code: 'TRADE_MATURED', maturityDate, today };
  if (current !== undefined && version < current.version) {
    return { code: 'TRADE_VERSION_LOWER', version, current: current.version };
  }
  return undefined;
}

/** Under which id a record that is taken would be booked: clients can't bring one with a colon. */
export function executionIdFor(
  { tradeId, version }: Pick<Arrival, 'tradeId' | 'version'>,
  { current }: TradeRecord,
): TradeId {
  const before = current?.version === version ? current.records : 0;
  const repeat = before === 0 ? '' : `:${before + 1}`;
  return `${tradeId}:${version}${repeat}` as TradeId;
}

/** The event of a record that is taken. */
export function taken(
  arrival: Arrival,
  { current }: TradeRecord,
  executionId: TradeId | null,
): TradeRecordEvent {
  const { tradeId: _, ...record } = arrival;
  if (current === undefined) {
    return { type: 'TradeRecordCaptured', data: { ...record, executionId } };
  }
  const data = { ...record, executionId, supersedes: current.arrival };
  return arrival.version === current.version
    ? { type: 'TradeRecordReplaced', data }
    : { type: 'TradeRecordAmended', data };
}

export function refused(arrival: Arrival, code: string, reason: string): TradeRecordEvent {
  const { tradeId: _, ...record } = arrival;
  return { type: 'TradeRecordRefused', data: { ...record, code, reason } };
}

/** From which business date on a trade that matures on a date is expired. */
function expiresOn(maturityDate: CalendarDate, calendar: BusinessCalendar): CalendarDate {
  return nextBusinessDay(calendar, maturityDate);
}

/** Marks the trade as expired if it is time; nothing happens otherwise. */
export interface ExpireTradeRecord {
  readonly type: 'ExpireTradeRecord';
  readonly today: CalendarDate;
  readonly calendar: BusinessCalendar;
}

/**
 * What the engine keeps of a trade record, and its expiry. Records that arrive are decided together with
 * the accounts that they are booked in: see `ledger/trade-capture.ts`.
 */
export const tradeRecordAggregate: Aggregate<
  ExpireTradeRecord,
  TradeRecord,
  TradeRecordEvent,
  never
> = {
  initial: { arrivals: 0, current: undefined },
  decide: ({ today, calendar }, { current }) => {
    if (current === undefined || current.expired) return accept();
    const { maturityDate } = current;
    return today < expiresOn(maturityDate, calendar)
      ? accept()
      : accept({ type: 'TradeRecordExpired', data: { maturityDate, expiredOn: today } });
  },
  evolve,
};

function evolve({ arrivals, current }: TradeRecord, event: TradeRecordEvent): TradeRecord {
  const arrival = arrivals + 1;
  switch (event.type) {
    case 'TradeRecordCaptured':
    case 'TradeRecordAmended':
    case 'TradeRecordReplaced': {
      const { version, maturityDate, economics, executionId } = event.data;
      const records = current?.version === version ? current.records + 1 : 1;
      return {
        arrivals: arrival,
        current: {
          version,
          records,
          arrival,
          maturityDate,
          expired: false,
          economics,
          executionId,
        },
      };
    }
    case 'TradeRecordRefused':
      return { arrivals: arrival, current };
    case 'TradeRecordExpired':
      return { arrivals: arrival, current: current && { ...current, expired: true } };
  }
}
