import type { AvroSchema } from '../kernel/fields.ts';
import { plainSensitive } from '../kernel/sensitive.ts';

/**
 * A few values of a schema, from its extremes, always the same: what upcasters are tried on. Together
 * they go through both sides of every union, every symbol up to the sixth, and empty and filled lists.
 */
export function sampleValues(schema: AvroSchema): readonly unknown[] {
  return Array.from({ length: 6 }, (_, round) => sampleOf(schema, round));
}

function sampleOf(schema: AvroSchema, round: number): unknown {
  if (typeof schema === 'string') return primitiveSample(schema, round);
  if (isUnion(schema)) return sampleOf(pick(schema, round), round);
  const { type, logicalType } = schema;
  if (schema['sensitive'] === true) return plainSensitive('a name');
  if (logicalType === 'decimal') return decimalSample(Number(schema['precision']), round);
  if (typeof logicalType === 'string') return logicalSample(logicalType, round);
  switch (type) {
    case 'record':
      return Object.fromEntries(
        (schema['fields'] as readonly { name: string; type: AvroSchema }[]).map((field) => [
          field.name,
          sampleOf(field.type, round),
        ]),
      );
    case 'enum':
      return pick(schema['symbols'] as readonly string[], round);
    case 'array':
      return Array.from({ length: round % 3 }, () =>
        sampleOf(schema['items'] as AvroSchema, round),
      );
    default:
      return sampleOf(type, round);
  }
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function pick<Item>(items: readonly Item[], round: number): Item {
  const item = items[round % items.length];
  if (item === undefined) throw new RangeError('a union or enumeration without members');
  return item;
}

function primitiveSample(type: string, round: number): unknown {
  switch (type) {
    case 'null':
      return null;
    case 'boolean':
      return round % 2 === 0;
    case 'int':
    case 'long':
      return pick([0, 1, -1, 2_147_483_647, -2_147_483_648, 12_345], round);
    case 'float':
    case 'double':
      return pick([0, 1.5, -1.5], round);
    case 'bytes':
      return Buffer.from(pick(['', '\0', 'bytes'], round));
    case 'string':
      return pick(['', 'a', 'Gödel, Escher & Bach', 'x'.repeat(300), '0', ' '], round);
    default:
      throw new RangeError(`no sample for the Avro type ${type}`);
  }
}

/** Up to 30 digits: a next version of the same precision then still has room for some more decimals. */
function decimalSample(precision: number, round: number): bigint {
  const most = 10n ** BigInt(Math.min(precision, 30)) - 1n;
  return pick([0n, 1n, -1n, most, -most, 123_456_789n % most], round);
}

function logicalSample(logicalType: string, round: number): unknown {
  switch (logicalType) {
    case 'date':
      return pick(['2026-05-20', '1970-01-01', '0001-01-01', '9999-12-31'], round);
    case 'timestamp-nanos':
      return pick([0n, -1n, 1_780_000_000_123_456_789n], round);
    default:
      throw new RangeError(`no sample for the Avro logical type ${logicalType}`);
  }
}
