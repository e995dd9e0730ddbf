import type { Branded } from './brand.ts';

/**
 * A day of the proleptic Gregorian calendar as ISO 8601 text, `2026-05-20`, from year 0001 to 9999. It
 * names no moment: which instants it covers depends on a time zone. Texts sort as the days do.
 */
export type CalendarDate = Branded<string, 'CalendarDate'>;

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The day that an ISO 8601 text names, or undefined when there is none (2026-02-30). */
export function parseCalendarDate(text: string): CalendarDate | undefined {
  const match = datePattern.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
    ? (text as CalendarDate)
    : undefined;
}

/** As `parseCalendarDate`, for literals in code; throws a RangeError. */
export function calendarDate(text: string): CalendarDate {
  const date = parseCalendarDate(text);
  if (date === undefined) throw new RangeError(`"${text}" is not a date of the form 2026-05-20`);
  return date;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

// The two conversions follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
// years begin in March, so that the leap day is the last, and eras of 400 years repeat exactly.
const daysPerEra = 146_097;
const daysFromYearZeroToEpoch = 719_468;

/** Days since 1970-01-01, negative before it; Avro's logical type `date`. */
export function epochDayOf(date: CalendarDate): number {
  const month = Number(date.slice(5, 7));
  const day = Number(date.slice(8, 10));
  const year = Number(date.slice(0, 4)) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPerEra + dayOfEra - daysFromYearZeroToEpoch;
}

/** The date a whole number of days after 1970-01-01. Throws a RangeError outside the years 0001 to 9999. */
export function dateOfEpochDay(epochDay: number): CalendarDate {
  const shifted = epochDay + daysFromYearZeroToEpoch;
  const era = Math.floor(shifted / daysPerEra);
  const dayOfEra = shifted - era * daysPerEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (!Number.isInteger(epochDay) || year < 1 || year > 9999) {
    throw new RangeError(`${epochDay} is no day of the years 0001 to 9999`);
  }
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}` as CalendarDate;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

export function addDays(date: CalendarDate, days: number): CalendarDate {
  return dateOfEpochDay(epochDayOf(date) + days);
}

/** 1 for Monday to 7 for Sunday, as ISO 8601 counts. */
export function weekdayOf(date: CalendarDate): number {
  // 1970-01-01 was a Thursday, day 4.
  return ((((epochDayOf(date) + 3) % 7) + 7) % 7) + 1;
}
