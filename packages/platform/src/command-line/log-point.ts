import { parseInstant, type CopyEnd, type Instant } from '@counterfoil/event-store';
import { CommandFailure } from './failure.ts';

/** A place in the log as people name it: a position, or a moment by which events were recorded. */
export type LogPoint = Exclude<CopyEnd, { readonly kind: 'head' }>;

/** Throws a CommandFailure when the text names neither. */
export function parseLogPoint(option: string, text: string): LogPoint {
  if (/^\d{1,15}$/.test(text)) return { kind: 'position', position: Number(text) };
  const time = parseInstant(text);
  if (time !== undefined) return { kind: 'time', time };
  throw new CommandFailure(
    `${option} is "${text}": use a position, such as 1200, or a moment with its offset from UTC, ` +
      'such as 2026-05-20T13:30:00Z',
  );
}

/** The `until` of a query, which excludes, for a point which is included. */
export function justBehind(time: Instant): Instant {
  return (time + 1n) as Instant;
}
