import type { CalendarDate } from './calendar-date.ts';
import type { Instant } from './instant.ts';
import type { Sensitive } from './sensitive.ts';

/**
 * The shapes that event data is made of. A field carries its Avro schema (Apache Avro 1.12) and, in the
 * type checker only, the type of the value it reads as, so that schema and type have one source.
 */
export interface Field<Value> {
  readonly avro: AvroSchema;
  /** Never present at run time: it lets the type checker infer `Value`. */
  readonly reads?: Value;
}

export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | { readonly type: AvroSchema; readonly [attribute: string]: unknown };

/** The fields of a record by name, in the order in which they are written. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

export type ValueOf<F> = F extends Field<infer Value> ? Value : never;

export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** Text; the type parameter brands it: `text<AccountId>()`. */
export function text<Value extends string = string>(): Field<Value> {
  return { avro: 'string' };
}

/** A whole number, of at most 2^52 on either side of zero. */
export function integer(): Field<number> {
  return { avro: 'long' };
}

export function flag(): Field<boolean> {
  return { avro: 'boolean' };
}

export function bytes(): Field<Uint8Array> {
  return { avro: 'bytes' };
}

/**
 * Text that is stored encrypted, under a key of the person or account that it tells of: a name, an address, a
 * number of a bank account. Not in a list, whose members have no place of their own.
 */
export function sensitive(): Field<Sensitive> {
  return { avro: { type: 'bytes', sensitive: true } };
}

/** A fixed-point decimal, as `decimalKind` defines them. */
export function decimal<Value extends bigint>(precision: number, scale: number): Field<Value> {
  return { avro: { type: 'bytes', logicalType: 'decimal', precision, scale } };
}

export function date(): Field<CalendarDate> {
  return { avro: { type: 'int', logicalType: 'date' } };
}

export function instant(): Field<Instant> {
  return { avro: { type: 'long', logicalType: 'timestamp-nanos' } };
}

/** One of a closed list of words; `name` is the Avro name of the enumeration. */
export function oneOf<const Symbols extends readonly string[]>(
  name: string,
  symbols: Symbols,
): Field<Symbols[number]> {
  return { avro: { type: 'enum', name, symbols } };
}

/** A value that may be absent: null then, as in Avro. */
export function nullable<Value>(field: Field<Value>): Field<Value | null> {
  return { avro: ['null', field.avro] };
}

export function list<Value>(field: Field<Value>): Field<readonly Value[]> {
  return { avro: { type: 'array', items: field.avro } };
}

export function record<F extends Fields>(name: string, fields: F): Field<ValuesOf<F>> {
  return {
    avro: {
      type: 'record',
      name,
      fields: Object.entries(fields).map(([fieldName, field]) => ({
        name: fieldName,
        type: field.avro,
      })),
    },
  };
}
