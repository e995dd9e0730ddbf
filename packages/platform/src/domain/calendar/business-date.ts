import {
  calendarDate,
  microsecondsOf,
  type CalendarDate,
  type Instant,
} from '@counterfoil/event-store';

/**
 * The calendar date on the wall at an instant, in an IANA time zone such as `America/New_York`. Throws a
 * RangeError when the zone is unknown.
 */
export function businessDateOf(instant: Instant, timeZone: string): CalendarDate {
  const epochSecond = Math.floor(microsecondsOf(instant) / 1_000_000);
  const zone = zoneOf(timeZone);
  // No zone was ever off UTC by a fraction of a second, so a date holds for the whole of one.
  if (zone.epochSecond !== epochSecond) {
    zone.date = dateIn(zone.format, epochSecond);
    zone.epochSecond = epochSecond;
  }
  return zone.date;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** The last answer: formatting costs microseconds, and most questions are about the present second. */
  epochSecond: number;
  date: CalendarDate;
}

const zones = new Map<string, Zone>();

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const zone: Zone = { format, epochSecond: 0, date: dateIn(format, 0) };
  zones.set(timeZone, zone);
  return zone;
}

function dateIn(format: Intl.DateTimeFormat, epochSecond: number): CalendarDate {
  let year = '';
  let month = '';
  let day = '';
  for (const { type, value } of format.formatToParts(epochSecond * 1000)) {
    if (type === 'year') year = value;
    else if (type === 'month') month = value;
    else if (type === 'day') day = value;
  }
  return calendarDate(`${year.padStart(4, '0')}-${month}-${day}`);
}
