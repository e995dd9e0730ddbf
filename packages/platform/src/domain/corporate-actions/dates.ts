import type { CalendarDate } from '@counterfoil/event-store';
import { isBusinessDay, type BusinessCalendar } from '../calendar/business-calendar.ts';
import type { ActionType, Announcement } from './events.ts';

// The dates of an action: in which order they may stand, which stage they bring about, and when it is due.

/** What is wrong with the dates of an action. The first that applies, in this order. */
export type DateFault =
  | { readonly code: 'EX_DATE_NOT_BUSINESS_DAY'; readonly exDate: CalendarDate }
  | { readonly code: 'PAYMENT_DATE_MISSING' }
  | {
      readonly code: 'RECORD_BEFORE_EX';
      readonly recordDate: CalendarDate;
      readonly exDate: CalendarDate;
    }
  | {
      readonly code: 'PAYMENT_BEFORE_RECORD';
      readonly paymentDate: CalendarDate;
      readonly recordDate: CalendarDate;
    }
  | {
      readonly code: 'PAYMENT_BEFORE_EX';
      readonly paymentDate: CalendarDate;
      readonly exDate: CalendarDate;
    }
  | {
      readonly code: 'EFFECTIVE_NOT_PAYMENT_DATE';
      readonly effectiveDate: CalendarDate;
      readonly paymentDate: CalendarDate;
    }
  | {
      readonly code: 'EFFECTIVE_BEFORE_EX';
      readonly effectiveDate: CalendarDate;
      readonly exDate: CalendarDate;
    }
  | { readonly code: 'ELECTION_DEADLINE_MISSING'; readonly actionType: ActionType }
  | {
      readonly code: 'ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE';
      readonly electionDeadline: CalendarDate;
      readonly effectiveDate: CalendarDate;
    }
  /** A deadline or a default option where holders have no choice. */
  | { readonly code: 'NO_ELECTION'; readonly actionType: ActionType }
  | {
      readonly code: 'DEFAULT_OPTION_NOT_FOR_TYPE';
      readonly actionType: ActionType;
      readonly option: string;
    };

export function dateFault(
  announcement: Announcement,
  calendar: BusinessCalendar,
): DateFault | undefined {
  const { exDate } = announcement;
  if (!isBusinessDay(calendar, exDate)) return { code: 'EX_DATE_NOT_BUSINESS_DAY', exDate };
  return paymentFault(announcement) ?? effectiveFault(announcement) ?? electionFault(announcement);
}

function paymentFault(announcement: Announcement): DateFault | undefined {
  const { actionType, exDate, recordDate, paymentDate } = announcement;
  if (actionType === 'DIVIDEND' && paymentDate === null) return { code: 'PAYMENT_DATE_MISSING' };
  const exMayFollow = mayGoExLate(announcement);
  if (recordDate !== null && recordDate < exDate && !exMayFollow) {
    return { code: 'RECORD_BEFORE_EX', recordDate, exDate };
  }
  if (paymentDate === null) return undefined;
  if (recordDate !== null && paymentDate < recordDate) {
    return { code: 'PAYMENT_BEFORE_RECORD', paymentDate, recordDate };
  }
  return paymentDate < exDate && !exMayFollow
    ? { code: 'PAYMENT_BEFORE_EX', paymentDate, exDate }
    : undefined;
}

/**
 * Whether the ex-date may follow the record date and the payment. It does for distributions of 25 % of the
 * value or more: trades between them carry a due bill (FINRA rule 11140(b)(2)). What a special dividend or a
 * spin-off is worth of the whole is not known here, so they may.
 */
function mayGoExLate({ actionType, terms }: Announcement): boolean {
  const ratioNew = terms.ratioNew ?? 0n;
  const ratioOld = terms.ratioOld ?? 0n;
  switch (actionType) {
    case 'STOCK_SPLIT':
      return 4n * ratioNew >= 5n * ratioOld;
    case 'STOCK_DIVIDEND':
      return 4n * ratioNew >= ratioOld;
    case 'DIVIDEND':
      return terms.dividendKind === 'SPECIAL';
    case 'SPIN_OFF':
      return true;
    case 'MERGER':
    case 'RIGHTS_ISSUE':
    case 'TENDER_OFFER':
    case 'SYMBOL_CHANGE':
    case 'RETURN_OF_CAPITAL':
      return false;
  }
}

