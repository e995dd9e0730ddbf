import { addDays, parseCalendarDate, parseInstant, type Instant } from '@counterfoil/event-store';
import type { EventLog } from '@counterfoil/event-store';

/** Instants of recording, from the first to before the last. */
export interface RecordedRange {
  readonly since: Instant | undefined;
  readonly until: Instant | undefined;
}

/**
 * What two texts mean, each a day of UTC or an instant. Both ends belong to the range: of a day all of it.
 * Throws a RangeError when one is neither.
 */
export function recordedRange(from: string | undefined, to: string | undefined): RecordedRange {
  return {
    since: from === undefined ? undefined : startOf(from),
    until: to === undefined ? undefined : endOf(to),
  };
}

function startOf(text: string): Instant {
  const instant = parseInstant(parseCalendarDate(text) === undefined ? text : midnight(text));
  if (instant === undefined) throw new RangeError(`"${text}" is neither a day nor an instant`);
  return instant;
}

function endOf(text: string): Instant {
  const day = parseCalendarDate(text);
  return day === undefined ? ((startOf(text) + 1n) as Instant) : startOf(addDays(day, 1));
}

function midnight(date: string): string {
  return `${date}T00:00:00Z`;
}

/** The first position that was recorded at a moment or later; one behind the last when there is none. */
export async function firstPositionSince(
  log: Pick<EventLog, 'readAll'>,
  moment: Instant,
  last: number,
): Promise<number> {
  const { events } = await log.readAll({ after: 0, limit: 1, since: moment });
  return events[0]?.position ?? last + 1;
}
