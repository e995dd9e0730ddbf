import avro from 'avsc';
import {
  dateOfEpochDay,
  epochDayOf,
  parseCalendarDate,
  type CalendarDate,
} from '../kernel/calendar-date.ts';
import type { AvroSchema } from '../kernel/fields.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import { isSensitive, Sealed, type Place, type Sensitive } from '../kernel/sensitive.ts';

/**
 * Values as Avro bytes (Apache Avro 1.12, binary encoding) and back, for the logical types that fields are
 * made of. The encoding itself is avsc's.
 */
export interface AvroCodec {
  /** Whether the schema has sensitive fields: encoding and decoding then take the place in the log. */
  readonly sensitive: boolean;
  /**
   * Writes the value into `target` at `offset` and answers the offset behind it, from which on nothing can
   * be relied on in `target`; when it doesn't fit, nothing behind `offset` can, and the answer is negative:
   * minus the bytes that were missing.
   * Throws a SchemaMismatch that names the field when the value is not of the schema.
   */
  encodeInto(value: unknown, target: Buffer, offset: number, at?: StreamPlace): number;
  encode(value: unknown, at?: StreamPlace): Buffer;
  /** Throws a SchemaMismatch when the bytes are not of the schema. */
  decode(bytes: Uint8Array, offset?: number, at?: StreamPlace): unknown;
  /** Throws a SchemaMismatch that names the field when the value is not of the schema; seals nothing. */
  check(value: unknown): void;
}

/** Where an event stands, or will. */
export interface StreamPlace {
  readonly stream: StreamId;
  readonly version: number;
}

export function avroCodec(schema: AvroSchema): AvroCodec {
  const sensitive = hasSensitive(schema);
  // Encoding and decoding wait for nothing, so that one variable serves all the fields of a value.
  let place: StreamPlace | undefined;
  const placeOf = (path: string): Place => {
    if (place === undefined) {
      throw new TypeError(
        `${type.name ?? 'a value'} has sensitive fields, which are bound to their place: append it at an ` +
          'exact version',
      );
    }
    return { stream: place.stream, version: place.version, type: type.name ?? '', path };
  };
  const type = sensitive
    ? parseSchema(withPaths(schema, [], false), placeOf)
    : parseSchema(schema, undefined);
  const explained = <Result>(value: unknown, encode: () => Result): Result => {
    try {
      return encode();
    } catch (cause) {
      // What fits and could not be sealed says so itself.
      if (sensitive && type.isValid(value)) throw cause;
      throw new SchemaMismatch(mismatchOf(type, value), { cause });
    }
  };
  return {
    sensitive,
    encodeInto: (value, target, offset, at) => {
      place = at;
      return explained(value, () => type.encode(value, target, offset));
    },
    encode: (value, at) => {
      place = at;
      return explained(value, () => type.toBuffer(value));
    },
    check: (value) => {
      if (!type.isValid(value)) throw new SchemaMismatch(mismatchOf(type, value));
    },
    decode: (bytes, offset = 0, at) => {
      place = at;
      let read: { readonly value: unknown; readonly offset: number };
      try {
        read = type.decode(asBuffer(bytes), offset);
      } catch (cause) {
        throw undecodable(type, bytes.length - offset, cause);
      }
      // avsc answers a negative offset where the bytes end too early.
      if (read.offset !== bytes.length) throw undecodable(type, bytes.length - offset);
      return read.value;
    },
  };
}

/**
 * A value does not fit the schema that it should be written with, and the message names the field; or bytes
 * are not of the schema that they should be read with.
 */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

function undecodable(type: avro.Type, length: number, cause?: unknown): SchemaMismatch {
  return new SchemaMismatch(`${length} bytes are not one value of schema ${type.name ?? ''}`, {
    cause,
  });
}

function mismatchOf(type: avro.Type, value: unknown): string {
  const paths: string[] = [];
  type.isValid(value, {
    errorHook: (path: string[]) => paths.push(path.join('.') || '(whole value)'),
  });
  return `not of schema ${type.name ?? ''}: wrong or missing ${paths.join(', ') || '(whole value)'}`;
}

/**
 * The schema with each sensitive field's path in place of its mark: one field may stand at several. Throws a
 * RangeError for one in a list, whose members could be swapped without anybody noticing.
 */
