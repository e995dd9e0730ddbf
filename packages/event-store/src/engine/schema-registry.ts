import type { EventType } from '../kernel/event.ts';
import type { EventStorage } from '../storage/storage.ts';
import { avroCodec, type AvroCodec, type StreamPlace } from './avro-codec.ts';
import { sampleValues } from './schema-samples.ts';

/** Encodes events with the newest schema of their type, and reads every schema that was ever written. */
export interface SchemaRegistry {
  /** How events of this type are written. Throws an UnknownEventType when the type was not defined. */
  writer(type: string): EventWriter;
  /** How records with this schema id are read. Throws an UnknownEventType for an id from elsewhere. */
  reader(schema: number): EventReader;
  /** The ids of all schemas of these types; throws an UnknownEventType when one was not defined. */
  schemaIds(types: readonly string[]): readonly number[];
}

export interface EventWriter {
  readonly schema: number;
  readonly codec: AvroCodec;
}

export interface EventReader {
  readonly type: string;
  readonly schemaVersion: number;
  /**
   * Decodes the data that begins at `offset`, brought up to the newest version of its schema. Sensitive fields
   * can't be read without their place.
   */
  read(body: Uint8Array, offset: number, at?: StreamPlace): unknown;
}

export class UnknownEventType extends Error {
  override readonly name = 'UnknownEventType';
}

/** A change of schemas would make events that are in the log unreadable: the program must not start. */
export class BreakingSchemaChange extends Error {
  override readonly name = 'BreakingSchemaChange';
}

/**
 * Checks the definitions by themselves: valid Avro, one definition a type, and every upcaster turning
 * sample data of its version into data that the next version can write. Throws a BreakingSchemaChange.
 */
export function checkEventTypes(types: readonly EventType[]): void {
  const seen = new Set<string>();
  for (const { type, schemas } of types) {
    if (seen.has(type)) throw new BreakingSchemaChange(`event type ${type} is defined twice`);
    seen.add(type);
    schemas.forEach((schema, index) => {
      const next = schemas[index + 1];
      if (schema.upcast === undefined || next === undefined) {
        avroCodec(schema.avro);
        return;
      }
      const target = avroCodec(next.avro);
      for (const sample of sampleValues(schema.avro)) {
        avroCodec(schema.avro).check(sample);
        try {
          target.check(schema.upcast(sample as never));
        } catch (cause) {
          throw new BreakingSchemaChange(
            `${type}: the upcaster from version ${schema.version} to ${next.version} gives data that ` +
              `version ${next.version} can't hold (${String(cause)}); correct the upcaster`,
            { cause },
          );
        }
      }
    });
  }
}

/**
 * Registers the definitions in the storage and checks them against what the log was written with.
 * Rejects with a BreakingSchemaChange or, from the storage, a SchemaConflict.
 */
export async function openSchemaRegistry(
  storage: EventStorage,
  types: readonly EventType[],
): Promise<SchemaRegistry> {
  checkEventTypes(types);
  await refuseUnreadable(storage, types);
  const writers = new Map<string, EventWriter>();
  const readers: (EventReader | undefined)[] = [];
  const idsByType = new Map<string, readonly number[]>();
  const definitions = types.flatMap(({ type, schemas }) =>
    schemas.map(({ version, avro }) => ({ type, version, avro })),
  );
  const ids = await storage.registerSchemas(definitions);
  let next = 0;
  for (const eventType of types) {
    const own = ids.slice(next, next + eventType.schemas.length);
    next += own.length;
    idsByType.set(eventType.type, own);
    own.forEach((id, index) => {
      readers[id] = readerOf(eventType, index);
    });
    const newest = eventType.schemas.at(-1);
    const newestId = own.at(-1);
    if (newest !== undefined && newestId !== undefined) {
      writers.set(eventType.type, { schema: newestId, codec: avroCodec(newest.avro) });
    }
  }
  return {
    writer: (type) => writers.get(type) ?? unknownType(type),
    reader: (schema) => readers[schema] ?? unknownType(`with schema id ${schema}`),
    schemaIds: (names) => names.flatMap((name) => idsByType.get(name) ?? unknownType(name)),
  };
}

function unknownType(name: string): never {
  throw new UnknownEventType(`event type ${name} was not defined when the store was opened`);
}

async function refuseUnreadable(storage: EventStorage, types: readonly EventType[]): Promise<void> {
  const defined = new Set(types.flatMap((t) => t.schemas.map((s) => `${t.type} v${s.version}`)));
  for (const { type, version } of await storage.schemas()) {
    if (!defined.has(`${type} v${version}`)) {
      throw new BreakingSchemaChange(
        `the log holds ${type} version ${version}, which this program does not define: keep every ` +
          'version that was ever written in its event type, or start the newer program that wrote it',
      );
    }
  }
}

function readerOf(eventType: EventType, index: number): EventReader {
  const schema = eventType.schemas[index];
  if (schema === undefined) throw new RangeError(`${eventType.type} has no schema ${index}`);
  const codec = avroCodec(schema.avro);
  const upcasts = eventType.schemas
    .slice(index)
    .flatMap(({ upcast }) => (upcast === undefined ? [] : [upcast]));
  return {
    type: eventType.type,
    schemaVersion: schema.version,
    read:
      upcasts.length === 0
        ? codec.decode
        : (body, offset, at) =>
            upcasts.reduce<unknown>(
              (data, upcast) => upcast(data as never),
              codec.decode(body, offset, at),
            ),
  };
}
