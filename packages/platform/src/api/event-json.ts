import {
  formatInstant,
  formatUnits,
  sealedMark,
  type AvroSchema,
  type EventType,
  type Instant,
  type RecordedEvent,
} from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';

/** The envelope of LG-04, and where the event stands. */
export const EventAnswer = Type.Object(
  {
    eventId: Type.String({ format: 'uuid' }),
    aggregateId: Type.String({ description: 'The stream' }),
    version: Type.Integer({ description: 'Within the stream' }),
    position: Type.Integer({ description: 'Within the whole log' }),
    timestamp: Type.String({ format: 'date-time', description: 'When the log took it in' }),
    eventType: Type.String(),
    schemaVersion: Type.Integer({
      description: 'That it was written with; it is shown as the newest',
    }),
    data: Type.Object({}, { additionalProperties: true, description: 'See the event catalog' }),
    metadata: Type.Object({
      userId: Type.String(),
      correlationId: Type.String(),
      causationId: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    }),
  },
  { title: 'Event' },
);
export type EventAnswer = Static<typeof EventAnswer>;

type Presenter = (value: never) => unknown;

/** Shows events as JSON can carry them: decimals and instants as text, as everywhere on the wire. */
export function eventPresenter(types: readonly EventType[]): (event: RecordedEvent) => EventAnswer {
  const presenters = new Map<string, Presenter>(
    types.map(({ type, schemas }) => [type, presenterOf(schemas.at(-1)?.avro ?? 'null')]),
  );
  return (event) => ({
    eventId: event.eventId,
    aggregateId: event.stream,
    version: event.version,
    position: event.position,
    timestamp: formatInstant(event.recordedAt),
    eventType: event.type,
    schemaVersion: event.schemaVersion,
    data: (presenters.get(event.type) ?? asItIs)(event.data as never) as EventAnswer['data'],
    metadata: event.metadata,
  });
}

const asItIs: Presenter = (value) => value;

function presenterOf(schema: AvroSchema): Presenter {
  if (typeof schema === 'string') return schema === 'bytes' ? base64 : asItIs;
  if (isUnion(schema)) {
    const present = presenterOf(schema.find((branch) => branch !== 'null') ?? 'null');
    return (value) => (value === null ? null : present(value));
  }
  // What is sealed is shown by those who may open it, and not as part of an event.
  if (schema['sensitive'] === true) return () => sealedMark;
  if (schema['logicalType'] === 'decimal') {
    const scale = Number(schema['scale']);
    return (units: bigint) => formatUnits(units, scale);
  }
  if (schema['logicalType'] === 'timestamp-nanos') return (at: Instant) => formatInstant(at);
  switch (schema.type) {
    case 'array': {
      const present = presenterOf(schema['items'] as AvroSchema);
      return (values: readonly never[]) => values.map((value) => present(value));
    }
    case 'record':
      return recordPresenter(schema['fields'] as readonly RecordField[]);
    default:
      // Enumerations are text, dates too by the time they are decoded.
      return asItIs;
  }
}

interface RecordField {
  readonly name: string;
  readonly type: AvroSchema;
}

function recordPresenter(fields: readonly RecordField[]): Presenter {
  const members = fields.map(({ name, type }) => ({ name, present: presenterOf(type) }));
  return (record: Readonly<Record<string, never>>) =>
    Object.fromEntries(members.map(({ name, present }) => [name, present(record[name] as never)]));
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString('base64');
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}
