import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  calendarDate,
  dateOfEpochDay,
  epochDayOf,
  parseCalendarDate,
  weekdayOf,
} from './calendar-date.ts';

const firstDay = -719_162;
const lastDay = 2_932_896;
const anyDay = fc.integer({ min: firstDay, max: lastDay });

describe('LG-12 a calendar date', () => {
  test.each([
    '0001-01-01',
    '1600-02-29',
    '1900-02-28',
    '2000-02-29',
    '2024-02-29',
    '2026-04-30',
    '2026-12-31',
    '9999-12-31',
  ])('is %s', (text) => {
    expect(parseCalendarDate(text)).toBe(text);
    expect(calendarDate(text)).toBe(text);
  });

  test.each([
    ['the year 0', '0000-01-01'],
    ['month 0', '2026-00-10'],
    ['month 13', '2026-13-10'],
    ['day 0', '2026-05-00'],
    ['31 April', '2026-04-31'],
    ['32 January', '2026-01-32'],
    ['30 February', '2024-02-30'],
    ['29 February of a common year', '2026-02-29'],
    ['29 February of a common century', '1900-02-29'],
    ['one digit of a month', '2026-5-20'],
    ['two digits of a year', '26-05-20'],
    ['a time', '2026-05-20T00:00:00Z'],
    ['something around it', ' 2026-05-20'],
    ['a line end', '2026-05-20\n'],
    ['other digits', '２０２６-05-20'],
    ['nothing', ''],
  ])('has not %s', (_, text) => {
    expect(parseCalendarDate(text)).toBeUndefined();
    expect(() => calendarDate(text)).toThrow(RangeError);
  });

  test.each([
    ['1970-01-01', 0, 4],
    ['1969-12-31', -1, 3],
    ['2000-02-29', 11_016, 2],
    ['2000-03-01', 11_017, 3],
    ['2026-05-20', 20_593, 3],
    ['0001-01-01', firstDay, 1],
    ['9999-12-31', lastDay, 5],
  ])('%s is day %i, and its weekday %i', (text, day, weekday) => {
    const date = calendarDate(text);
    expect(epochDayOf(date)).toBe(day);
    expect(dateOfEpochDay(day)).toBe(date);
    expect(weekdayOf(date)).toBe(weekday);
  });

  test('is what Date says, and text and day say the same', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const date = dateOfEpochDay(day);
        const model = new Date(day * 86_400_000);
        expect(date).toBe(model.toISOString().slice(0, 10));
        expect(parseCalendarDate(date)).toBe(date);
        expect(epochDayOf(date)).toBe(day);
        expect(weekdayOf(date) % 7).toBe(model.getUTCDay());
      }),
      { numRuns: 1_000 },
    );
  });

  test('is that on every day of the 400 years after which the calendar repeats', () => {
    const start = epochDayOf(calendarDate('1900-01-01'));
    const days = Array.from({ length: 146_097 }, (_, index) => start + index);

    const wrong = days.filter((day) => {
      const date = dateOfEpochDay(day);
      return (
        date !== new Date(day * 86_400_000).toISOString().slice(0, 10) || epochDayOf(date) !== day
      );
    });

    expect(dateOfEpochDay(days.at(-1) ?? 0)).toBe('2299-12-31');
    expect(wrong).toEqual([]);
  });

  test.each([
    ['2026-05-20', 0, '2026-05-20'],
    ['2026-02-28', 1, '2026-03-01'],
    ['2024-02-28', 1, '2024-02-29'],
    ['2024-03-01', -1, '2024-02-29'],
    ['2026-12-31', 1, '2027-01-01'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2024-02-29', 366, '2025-03-01'],
    ['1970-01-01', -365, '1969-01-01'],
  ])('%s and %i days is %s', (from, days, to) => {
    expect(addDays(calendarDate(from), days)).toBe(to);
  });

  test.each([
    ['before the year 1', '0001-01-01', -1],
    ['after the year 9999', '9999-12-31', 1],
    ['half a day later', '2026-05-20', 0.5],
    ['no number of days later', '2026-05-20', Number.NaN],
    ['for ever later', '2026-05-20', Infinity],
  ])('does not exist %s', (_, from, days) => {
    expect(() => addDays(calendarDate(from), days)).toThrow(RangeError);
  });
});
