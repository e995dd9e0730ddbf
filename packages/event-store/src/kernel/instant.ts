import type { Branded } from './brand.ts';

/**
 * A moment on the UTC time line, in nanoseconds since 1970-01-01T00:00:00Z (leap seconds smeared away, as
 * POSIX time does). Not a business date: see `CalendarDate`.
 */
export type Instant = Branded<bigint, 'Instant'>;

const nanosecondsPerMillisecond = 1_000_000n;
const nanosecondsPerSecond = 1_000_000_000n;

// What four digits of a year can say: from 0000-01-01 up to, but not with, 10000-01-01.
const textsFrom = -62_167_219_200n * nanosecondsPerSecond;
const textsUntil = 253_402_300_800n * nanosecondsPerSecond;

// RFC 3339 with a mandatory offset; up to nine digits of a second.
const instantPattern =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * The instant that an RFC 3339 text names, or undefined when it names none (31 April, 25 o'clock), or one
 * outside the years 0000 to 9999 of UTC.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = instantPattern.exec(text);
  if (match === null) return undefined;
  const [, date = '', hour = '', minute = '', second = '', fraction = '', offset = 'Z'] = match;
  const atUtc = `${date}T${hour}:${minute}:${second}Z`;
  const atMs = Date.parse(atUtc);
  // Date.parse rolls 31 April over into May, and takes 24:00:00: both differ from what was written.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 19) !== atUtc.slice(0, 19)) {
    return undefined;
  }
  const offsetMinutes = parseOffsetMinutes(offset);
  if (offsetMinutes === undefined) return undefined;
  const wholeMs = BigInt(atMs) - BigInt(offsetMinutes) * 60_000n;
  const instant = wholeMs * nanosecondsPerMillisecond + BigInt(fraction.padEnd(9, '0'));
  return hasText(instant) ? (instant as Instant) : undefined;
}

function hasText(nanoseconds: bigint): boolean {
  return nanoseconds >= textsFrom && nanoseconds < textsUntil;
}

function parseOffsetMinutes(offset: string): number | undefined {
  if (offset === 'Z' || offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * RFC 3339 text in UTC with 3, 6 or 9 digits of a second, as few as say it exactly. Throws a RangeError
 * outside the years 0000 to 9999.
 */
export function formatInstant(instant: Instant): string {
  if (!hasText(instant)) throw new RangeError(`${instant} ns is outside the years 0000 to 9999`);
  const nanoseconds =
    ((instant % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const wholeMs = Number((instant - nanoseconds) / nanosecondsPerMillisecond);
  const digits = nanoseconds.toString().padStart(9, '0');
  const shown = digits.endsWith('000000') ? 3 : digits.endsWith('000') ? 6 : 9;
  return `${new Date(wholeMs).toISOString().slice(0, 19)}.${digits.slice(0, shown)}Z`;
}

/** The instant of a count of whole milliseconds since 1970, as `Date.now()` and `Date.getTime()` give. */
export function instantFromMilliseconds(milliseconds: number): Instant {
  return (BigInt(milliseconds) * nanosecondsPerMillisecond) as Instant;
}

/** The instant of a count of whole microseconds since 1970: the resolution in which records are stamped. */
export function instantFromMicroseconds(microseconds: number): Instant {
  return (BigInt(microseconds) * 1000n) as Instant;
}

/** Whole microseconds since 1970, rounded towards the past; exact as a number until the year 2255. */
export function microsecondsOf(instant: Instant): number {
  const whole = instant / 1000n;
  return Number(instant < 0n && instant % 1000n !== 0n ? whole - 1n : whole);
}

/** The first whole microsecond that is not before an instant. */
export function firstMicrosecondFrom(instant: Instant): number {
  const whole = microsecondsOf(instant);
  return instantFromMicroseconds(whole) === instant ? whole : whole + 1;
}

/** Where the program learns the time; handed in, so that tests and replays set it. */
export type Clock = () => Instant;
