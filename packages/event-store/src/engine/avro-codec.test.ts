import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AvroSchema } from '../kernel/fields.ts';
import { avroCodec, SchemaMismatch } from './avro-codec.ts';
import { schemaAndValue } from './avro-values.fixture.ts';

const decimal = (precision: number, scale = 2): AvroSchema => ({
  type: 'bytes',
  logicalType: 'decimal',
  precision,
  scale,
});
const date: AvroSchema = { type: 'int', logicalType: 'date' };
const instant: AvroSchema = { type: 'long', logicalType: 'timestamp-nanos' };
const record = (...fields: readonly (readonly [string, AvroSchema])[]): AvroSchema => ({
  type: 'record',
  name: 'Sample',
  fields: fields.map(([name, type]) => ({ name, type })),
});

const inner = (type: AvroSchema): AvroSchema => ({
  type: 'record',
  name: 'Inner',
  fields: [{ name: 'a', type }],
});

describe('LG-03 Avro data', () => {
  // Bytes from the examples and rules of the Avro specification, "Binary Encoding" and "Logical Types".
  test.each<[string, AvroSchema, unknown, string]>([
    ['a long', 'long', -64, '7f'],
    ['a long of two bytes', 'long', 64, '8001'],
    ['the greatest long that fields have', 'long', 2 ** 52, '8080808080808010'],
    ['the least', 'long', -(2 ** 52), 'ffffffffffffff0f'],
    ['a string', 'string', 'foo', '06666f6f'],
    ['a boolean', 'boolean', true, '01'],
    ['bytes', 'bytes', Buffer.of(0, 255), '0400ff'],
    ['a record', record(['a', 'long'], ['b', 'string']), { a: 27, b: 'foo' }, '3606666f6f'],
    ['an array', { type: 'array', items: 'long' }, [3, 27], '04063600'],
    ['null in a union', ['null', 'string'], null, '00'],
    ['a string in a union', ['null', 'string'], 'a', '020261'],
    ['an enumeration', { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL'] }, 'SELL', '02'],
    ['a decimal of nothing', decimal(10), 0n, '0200'],
    ['a decimal', decimal(10), 10_050n, '042742'],
    ['a decimal below zero', decimal(10), -1n, '02ff'],
    ['a decimal whose first bit is set', decimal(10), 128n, '040080'],
    ['the least decimal of one byte', decimal(10), -128n, '0280'],
    ['the least decimal of seven', decimal(38), -(2n ** 55n), '0e80000000000000'],
    ['a decimal of six bytes', decimal(38), 2n ** 47n - 1n, '0c7fffffffffff'],
    ['a decimal of seven', decimal(38), 2n ** 47n, '0e00800000000000'],
    ['the least decimal of six bytes', decimal(38), -(2n ** 47n), '0c800000000000'],
    ['a decimal just below that', decimal(38), -(2n ** 47n) - 1n, '0eff7fffffffffff'],
    ['a date', date, '1970-01-02', '02'],
    ['a date before 1970', date, '1969-12-31', '01'],
    ['an instant', instant, 1n, '02'],
    ['the last instant', instant, 2n ** 63n - 1n, 'feffffffffffffffff01'],
  ])('of %s is what the specification says', (_, schema, value, hex) => {
    const codec = avroCodec(schema);
    expect(codec.encode(value).toString('hex')).toBe(hex);
    expect(codec.decode(Buffer.from(hex, 'hex'))).toEqual(value);
  });

  test('reads as it was written, wherever it stands', () => {
    fc.assert(
      fc.property(schemaAndValue, fc.nat(5), fc.nat(5), ({ schema, value }, before, after) => {
        const codec = avroCodec(schema);
        const bytes = codec.encode(value);
        expect(codec.decode(bytes)).toEqual(value);

        const target = Buffer.alloc(before + bytes.length + after, 0xee);
        const end = codec.encodeInto(value, target, before);
        expect(end).toBe(before + bytes.length);
        expect(target.subarray(before, end)).toEqual(bytes);
        expect(target.subarray(0, before).every((byte) => byte === 0xee)).toBe(true);
        // Also from what is no Buffer.
        const plain = Uint8Array.from(target).subarray(0, end);
        expect(codec.decode(plain, before)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('that does not fit into what is left says how much is missing', () => {
    fc.assert(
      fc.property(schemaAndValue, fc.nat(3), fc.nat(), ({ schema, value }, before, cut) => {
        const codec = avroCodec(schema);
        const { length } = codec.encode(value);
        fc.pre(length > 0);
        const missing = 1 + (cut % length);
        const target = Buffer.alloc(before + length - missing);
        expect(codec.encodeInto(value, target, before)).toBe(-missing);
      }),
    );
  });

  test('that was cut short, or has something behind it, is refused', () => {
    fc.assert(
      fc.property(schemaAndValue, fc.nat(), ({ schema, value }, cut) => {
        const codec = avroCodec(schema);
        const bytes = codec.encode(value);
        const damaged: Uint8Array[] = [Buffer.concat([bytes, Buffer.of(0)])];
        if (bytes.length > 0) damaged.push(bytes.subarray(0, cut % bytes.length));
        for (const one of damaged) expect(() => codec.decode(one)).toThrow(SchemaMismatch);
      }),
    );
  });

  test('of bytes is taken from any Uint8Array', () => {
    const codec = avroCodec('bytes');
    const bytes = codec.encode(Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
    expect(codec.decode(bytes)).toEqual(Buffer.of(1, 2));
  });
});

describe('LG-03 data that is not of its schema is refused, and the message names the field:', () => {
  const lone = '\ud83d';

  test.each<[string, AvroSchema, unknown]>([
    ['text in place of a number', 'long', '1'],
    ['a fraction', 'long', 0.5],
    ['a number that would come back as another', 'long', -(2 ** 52) - 1],
    ['a number beyond what a double counts', 'long', 2 ** 53],
    ['a number without end', 'long', Infinity],
    ['no number', 'long', Number.NaN],
    ['a bigint in place of a number', 'long', 1n],
    ['a number in place of text', 'string', 1],
    ['half a surrogate pair, which would come back as another text', 'string', `a${lone}b`],
    ['text in place of bytes', 'bytes', 'ab'],
    ['a word that is not of the list', { type: 'enum', name: 'S', symbols: ['BUY'] }, 'SELL'],
    ['a number in place of a decimal', decimal(10), 1],
    ['more digits than a decimal has', decimal(4), 10_000n],
    ['as many below zero', decimal(4), -10_000n],
    ['more than 38 digits', decimal(38), 10n ** 38n],
    ['a day that does not exist', date, '2026-02-30'],
    ['a date with a time', date, '2026-05-20T10:00:00Z'],
    ['a text that is no date', date, 'tomorrow'],
    ['an instant beyond 64 bits', instant, 2n ** 63n],
    ['milliseconds', instant, 1_780_000_000_000],
    ['an absent value', ['null', 'string'], undefined],
    ['one value in place of a list', { type: 'array', items: 'long' }, 1],
    ['a list with one that is not', { type: 'array', items: 'long' }, [1, '2']],
  ])('%s', (_, type, value) => {
    const codec = avroCodec(record(['good', 'long'], ['bad', type]));
    const encode = (): unknown => codec.encode({ good: 1, bad: value });
    const encodeInto = (): unknown =>
      codec.encodeInto({ good: 1, bad: value }, Buffer.alloc(99), 0);

    for (const attempt of [encode, encodeInto]) {
      expect(attempt).toThrow(SchemaMismatch);
      expect(attempt).toThrow(/^not of schema Sample: wrong or missing bad(\.1)?$/);
    }
  });

  test('a field that is missing, and each that is wrong', () => {
    const codec = avroCodec(record(['a', 'long'], ['b', 'long'], ['c', 'long']));
    expect(() => codec.encode({ b: 1, c: 'x' })).toThrow('wrong or missing a, c');
  });

  test('something that is no record at all', () => {
    const codec = avroCodec(record(['a', 'long']));
    expect(() => codec.encode(1)).toThrow('wrong or missing (whole value)');
  });

  test('and leaves the schema as it was', () => {
    const codec = avroCodec(record(['a', 'long']));
    expect(() => codec.encode({ a: 'x' })).toThrow(SchemaMismatch);
    expect(codec.decode(codec.encode({ a: 1 }))).toEqual({ a: 1 });
  });
});

describe('LG-03 a schema', () => {
  test.each<[string, AvroSchema]>([
    ['of an unknown type', 'money'],
    ['with two fields of one name', record(['a', 'long'], ['a', 'string'])],
    ['with a name that is none', { type: 'record', name: 'not a name', fields: [] }],
    ['with the same word twice', { type: 'enum', name: 'S', symbols: ['A', 'A'] }],
    ['with a union of one type twice', ['string', 'string']],
  ])('%s is refused', (_, schema) => {
    expect(() => avroCodec(schema)).toThrow(Error);
  });

  test('shares no names with another', () => {
    const [first, second] = [inner('long'), inner('string')].map((one) =>
      avroCodec(record(['in', one])),
    );
    expect(first?.decode(first.encode({ in: { a: 1 } }))).toEqual({ in: { a: 1 } });
    expect(second?.decode(second.encode({ in: { a: 'x' } }))).toEqual({ in: { a: 'x' } });
  });
});