function withPaths(part: AvroSchema, path: readonly string[], listed: boolean): AvroSchema {
  if (typeof part === 'string') return part;
  if (isUnion(part)) return part.map((branch) => withPaths(branch, path, listed));
  if (part['sensitive'] === true) {
    if (!listed) return { ...part, sensitive: path.join('.') };
    throw new RangeError(`${path.join('.')}: a list can't have sensitive members`);
  }
  const { fields, items } = part as RecordOrArray;
  return {
    ...part,
    type: withPaths(part.type, path, listed),
    ...(fields && {
      fields: fields.map((field) => ({
        ...field,
        type: withPaths(field.type, [...path, field.name], listed),
      })),
    }),
    ...(items && { items: withPaths(items, path, true) }),
  };
}

interface RecordOrArray {
  readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[];
  readonly items?: AvroSchema;
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function hasSensitive(schema: AvroSchema): boolean {
  if (typeof schema === 'string') return false;
  if (isUnion(schema)) return schema.some(hasSensitive);
  const { fields = [], items = 'null' } = schema as RecordOrArray;
  return (
    schema['sensitive'] === true ||
    hasSensitive(schema.type) ||
    hasSensitive(items) ||
    fields.some(({ type }) => hasSensitive(type))
  );
}

/** Throws when the schema is not a valid Avro schema. */
function parseSchema(
  schema: AvroSchema,
  placeOf: ((path: string) => Place) | undefined,
): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, {
    ...(placeOf && { typeHook: sensitiveTypes(placeOf) }),
    logicalTypes: {
      decimal: DecimalType,
      date: DateType,
      'timestamp-nanos': TimestampNanosType,
    },
    // Every schema names its own records and enumerations: nothing else is shared between schemas.
    registry: { string: new TextType(), bytes: new BytesType(), long: new IntegerType() },
    wrapUnions: 'never',
  });
}

