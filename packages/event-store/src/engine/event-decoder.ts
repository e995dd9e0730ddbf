import type { RecordedEvent } from '../kernel/event.ts';
import type { StoredRecord } from '../storage/storage.ts';
import { dataOffsetOf, isSealed, payloadSealed, readEnvelope } from './envelope.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/**
 * A stored record as the event it holds, its data brought up to the newest schema; or as a `PayloadSealed` with
 * `{ eventType }`, where the data is sealed.
 */
export function decodeEvent(registry: SchemaRegistry, record: StoredRecord): RecordedEvent {
  const reader = registry.reader(record.schema);
  const { eventId, metadata, dataOffset } = readEnvelope(record.body);
  const sealed = isSealed(record.body);
  return {
    eventId,
    stream: record.stream,
    version: record.version,
    position: record.position,
    recordedAt: record.recordedAt,
    type: sealed ? payloadSealed : reader.type,
    schemaVersion: reader.schemaVersion,
    data: sealed ? { eventType: reader.type } : reader.read(record.body, dataOffset, record),
    metadata,
  };
}

/** Only type and data: all that a fold into state needs, at a third of the cost. */
export function decodeFact(
  registry: SchemaRegistry,
  record: StoredRecord,
): { readonly type: string; readonly data: unknown } {
  const reader = registry.reader(record.schema);
  if (isSealed(record.body)) return { type: payloadSealed, data: { eventType: reader.type } };
  return { type: reader.type, data: reader.read(record.body, dataOffsetOf(record.body), record) };
}
