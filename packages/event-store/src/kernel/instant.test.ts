import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatInstant,
  instantFromMicroseconds,
  instantFromMilliseconds,
  microsecondsOf,
  parseInstant,
  type Instant,
} from './instant.ts';

const second = 1_000_000_000n;
const day = 86_400n * second;
// 0000-01-01 and 10000-01-01: what four digits of a year can say.
const [first, end] = [-719_528n * day, 2_932_897n * day];
const anyInstant = fc.bigInt({ min: first, max: end - 1n }).map((value) => value as Instant);

describe('LG-04 an instant in text', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0n, '1970-01-01T00:00:00.000Z'],
    ['1970-01-01t00:00:00z', 0n, '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:00:01.5Z', 1_500_000_000n, '1970-01-01T00:00:01.500Z'],
    ['1970-01-01T00:00:00.000001Z', 1_000n, '1970-01-01T00:00:00.000001Z'],
    ['1970-01-01T00:00:00.0000010Z', 1_000n, '1970-01-01T00:00:00.000001Z'],
    ['1970-01-01T00:00:00.0001Z', 100_000n, '1970-01-01T00:00:00.000100Z'],
    ['1970-01-01T00:00:00.123456789Z', 123_456_789n, '1970-01-01T00:00:00.123456789Z'],
    ['1969-12-31T23:59:59.999999999Z', -1n, '1969-12-31T23:59:59.999999999Z'],
    ['1969-12-31T23:59:59.5Z', -500_000_000n, '1969-12-31T23:59:59.500Z'],
    ['2024-02-29T12:00:00Z', 19_782n * day + day / 2n, '2024-02-29T12:00:00.000Z'],
    ['2000-02-29T00:00:00Z', 11_016n * day, '2000-02-29T00:00:00.000Z'],
    ['1970-01-01T01:30:00+01:30', 0n, '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T19:00:00-05:00', 0n, '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:00:00-00:00', 0n, '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T23:59:00+23:59', 0n, '1970-01-01T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', first, '0000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999999999Z', end - 1n, '9999-12-31T23:59:59.999999999Z'],
  ])('%s is %s nanoseconds from 1970', (text, nanoseconds, written) => {
    expect(parseInstant(text)).toBe(nanoseconds);
    expect(formatInstant(nanoseconds as Instant)).toBe(written);
  });

  test.each([
    ['no offset', '2026-05-20T10:00:00'],
    ['no time', '2026-05-20'],
    ['no seconds', '2026-05-20T10:00Z'],
    ['a space in place of the T', '2026-05-20 10:00:00Z'],
    ['an empty fraction', '2026-05-20T10:00:00.Z'],
    ['ten digits of a second', '2026-05-20T10:00:00.1234567890Z'],
    ['month 13', '2026-13-20T10:00:00Z'],
    ['month 0', '2026-00-20T10:00:00Z'],
    ['31 April', '2026-04-31T10:00:00Z'],
    ['29 February of a common year', '2026-02-29T10:00:00Z'],
    ['29 February of a common century', '1900-02-29T10:00:00Z'],
    ["25 o'clock", '2026-05-20T25:00:00Z'],
    ["24 o'clock", '2026-05-20T24:00:00Z'],
    ['minute 60', '2026-05-20T10:60:00Z'],
    ['a leap second, which smeared time has none of', '2016-12-31T23:59:60Z'],
    ['an offset of a day', '2026-05-20T10:00:00+24:00'],
    ['an offset of 60 minutes', '2026-05-20T10:00:00+00:60'],
    ['an offset without a colon', '2026-05-20T10:00:00+0100'],
    ['five digits of a year', '+02026-05-20T10:00:00Z'],
    ['a year before 0000, by its offset', '0000-01-01T00:00:00+00:01'],
    ['a year after 9999, by its offset', '9999-12-31T23:59:00-00:01'],
    ['something around it', ' 2026-05-20T10:00:00Z'],
    ['a line end', '2026-05-20T10:00:00Z\n'],
    ['nothing', ''],
  ])('has not %s', (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  test('is read as it was written, to the nanosecond', () => {
    fc.assert(
      fc.property(anyInstant, (instant) => {
        const text = formatInstant(instant);
        expect(parseInstant(text)).toBe(instant);
        expect(text).toMatch(/T\d\d:\d\d:\d\d\.(\d{3}|\d{6}|\d{9})Z$/);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is the same moment at any offset', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
        fc.integer({ min: -1_439, max: 1_439 }),
        (date, minutes) => {
          const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
          const distance = Math.abs(minutes);
          const [hours, rest] = [Math.floor(distance / 60), distance % 60].map((part) =>
            String(part).padStart(2, '0'),
          );
          const text = `${local}${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
          expect(parseInstant(text)).toBe(instantFromMilliseconds(date.getTime()));
        },
      ),
    );
  });

  test('sorts as time does when it has the same number of digits', () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (left, right) => {
        const [a, b] = [left, right].map((one) =>
          formatInstant(((one / second) * second) as Instant),
        );
        expect((a ?? '') < (b ?? '')).toBe(left / second < right / second);
      }),
    );
  });

  test.each([first - 1n, end, 2n ** 70n])('can not say %s', (nanoseconds) => {
    expect(() => formatInstant(nanoseconds as Instant)).toThrow(RangeError);
  });
});

describe('LG-04 an instant in whole units', () => {
  test.each([
    [0n, 0],
    [999n, 0],
    [1_000n, 1],
    [-1n, -1],
    [-1_000n, -1],
    [-1_001n, -2],
    [1_780_000_000_123_456_789n, 1_780_000_000_123_456],
  ])('of %s nanoseconds is %i microseconds', (instant, microseconds) => {
    expect(microsecondsOf(instant as Instant)).toBe(microseconds);
  });

  test('of microseconds is exact there and back, until the year 2255', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
        fc.bigInt({ min: 0n, max: 999n }),
        (microseconds, rest) => {
          const instant = instantFromMicroseconds(microseconds);
          expect(instant).toBe(BigInt(microseconds) * 1_000n);
          expect(microsecondsOf((instant + rest) as Instant)).toBe(microseconds);
        },
      ),
    );
    expect(formatInstant(instantFromMicroseconds(Number.MAX_SAFE_INTEGER))).toMatch(/^2255-/);
  });

  test('of milliseconds is what Date says', () => {
    const date = new Date('2026-05-20T10:00:00.123Z');
    expect(formatInstant(instantFromMilliseconds(date.getTime()))).toBe(date.toISOString());
  });
});
