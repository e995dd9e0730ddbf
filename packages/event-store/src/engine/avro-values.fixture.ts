import * as fc from 'fast-check';
import { dateOfEpochDay } from '../kernel/calendar-date.ts';
import type { AvroSchema } from '../kernel/fields.ts';

/** A schema, and what values of it look like. */
export interface SchemaAndValues {
  readonly schema: AvroSchema;
  readonly values: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: 'binary', maxLength: 20 });
const integer = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });

function decimals(precision: number, scale: number): SchemaAndValues {
  const most = 10n ** BigInt(precision) - 1n;
  return {
    schema: { type: 'bytes', logicalType: 'decimal', precision, scale },
    values: fc.oneof(
      fc.bigInt({ min: -most, max: most }),
      fc.constantFrom(most, -most, 0n),
      // Near the powers of two, where another byte begins.
      fc
        .tuple(fc.nat(100), fc.constantFrom(-1n, 1n), fc.constantFrom(-1n, 0n, 1n))
        .map(([bits, sign, step]) => sign * 2n ** BigInt(bits) + step)
        .filter((value) => value <= most && value >= -most),
    ),
  };
}

const simple: readonly SchemaAndValues[] = [
  { schema: 'string', values: text },
  { schema: 'long', values: fc.oneof(integer, fc.integer(), fc.constantFrom(2 ** 52, -(2 ** 52))) },
  { schema: 'boolean', values: fc.boolean() },
  {
    schema: 'bytes',
    values: fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes)),
  },
  decimals(38, 8),
  decimals(4, 2),
  {
    schema: { type: 'int', logicalType: 'date' },
    values: fc.integer({ min: -719_162, max: 2_932_896 }).map(dateOfEpochDay),
  },
  {
    schema: { type: 'long', logicalType: 'timestamp-nanos' },
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  },
];

const any: fc.Memo<SchemaAndValues> = fc.memo((depth) =>
  depth <= 1
    ? leaf
    : fc.oneof({ weight: 3, arbitrary: leaf }, list(depth), option(depth), record()),
);

const leaf: fc.Arbitrary<SchemaAndValues> = fc.constantFrom(...simple);

function list(depth: number): fc.Arbitrary<SchemaAndValues> {
  return any(depth - 1).map(({ schema, values }) => ({
    schema: { type: 'array', items: schema },
    values: fc.array(values, { maxLength: 4 }),
  }));
}

function option(depth: number): fc.Arbitrary<SchemaAndValues> {
  return any(depth - 1).map(({ schema, values }) =>
    // A union directly in a union is no Avro.
    Array.isArray(schema)
      ? { schema, values }
      : { schema: ['null', schema], values: fc.option(values) },
  );
}

let records = 0;

function record(): fc.Arbitrary<SchemaAndValues> {
  return fc.array(any(), { maxLength: 4 }).map((fields) => {
    const named = fields.map((field, index) => ({ name: `f${index}`, ...field }));
    records += 1;
    return {
      schema: {
        type: 'record',
        // Avro wants another name for each record within a schema.
        name: `Record${records}`,
        fields: named.map(({ name, schema }) => ({ name, type: schema })),
      },
      values: fc.record(Object.fromEntries(named.map(({ name, values }) => [name, values]))),
    };
  });
}

/** A schema of any shape that fields can give, with a value of it. */
export const schemaAndValue = any(3).chain(({ schema, values }) =>
  values.map((value) => ({ schema, value })),
);
