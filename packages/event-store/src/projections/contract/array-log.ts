import type { EventLog, EventPage, EventQuery } from '../../engine/event-log.ts';
import type { RecordedEvent } from '../../kernel/event.ts';
import { streamId, type EventId } from '../../kernel/identifiers.ts';
import { instantFromMilliseconds } from '../../kernel/instant.ts';

/** A log in an array, with a say in what happens before each read. */
export interface ArrayLog extends EventLog {
  /** Appends events of a type, and answers the position of the last. */
  append(type: string, ...data: readonly unknown[]): number;
  /** Forgets what came after a position, as a restored backup does. */
  cutOff(position: number): void;
  /** Called before each page is read. */
  beforeRead: (query: EventQuery) => void | Promise<void>;
}

export function arrayLog(): ArrayLog {
  const events: RecordedEvent[] = [];
  const listeners = new Set<() => void>();
  const log: ArrayLog = {
    beforeRead: () => {},
    append: (type, ...data) => {
      for (const each of data) events.push(recorded(events.length + 1, type, each));
      for (const listener of listeners) listener();
      return events.length;
    },
    cutOff: (position) => {
      events.length = position;
    },
    readAll: async (query) => {
      await log.beforeRead(query);
      return pageOf(events, query);
    },
    readStream: async (stream) => events.filter((event) => event.stream === stream),
    head: async () => ({ position: events.length, recordedAt: instantFromMilliseconds(0) }),
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return log;
}

function pageOf(events: readonly RecordedEvent[], { after, limit, types }: EventQuery): EventPage {
  const found: RecordedEvent[] = [];
  let scannedTo = after;
  for (const event of events.slice(after)) {
    if (found.length === limit) return { events: found, scannedTo, more: true };
    if (types === undefined || types.includes(event.type)) found.push(event);
    scannedTo = event.position;
  }
  return { events: found, scannedTo, more: false };
}

function recorded(position: number, type: string, data: unknown): RecordedEvent {
  return {
    eventId: `01900000-0000-7000-8000-${String(position).padStart(12, '0')}` as EventId,
    stream: streamId('counts'),
    version: position,
    position,
    recordedAt: instantFromMilliseconds(1_780_000_000_000 + position),
    type,
    schemaVersion: 1,
    data,
    metadata: { userId: 'test', correlationId: 'test', causationId: null },
  };
}
