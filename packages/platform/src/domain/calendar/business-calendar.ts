import { addDays, weekdayOf, type CalendarDate } from '@counterfoil/event-store';

/** Which days a market trades and settles on. */
export interface BusinessCalendar {
  /** Stable: configuration names a calendar by it. */
  readonly name: string;
  /** Whether a day from Monday to Friday is closed all day. Early closes are business days. */
  isHoliday(date: CalendarDate): boolean;
}

/** Monday to Friday, without holidays. */
export const weekendsOnly: BusinessCalendar = { name: 'WEEKENDS_ONLY', isHoliday: () => false };

export function isBusinessDay(calendar: BusinessCalendar, date: CalendarDate): boolean {
  return weekdayOf(date) <= 5 && !calendar.isHoliday(date);
}

/** The first business day after the date. */
export function nextBusinessDay(calendar: BusinessCalendar, date: CalendarDate): CalendarDate {
  return neighbouringBusinessDay(calendar, date, 1);
}

/** The last business day before the date. */
export function previousBusinessDay(calendar: BusinessCalendar, date: CalendarDate): CalendarDate {
  return neighbouringBusinessDay(calendar, date, -1);
}

/**
 * Counts business days forth, or back when `days` is negative; 0 gives the date itself. A start on a
 * closed day is not counted: one business day after a Saturday is Monday.
 */
export function addBusinessDays(
  calendar: BusinessCalendar,
  date: CalendarDate,
  days: number,
): CalendarDate {
  const step = days < 0 ? -1 : 1;
  let reached = date;
  for (let left = Math.abs(days); left > 0; left -= 1) {
    reached = neighbouringBusinessDay(calendar, reached, step);
  }
  return reached;
}

function neighbouringBusinessDay(
  calendar: BusinessCalendar,
  date: CalendarDate,
  step: 1 | -1,
): CalendarDate {
  let candidate = addDays(date, step);
  while (!isBusinessDay(calendar, candidate)) candidate = addDays(candidate, step);
  return candidate;
}

/**
 * Business days between trade and settlement: T+1 in the United States since 2024-05-28 (SEC Release
 * 34-96930; before it T+2 from 2017-09-05 and T+3 from 1995-06-07).
 */
const standardSettlementDays = 1;

/** When a trade settles. A trade dated on a closed day counts from there. */
export function settlementDate(
  calendar: BusinessCalendar,
  tradeDate: CalendarDate,
  settlementDays: number = standardSettlementDays,
): CalendarDate {
  return addBusinessDays(calendar, tradeDate, settlementDays);
}
