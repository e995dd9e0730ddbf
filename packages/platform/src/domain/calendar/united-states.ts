import { addDays, calendarDate, weekdayOf, type CalendarDate } from '@counterfoil/event-store';
import type { BusinessCalendar } from './business-calendar.ts';

/**
 * Full-day closings of the New York Stock Exchange, good from 1998: NYSE Rule 7.2 (Holidays) for the
 * yearly ones, the list below for the others.
 */
export const unitedStates: BusinessCalendar = {
  name: 'US',
  isHoliday: (date) => closingsOf(date.slice(0, 4)).has(date),
};

// Closings that follow no rule, as the exchange announced them (NYSE, "Special Closings").
const exceptionalClosings: readonly (readonly [date: string, cause: string])[] = [
  ['2001-09-11', 'attack on the World Trade Center'],
  ['2001-09-12', 'attack on the World Trade Center'],
  ['2001-09-13', 'attack on the World Trade Center'],
  ['2001-09-14', 'attack on the World Trade Center'],
  ['2004-06-11', 'mourning for Ronald Reagan'],
  ['2007-01-02', 'mourning for Gerald Ford'],
  ['2012-10-29', 'Hurricane Sandy'],
  ['2012-10-30', 'Hurricane Sandy'],
  ['2018-12-05', 'mourning for George H. W. Bush'],
  ['2025-01-09', 'mourning for Jimmy Carter'],
];

const monday = 1;
const thursday = 4;
const saturday = 6;
const sunday = 7;

const closingsByYear = new Map<string, ReadonlySet<CalendarDate>>();

function closingsOf(year: string): ReadonlySet<CalendarDate> {
  const known = closingsByYear.get(year);
  if (known !== undefined) return known;
  const closings = new Set([...yearlyClosings(year), ...exceptionalClosingsIn(year)]);
  closingsByYear.set(year, closings);
  return closings;
}

function exceptionalClosingsIn(year: string): readonly CalendarDate[] {
  return exceptionalClosings
    .filter(([date]) => date.startsWith(year))
    .map(([date]) => calendarDate(date));
}

function yearlyClosings(year: string): readonly CalendarDate[] {
  const day = (monthAndDay: string): CalendarDate => calendarDate(`${year}-${monthAndDay}`);
  return [
    ...newYearsDay(day('01-01')),
    nthWeekday(day('01-01'), monday, 3), // Martin Luther King Jr. Day
    nthWeekday(day('02-01'), monday, 3), // Washington's Birthday
    addDays(easterSunday(Number(year)), -2), // Good Friday
    addDays(nthWeekday(day('06-01'), monday, 1), -7), // Memorial Day, the last Monday of May
    ...(year >= '2022' ? [observed(day('06-19'))] : []), // Juneteenth
    observed(day('07-04')), // Independence Day
    nthWeekday(day('09-01'), monday, 1), // Labor Day
    nthWeekday(day('11-01'), thursday, 4), // Thanksgiving Day
    observed(day('12-25')), // Christmas Day
  ];
}

/** Never kept on the Friday before: that day closes the accounting year (NYSE Rule 7.2). */
function newYearsDay(date: CalendarDate): readonly CalendarDate[] {
  return weekdayOf(date) === saturday ? [] : [observed(date)];
}

/** A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
function observed(date: CalendarDate): CalendarDate {
  const weekday = weekdayOf(date);
  return weekday === saturday ? addDays(date, -1) : weekday === sunday ? addDays(date, 1) : date;
}

function nthWeekday(firstOfMonth: CalendarDate, weekday: number, nth: number): CalendarDate {
  const daysToFirst = (weekday - weekdayOf(firstOfMonth) + 7) % 7;
  return addDays(firstOfMonth, daysToFirst + 7 * (nth - 1));
}

/** Gregorian computus: the anonymous algorithm in Meeus, "Astronomical Algorithms", chapter 8. */
function easterSunday(year: number): CalendarDate {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const moonCorrection = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - moonCorrection + 15) % 30;
  const weekdayOffset =
    (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const lateMoon = Math.floor((golden + 11 * epact + 22 * weekdayOffset) / 451);
  const daysFromMarch22 = epact + weekdayOffset - 7 * lateMoon;
  return addDays(calendarDate(`${String(year).padStart(4, '0')}-03-22`), daysFromMarch22);
}
