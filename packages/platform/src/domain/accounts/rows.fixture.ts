import {
  instantFromMicroseconds,
  type Projection,
  type RecordedEvent,
  type Row,
} from '@counterfoil/event-store';
import type { RetentionEvent } from '../retention/events.ts';
import { accountStream, type AccountEvent, type AccountId } from './events.ts';
import { accountProjections } from './views.ts';

/** The rows of every view, by view and key, after events recorded one a second. */
export function rowsAfter(
  events: readonly (AccountEvent | RetentionEvent)[],
): ReadonlyMap<string, readonly Row[]> {
  return new Map(accountProjections.map((known) => [known.name, rowsOf(known, events)]));
}

export function rowsOf(
  projection: Projection<AccountEvent | RetentionEvent>,
  events: readonly (AccountEvent | RetentionEvent)[],
): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const [index, event] of events.entries()) {
    if (!projection.types.includes(event.type)) continue;
    for (const change of projection.project(recorded(event, index + 1))) {
      const key = JSON.stringify(change.key);
      const row = 'row' in change ? change.row : change.update(rows.get(key));
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return [...rows.values()];
}

function recorded(
  event: AccountEvent | RetentionEvent,
  position: number,
): RecordedEvent<AccountEvent | RetentionEvent> {
  return {
    ...event,
    eventId: `00000000-0000-7000-8000-${position}` as RecordedEvent['eventId'],
    stream: accountStream('A1' as AccountId),
    version: position,
    position,
    recordedAt: instantFromMicroseconds(1_790_000_000_000_000 + position * 1_000_000),
    schemaVersion: 1,
    metadata: { userId: 'u', correlationId: 'c', causationId: null },
  };
}