function effectiveFault(announcement: Announcement): DateFault | undefined {
  const { actionType, exDate, paymentDate, effectiveDate } = announcement;
  if (actionType === 'DIVIDEND' && paymentDate !== null) {
    return effectiveDate === paymentDate
      ? undefined
      : { code: 'EFFECTIVE_NOT_PAYMENT_DATE', effectiveDate, paymentDate };
  }
  return effectiveDate < exDate
    ? { code: 'EFFECTIVE_BEFORE_EX', effectiveDate, exDate }
    : undefined;
}

function electionFault(announcement: Announcement): DateFault | undefined {
  const { actionType, effectiveDate, electionDeadline, defaultOption } = announcement;
  const options = electionOptions[actionType];
  if (options === undefined) {
    return electionDeadline === null && defaultOption === null
      ? undefined
      : { code: 'NO_ELECTION', actionType };
  }
  if (electionDeadline === null) return { code: 'ELECTION_DEADLINE_MISSING', actionType };
  if (electionDeadline >= effectiveDate) {
    return { code: 'ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE', electionDeadline, effectiveDate };
  }
  return defaultOption === null || options.includes(defaultOption)
    ? undefined
    : { code: 'DEFAULT_OPTION_NOT_FOR_TYPE', actionType, option: defaultOption };
}

/** What holders may choose, of the types that give them a choice. */
export const electionOptions: Partial<
  Readonly<Record<ActionType, readonly NonNullable<Announcement['defaultOption']>[]>>
> = {
  RIGHTS_ISSUE: ['EXERCISE', 'NO_ACTION'],
  TENDER_OFFER: ['TENDER', 'NO_ACTION'],
};

/** When nothing else is said: shares move on the ex-date, cash on the payment date. */
export function effectiveDateDefault({
  actionType,
  exDate,
  paymentDate,
}: Pick<Announcement, 'actionType' | 'exDate' | 'paymentDate'>): CalendarDate {
  switch (actionType) {
    case 'DIVIDEND':
    case 'RETURN_OF_CAPITAL':
    case 'RIGHTS_ISSUE':
    case 'TENDER_OFFER':
      return paymentDate ?? exDate;
    case 'STOCK_DIVIDEND':
    case 'STOCK_SPLIT':
    case 'MERGER':
    case 'SPIN_OFF':
    case 'SYMBOL_CHANGE':
      return exDate;
  }
}

/**
 * On which date it is posted: a dividend when it is paid, anything else when it takes effect. Where the
 * ex-date follows the payment, not before that: until then trades change who is entitled.
 */
export function dueOn({
  actionType,
  exDate,
  paymentDate,
  effectiveDate,
}: Pick<Announcement, 'actionType' | 'exDate' | 'paymentDate' | 'effectiveDate'>): CalendarDate {
  const moved = actionType === 'DIVIDEND' ? (paymentDate ?? effectiveDate) : effectiveDate;
  return moved < exDate ? exDate : moved;
}

/** How far the action has come: by its dates, and by what was done about it. */
export type Stage =
  | 'ANNOUNCED'
  | 'EX'
  | 'RECORD'
  /** Cash was paid. */
  | 'PAID'
  /** Shares have moved. */
  | 'EFFECTIVE'
  | 'REVERSED'
  | 'CANCELLED';

export interface Staged {
  readonly head: Pick<
    Announcement,
    'actionType' | 'exDate' | 'recordDate' | 'paymentDate' | 'effectiveDate'
  >;
  readonly status: 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  /** Whether what was posted has been taken back. */
  readonly reversed: boolean;
}

export function stageOn({ head, status, reversed }: Staged, today: CalendarDate): Stage {
  if (status === 'CANCELLED') return reversed ? 'REVERSED' : 'CANCELLED';
  if (status === 'COMPLETED' && dueOn(head) <= today) {
    return paysCash[head.actionType] ? 'PAID' : 'EFFECTIVE';
  }
  const { exDate, recordDate } = head;
  const isEx = exDate <= today;
  const isRecorded = recordDate !== null && recordDate <= today;
  // Of both, the later one; on one day, the record date, which is struck at its close.
  if (isRecorded && !(isEx && exDate > recordDate)) return 'RECORD';
  return isEx ? 'EX' : 'ANNOUNCED';
}

/** Whether its end is a payment, not a movement of shares. */
export const paysCash: Readonly<Record<ActionType, boolean>> = {
  DIVIDEND: true,
  RETURN_OF_CAPITAL: true,
  TENDER_OFFER: true,
  STOCK_DIVIDEND: false,
  STOCK_SPLIT: false,
  MERGER: false,
  SPIN_OFF: false,
  RIGHTS_ISSUE: false,
  SYMBOL_CHANGE: false,
};
