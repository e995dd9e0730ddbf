import {
  parseCalendarDate,
  parseInstant,
  type CalendarDate,
  type Instant,
} from '@counterfoil/event-store';
import { Type } from 'typebox';

const expectedDate = 'a day of the calendar such as "2026-05-20"';

/** A business date. */
export const DateIn = Type.Refine(
  Type.Unsafe<CalendarDate>({ type: 'string', format: 'date', 'x-expected': expectedDate }),
  (text) => parseCalendarDate(text) !== undefined,
  () => `must be ${expectedDate}`,
);

const expectedInstant = 'an instant of RFC 3339 such as "2026-05-20T13:30:00Z"';

/** A moment; an offset from UTC is mandatory. */
export const InstantIn = Type.Refine(
  Type.String({ format: 'date-time', 'x-expected': expectedInstant }),
  (text) => parseInstant(text) !== undefined,
  () => `must be ${expectedInstant}`,
);

const expectedMark =
  'an instant of RFC 3339 in the years 1900 to 2199 such as "2026-05-20T13:30:00Z"';

/** A moment that goes into the log, where instants are 64-bit nanoseconds: the years 1678 to 2261. */
export const LoggedInstantIn = Type.Refine(
  Type.String({ format: 'date-time', 'x-expected': expectedMark }),
  (text) => {
    const instant = parseInstant(text);
    return instant !== undefined && instant >= loggedFrom && instant < loggedUntil;
  },
  () => `must be ${expectedMark}`,
);

const loggedFrom = instantOf('1900-01-01T00:00:00Z');
const loggedUntil = instantOf('2200-01-01T00:00:00Z');

/** The moment that a text, once validated, stands for. */
export function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`"${text}" is not ${expectedInstant}`);
  return instant;
}

export const DateText = Type.String({ format: 'date' });
export const InstantText = Type.String({ format: 'date-time' });
export const DateTextOrNull = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  format: 'date',
});
export const InstantTextOrNull = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  format: 'date-time',
});
