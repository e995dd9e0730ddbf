import {
  openEventStore,
  type EventLog,
  type EventStorage,
  type RecordedEvent,
} from '@counterfoil/event-store';
import {
  accountEventTypes,
  type AccountEvent,
} from '../../packages/platform/src/domain/accounts/events.ts';

export type AccountRecord = RecordedEvent & AccountEvent;

/** A reader of the log that goes past every process. */
export async function openReader(log: EventStorage): Promise<EventLog> {
  return openEventStore({
    storage: log,
    eventTypes: accountEventTypes,
    clock: () => {
      throw new Error('a reader needs no clock');
    },
    randomBytes: (count) => new Uint8Array(count),
  });
}

export async function readRecords(reader: EventLog): Promise<readonly AccountRecord[]> {
  const { events } = await reader.readAll({ after: 0, limit: 1_000_000 });
  return events as readonly AccountRecord[];
}

export function factsOf(records: readonly AccountRecord[]): readonly AccountEvent[] {
  return records.map(({ type, data }) => ({ type, data }) as AccountEvent);
}
