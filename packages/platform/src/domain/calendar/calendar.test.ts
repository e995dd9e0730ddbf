import {
  addDays,
  calendarDate,
  parseInstant,
  weekdayOf,
  type CalendarDate,
} from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addBusinessDays,
  isBusinessDay,
  nextBusinessDay,
  previousBusinessDay,
  settlementDate,
  weekendsOnly,
} from './business-calendar.ts';
import { businessDateOf } from './business-date.ts';
import { unitedStates } from './united-states.ts';

// The weekdays from 1998-01-01 to 2021-03-31 on which the New York Stock Exchange printed no price: taken
// from the daily bars of AAPL, IBM and SPY, which agree, and not from any list of holidays.
const weekdaysWithoutTrading: readonly (readonly [year: number, days: string])[] = [
  [1998, '01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25'],
  [1999, '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24'],
  [2000, '01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25'],
  [2001, '01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25'],
  [2002, '01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25'],
  [2003, '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25'],
  [2004, '01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24'],
  [2005, '01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26'],
  [2006, '01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25'],
  [2007, '01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25'],
  [2008, '01-01 01-21 02-18 03-21 05-26 07-04 09-01 11-27 12-25'],
  [2009, '01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25'],
  [2010, '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24'],
  [2011, '01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26'],
  [2012, '01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25'],
  [2013, '01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25'],
  [2014, '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25'],
  [2015, '01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25'],
  [2016, '01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26'],
  [2017, '01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25'],
  [2018, '01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25'],
  [2019, '01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25'],
  [2020, '01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25'],
];

const date = calendarDate;

function weekdaysClosedIn(year: number): string {
  const closed: string[] = [];
  for (let day = date(`${year}-01-01`); day.startsWith(String(year)); day = addDays(day, 1)) {
    if (weekdayOf(day) <= 5 && !isBusinessDay(unitedStates, day)) closed.push(day.slice(5));
  }
  return closed.join(' ');
}

describe('MD-02 the trading days of New York', () => {
  it.each(weekdaysWithoutTrading)('in %i were closed on %s', (year, days) => {
    expect(weekdaysClosedIn(year)).toBe(days);
  });

  it.each([
    // From the exchange's published calendars.
    [2021, '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24'],
    [2022, '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26'],
    [2025, '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25'],
    [2026, '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25'],
  ])('in %i are closed on %s', (year, days) => {
    expect(weekdaysClosedIn(year)).toBe(days);
  });
});

describe('LG-07 settlement and counting of business days', () => {
  it.each([
    ['2026-11-20', '2026-11-23'], // over a weekend
    ['2026-11-25', '2026-11-27'], // over Thanksgiving
    ['2026-11-23', '2026-11-24'],
    ['2021-12-31', '2022-01-03'], // a New Year's Day on a Saturday is kept on no other day
    ['2026-11-21', '2026-11-23'], // traded on a Saturday
  ])('a trade of %s settles on %s', (traded, settled) => {
    expect(settlementDate(unitedStates, date(traded))).toBe(settled);
  });

  it('settles by another cycle when told so', () => {
    expect(settlementDate(unitedStates, date('2020-08-27'), 2)).toBe('2020-08-31');
    expect(settlementDate(unitedStates, date('2020-08-27'), 0)).toBe('2020-08-27');
  });

  it('finds the neighbours of a closed day', () => {
    expect(nextBusinessDay(unitedStates, date('2001-09-10'))).toBe('2001-09-17');
    expect(previousBusinessDay(unitedStates, date('2001-09-17'))).toBe('2001-09-10');
    expect(nextBusinessDay(weekendsOnly, date('2001-09-10'))).toBe('2001-09-11');
  });

  it('comes back when it counts as many days back as forth from a business day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9000 }),
        fc.integer({ min: 0, max: 60 }),
        (offset, days) => {
          const start = nextBusinessDay(unitedStates, addDays(date('1998-01-01'), offset));
          const end = addBusinessDays(unitedStates, start, days);
          expect(isBusinessDay(unitedStates, end)).toBe(true);
          expect(addBusinessDays(unitedStates, end, -days)).toBe(start);
        },
      ),
    );
  });
});

describe('LG-12 the business date of an instant', () => {
  it.each([
    ['2026-11-20T04:59:59.999999999Z', 'America/New_York', '2026-11-19'],
    ['2026-11-20T05:00:00Z', 'America/New_York', '2026-11-20'],
    ['2026-07-01T03:59:59Z', 'America/New_York', '2026-06-30'], // daylight saving time
    ['2026-07-01T04:00:00Z', 'America/New_York', '2026-07-01'],
    ['2026-11-20T14:59:59Z', 'Asia/Tokyo', '2026-11-20'],
    ['2026-11-20T15:00:00Z', 'Asia/Tokyo', '2026-11-21'],
    ['1969-12-31T23:59:59.5Z', 'UTC', '1969-12-31'],
    ['1970-01-01T00:00:00.5Z', 'UTC', '1970-01-01'],
  ])('%s in %s is %s', (instant, timeZone, expected) => {
    expect(businessDateOf(parseInstant(instant)!, timeZone)).toBe(expected as CalendarDate);
  });

  it('refuses a zone that does not exist', () => {
    expect(() => businessDateOf(parseInstant('2026-11-20T00:00:00Z')!, 'Mars/Olympus')).toThrow(
      RangeError,
    );
  });
});
