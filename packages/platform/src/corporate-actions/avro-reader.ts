import type { AvroSchema } from '@counterfoil/event-store';
import avro from 'avsc';

/** Throws when the schema is not a valid Avro schema. */
export function avroType(schema: AvroSchema): avro.Type {
  // Every schema names its own records and enumerations: nothing else is shared between schemas.
  return avro.Type.forSchema(schema as avro.Schema, { registry: {}, wrapUnions: 'never' });
}

/**
 * Reads bytes that were written with one schema as values of another (Apache Avro 1.12, "Schema resolution").
 * Throws when there are bytes that can't be read so; the answer throws when these can't.
 */
export function readerOf(schema: AvroSchema, writtenWith: AvroSchema): (bytes: Buffer) => unknown {
  const type = avroType(schema);
  const resolver = type.createResolver(avroType(writtenWith));
  return (bytes) => type.fromBuffer(bytes, resolver) as unknown;
}