function sensitiveTypes(placeOf: (path: string) => Place): avro.ForSchemaOptions['typeHook'] {
  return (schema) => {
    const { sensitive } = schema as { readonly sensitive?: unknown };
    return typeof sensitive === 'string' ? new SensitiveType(sensitive, placeOf) : undefined;
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Avro's string, for text that comes back as it was: half a surrogate pair has no UTF-8. */
class TextType extends avro.types.LogicalType {
  constructor() {
    super(plainText);
  }

  override _fromValue(value: string): string {
    return value;
  }

  override _toValue(value: unknown): string | undefined {
    return typeof value === 'string' && value.isWellFormed() ? value : undefined;
  }
}

const plainText = avro.Type.forSchema('string');

/** Avro's bytes, for any Uint8Array. */
class BytesType extends avro.types.LogicalType {
  constructor() {
    super(plainBytes);
  }

  override _fromValue(value: Buffer): Buffer {
    return value;
  }

  override _toValue(value: unknown): Buffer | undefined {
    return value instanceof Uint8Array ? asBuffer(value) : undefined;
  }
}

const plainBytes = avro.Type.forSchema('bytes');

/** Sealed bytes, for sensitive values. */
class SensitiveType extends avro.types.LogicalType {
  readonly #path: string;
  readonly #placeOf: (path: string) => Place;

  constructor(path: string, placeOf: (path: string) => Place) {
    super(plainBytes);
    this.#path = path;
    this.#placeOf = placeOf;
  }

  /** In place of avsc's own, which would seal whenever it only looks whether a value fits. */
  _write(tap: unknown, value: Sensitive): void {
    if (!isSensitive(value)) throw new TypeError('not a sensitive value');
    const bytes = value.sealedFor(this.#placeOf(this.#path));
    (plainBytes as unknown as { _write(tap: unknown, bytes: Buffer): void })._write(
      tap,
      asBuffer(bytes),
    );
  }

  override _fromValue(value: Buffer): Sealed {
    return new Sealed(this.#placeOf(this.#path), value);
  }

  override _toValue(value: unknown): Buffer | undefined {
    return isSensitive(value) ? noBytes : undefined;
  }
}

const noBytes = Buffer.alloc(0);

/** Avro's long, for numbers. */
class IntegerType extends avro.types.LogicalType {
  constructor() {
    super(plainLong);
  }

  override _fromValue(value: number): number {
    return value;
  }

  override _toValue(value: unknown): number | undefined {
    return Number.isInteger(value) && Math.abs(value as number) <= integerMax
      ? (value as number)
      : undefined;
  }
}

const plainLong = avro.Type.forSchema('long');
// Avro counts negative numbers between the positive ones, and avsc does so in doubles: beyond this some
// would come back as others.
const integerMax = 2 ** 52;

// The range in which six bytes of two's complement hold a value, and a double counts exactly.
const sixByteMax = 2n ** 47n - 1n;
const sixByteMin = -(2n ** 47n);

/**
 * Avro's decimal: unscaled value, of no more digits than its precision, as big-endian two's complement in
 * as few bytes as hold it.
 */
class DecimalType extends avro.types.LogicalType {
  readonly #most: bigint;
  /** What goes into six bytes, unless that is more digits than there may be. */
  readonly #shortMost: bigint;
  readonly #shortLeast: bigint;

  constructor(schema: avro.Schema, options: object) {
    super(schema, options);
    const { precision } = schema as unknown as { readonly precision: number };
    this.#most = 10n ** BigInt(precision) - 1n;
    this.#shortMost = this.#most < sixByteMax ? this.#most : sixByteMax;
    this.#shortLeast = -this.#most > sixByteMin ? -this.#most : sixByteMin;
  }

  override _fromValue(bytes: Buffer): bigint {
    return bytes.length <= 6
      ? BigInt(bytes.length === 0 ? 0 : bytes.readIntBE(0, bytes.length))
      : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  }

  override _toValue(value: unknown): Buffer | undefined {
    if (typeof value !== 'bigint') return undefined;
    if (value >= this.#shortLeast && value <= this.#shortMost) return shortDecimal(Number(value));
    return value >= -this.#most && value <= this.#most ? longDecimal(value) : undefined;
  }
}

function shortDecimal(units: number): Buffer {
  const reach = units < 0 ? -units - 1 : units;
  let length = 1;
  for (let limit = 0x80; reach >= limit && length < 6; limit *= 0x100) length += 1;
  const bytes = shortBuffers[length - 1] as Buffer;
  bytes.writeIntBE(units, 0, length);
  return bytes;
}

// avsc copies a value's bytes into place before it asks for the next.
const shortBuffers = Array.from({ length: 6 }, (_, index) => Buffer.alloc(index + 1));

function longDecimal(units: bigint): Buffer {
  const bits = (units < 0n ? -units - 1n : units).toString(2).length + 1;
  const length = Math.ceil(bits / 8);
  return Buffer.from(
    BigInt.asUintN(length * 8, units)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  );
}

/** Avro's date: days since 1970-01-01 as an int. */
class DateType extends avro.types.LogicalType {
  override _fromValue(epochDay: number): CalendarDate {
    return dateOfDay(epochDay);
  }

  override _toValue(value: unknown): number | undefined {
    return typeof value === 'string' ? dayOfDate(value) : undefined;
  }
}

// Events name few different days, and the same ones again and again: both directions remember them.
const datesByDay = new Map<number, CalendarDate>();
const daysByDate = new Map<string, number>();
const rememberedDays = 20_000;

function dateOfDay(epochDay: number): CalendarDate {
  const known = datesByDay.get(epochDay);
  if (known !== undefined) return known;
  const date = dateOfEpochDay(epochDay);
  if (datesByDay.size < rememberedDays) datesByDay.set(epochDay, date);
  return date;
}

/** Undefined for a text that names no day. */
function dayOfDate(text: string): number | undefined {
  const known = daysByDate.get(text);
  if (known !== undefined) return known;
  const date = parseCalendarDate(text);
  if (date === undefined) return undefined;
  const day = epochDayOf(date);
  if (daysByDate.size < rememberedDays) daysByDate.set(date, day);
  return day;
}

const bigLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left === right ? 0 : left < right ? -1 : 1),
});

/** Avro's timestamp-nanos: nanoseconds since 1970 as a long, read as a bigint without loss. */
class TimestampNanosType extends avro.types.LogicalType {
  constructor(_schema: avro.Schema, options: object) {
    // avsc takes a ready type where it expects the schema of the underlying one.
    super(bigLong, options);
  }

  override _fromValue(value: bigint): bigint {
    return value;
  }

  override _toValue(value: unknown): bigint | undefined {
    return typeof value === 'bigint' && value === BigInt.asIntN(64, value) ? value : undefined;
  }
}
