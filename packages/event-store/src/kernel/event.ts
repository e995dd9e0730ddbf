import type { Field, Fields, ValuesOf } from './fields.ts';
import { record, type AvroSchema } from './fields.ts';
import type { EventId, StreamId } from './identifiers.ts';
import type { Instant } from './instant.ts';

/** What happened, as the domain says it. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** Who caused an event, and by what. */
export interface EventMetadata {
  /** The principal that gave the command: a user, a service, or the program itself. */
  readonly userId: string;
  /** Shared by all that one request set off; the event's own id when the caller gave none. */
  readonly correlationId: string;
  /** The id of the message or event that led to this one, if there was one. */
  readonly causationId: string | null;
}

/** An event as the log holds it. */
export interface RecordedEvent<Event extends DomainEvent = DomainEvent> {
  readonly eventId: EventId;
  /** The stream, one for each aggregate: the `aggregateId` of the envelope. */
  readonly stream: StreamId;
  /** 1 for the first event of a stream, then one more each. */
  readonly version: number;
  /** Place in the whole log: 1 for the first event, gap-free, in commit order. */
  readonly position: number;
  /** When the log took it in (recorded time): never before that of an earlier position. */
  readonly recordedAt: Instant;
  readonly type: Event['type'];
  /** The version of the event's schema that the data was written with; it reads as the newest. */
  readonly schemaVersion: number;
  readonly data: Event['data'];
  readonly metadata: EventMetadata;
}

/** One version of the schema of an event type. */
export interface EventSchema {
  readonly version: number;
  readonly avro: AvroSchema;
  /** Turns data of this version into data of the next; absent on the newest. */
  readonly upcast: ((data: never) => unknown) | undefined;
}

/** A type of event: its name and every version of its schema that was ever written, oldest first. */
export interface EventType<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly schemas: readonly EventSchema[];
  /** Never present at run time: it lets the type checker infer the data of the newest version. */
  readonly reads?: Data;
}

/** The events of a type, or of each of a union of types: `EventOf<typeof CashDeposited>`. */
export type EventOf<T> =
  T extends EventType<infer Type, infer Data> ? DomainEvent<Type, Data> : never;

interface RevisableEventType<Type extends string, F extends Fields> extends EventType<
  Type,
  ValuesOf<F>
> {
  /**
   * The next version of the schema. `upcast` turns what the version before holds into the new shape; it
   * is pure, and applied on every read of an old event.
   */
  revise<Next extends Fields>(
    fields: Next,
    upcast: (data: ValuesOf<F>) => ValuesOf<Next>,
  ): RevisableEventType<Type, Next>;
}

/**
 * Defines an event type by the fields of its first version; `revise` adds the later ones. Versions that
 * were written once stay in the code, because the log keeps their events for ever.
 */
export function eventType<const Type extends string, F extends Fields>(
  type: Type,
  fields: F,
): RevisableEventType<Type, F> {
  return revisable(type, [], record(type, fields));
}

function revisable<Type extends string, F extends Fields>(
  type: Type,
  older: readonly EventSchema[],
  newest: Field<ValuesOf<F>>,
): RevisableEventType<Type, F> {
  const version = older.length + 1;
  return {
    type,
    schemas: [...older, { version, avro: newest.avro, upcast: undefined }],
    revise: (fields, upcast) =>
      revisable(type, [...older, { version, avro: newest.avro, upcast }], record(type, fields)),
  };
}
