import { describe, expect, test } from 'vitest';
import { eventType, type EventType } from '../kernel/event.ts';
import {
  decimal,
  flag,
  integer,
  list,
  nullable,
  oneOf,
  text,
  type AvroSchema,
} from '../kernel/fields.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { SchemaConflict, type EventStorage } from '../storage/storage.ts';
import { avroCodec } from './avro-codec.ts';
import {
  BreakingSchemaChange,
  checkEventTypes,
  openSchemaRegistry,
  UnknownEventType,
} from './schema-registry.ts';
import { sampleValues } from './schema-samples.ts';

const First = eventType('Paid', { amount: integer() });
const Second = First.revise({ amount: decimal<bigint>(38, 2) }, ({ amount }) => ({
  amount: BigInt(amount) * 100n,
}));
const Third = Second.revise(
  { amount: decimal<bigint>(38, 2), currency: text(), note: nullable(text()) },
  ({ amount }) => ({ amount, currency: 'USD', note: null }),
);

/** An event as a program that knows only these types writes it. */
async function writtenBy(storage: EventStorage, types: readonly EventType[], data: unknown) {
  const registry = await openSchemaRegistry(storage, types);
  const { schema, codec } = registry.writer('Paid');
  return { schema, body: Buffer.concat([Buffer.of(9, 9), codec.encode(data)]) };
}

describe('LG-03 old events', () => {
  test('read as the newest version, through every version between', async () => {
    const storage = openMemoryStorage();
    const old = await writtenBy(storage, [First], { amount: 7 });
    const newer = await writtenBy(storage, [Second], { amount: 750n });
    const newest = await writtenBy(storage, [Third], { amount: 1n, currency: 'EUR', note: 'x' });

    const registry = await openSchemaRegistry(storage, [Third]);
    const read = [old, newer, newest].map(({ schema, body }) => {
      const reader = registry.reader(schema);
      return [reader.type, reader.schemaVersion, reader.read(body, 2)];
    });

    expect(read).toEqual([
      ['Paid', 1, { amount: 700n, currency: 'USD', note: null }],
      ['Paid', 2, { amount: 750n, currency: 'USD', note: null }],
      ['Paid', 3, { amount: 1n, currency: 'EUR', note: 'x' }],
    ]);
  });

  test('are found by type, whatever their version', async () => {
    const storage = openMemoryStorage();
    const Other = eventType('Other', {});
    const ids = [
      (await writtenBy(storage, [First], { amount: 7 })).schema,
      (await writtenBy(storage, [Second], { amount: 7n })).schema,
    ];

    const registry = await openSchemaRegistry(storage, [Third, Other]);

    const newest = registry.schemaIds(['Paid']).find((id) => !ids.includes(id));
    expect(registry.schemaIds(['Paid'])).toEqual([...ids, newest]);
    expect(registry.writer('Paid').schema).toBe(newest);
    expect(registry.schemaIds(['Paid', 'Other'])).toHaveLength(4);
    expect(registry.schemaIds([])).toEqual([]);
    const readers = registry.schemaIds(['Paid', 'Other']).map((id) => registry.reader(id).type);
    expect(readers).toEqual(['Paid', 'Paid', 'Paid', 'Other']);
  });

  test('keep their schema ids from one start to the next', async () => {
    const storage = openMemoryStorage();
    const before = await openSchemaRegistry(storage, [Third]);
    const Early = eventType('Early', {});
    const after = await openSchemaRegistry(storage, [Early, Third]);

    expect(after.schemaIds(['Paid'])).toEqual(before.schemaIds(['Paid']));
  });
});

describe('LG-03 what was not defined', () => {
  test('is neither written, nor read, nor looked for', async () => {
    const registry = await openSchemaRegistry(openMemoryStorage(), [Third]);

    expect(() => registry.writer('Bought')).toThrow(UnknownEventType);
    expect(() => registry.writer('Bought')).toThrow(
      'event type Bought was not defined when the store was opened',
    );
    expect(() => registry.reader(99)).toThrow('event type with schema id 99 was not defined');
    expect(() => registry.schemaIds(['Paid', 'Bought'])).toThrow(UnknownEventType);
    expect(() => registry.writer('toString')).toThrow(UnknownEventType);
  });
});

async function startAfter(before: readonly EventType[], after: readonly EventType[]) {
  const storage = openMemoryStorage();
  await openSchemaRegistry(storage, before);
  return openSchemaRegistry(storage, after);
}

describe('LG-03 a change that would break old events stops the start, and says what to do:', () => {
  test.each<[string, readonly EventType[], readonly EventType[], string]>([
    [
      'a type that is gone',
      [First, eventType('Old', {})],
      [First],
      'the log holds Old version 1, which this program does not define: keep every version that was ever written',
    ],
    [
      'a version that is gone',
      [Third],
      [Second],
      'the log holds Paid version 3, which this program does not define: keep every version that was ever written ' +
        'in its event type, or start the newer program that wrote it',
    ],
  ])('%s', async (_, before, after, message) => {
    const start = startAfter(before, after);
    await expect(start).rejects.toThrow(BreakingSchemaChange);
    await expect(start).rejects.toThrow(message);
  });

  test('fields that changed under an old version', async () => {
    const start = startAfter([First], [eventType('Paid', { amount: text() })]);
    await expect(start).rejects.toThrow(SchemaConflict);
    await expect(start).rejects.toThrow(
      'Paid version 1 was written with another schema: make it version 2',
    );
  });

  test.each<[string, EventType, new (message?: string) => Error]>([
    ['fields that changed', eventType('Paid', { amount: text() }), SchemaConflict],
    [
      'a wrong upcaster',
      First.revise({ more: text() }, (data) => data as never),
      BreakingSchemaChange,
    ],
  ])('%s, and nothing is registered then', async (_, changed, failure) => {
    const storage = openMemoryStorage();
    await openSchemaRegistry(storage, [First]);

    const refused = openSchemaRegistry(storage, [eventType('New', {}), changed]);

    await expect(refused).rejects.toThrow(failure);
    expect((await storage.schemas()).map(({ type }) => type)).toEqual(['Paid']);
  });
});

describe('LG-03 definitions are checked by themselves:', () => {
  const side = oneOf('Side', ['BUY', 'SELL']);

  test('good ones pass', () => {
    expect(() => checkEventTypes([Third, eventType('Empty', {})])).not.toThrow();
  });

  test('one type twice', () => {
    const types = [First, eventType('Paid', {})];
    expect(() => checkEventTypes(types)).toThrow(BreakingSchemaChange);
    expect(() => checkEventTypes(types)).toThrow('event type Paid is defined twice');
  });

  test('a name that Avro does not take', () => {
    expect(() => checkEventTypes([eventType('Not a name', {})])).toThrow(/invalid name/);
  });

  test.each<[string, EventType]>([
    [
      'that forgets a field',
      First.revise({ amount: integer(), more: text() }, ({ amount }) => ({ amount }) as never),
    ],
    ['that gives another type', First.revise({ amount: text() }, (data) => data as never)],
    [
      'that works only for some values',
      First.revise({ big: flag() }, ({ amount }) => {
        if (amount < 0) throw new RangeError('no rule for debts');
        return { big: amount > 1_000 };
      }),
    ],
    [
      'that does not think of null',
      eventType('Paid', { note: nullable(text()) }).revise({ note: text() }, ({ note }) => ({
        note: note as string,
      })),
    ],
    [
      'that does not know every word',
      eventType('Paid', { side }).revise({ side: oneOf('Side', ['BUY']) }, (data) => data as never),
    ],
    [
      'that reads a list as if it were never empty',
      eventType('Paid', { amounts: list(integer()) }).revise(
        { first: integer() },
        ({ amounts }) => ({
          first: amounts[0] as number,
        }),
      ),
    ],
    [
      'between older versions',
      First.revise({ amount: text() }, (data) => data as never).revise({}, () => ({})),
    ],
  ])('an upcaster %s', (_, type) => {
    const check = (): void => checkEventTypes([type]);
    expect(check).toThrow(BreakingSchemaChange);
    expect(check).toThrow(
      /^Paid: the upcaster from version 1 to 2 gives data .* correct the upcaster$/,
    );
  });
});

describe('LG-03 the samples that upcasters are tried on', () => {
  const schema = eventType('All', {
    flag: flag(),
    integer: integer(),
    text: text(),
    small: decimal<bigint>(4, 2),
    large: decimal<bigint>(38, 8),
    option: nullable(text()),
    side: oneOf('Side', ['BUY', 'SELL', 'SHORT']),
    items: list(integer()),
  }).schemas[0]?.avro as AvroSchema;
  const samples = sampleValues(schema) as readonly Readonly<Record<string, unknown>>[];

  function seen(name: string): Set<unknown> {
    return new Set(samples.map((sample) => sample[name]));
  }

  test('are values of the schema, and always the same', () => {
    const codec = avroCodec(schema);
    expect(samples.map((sample) => codec.decode(codec.encode(sample)))).toEqual(samples);
    expect(sampleValues(schema)).toEqual(samples);
  });

  test('go through both sides of what may differ', () => {
    expect(seen('flag')).toEqual(new Set([true, false]));
    expect(seen('side')).toEqual(new Set(['BUY', 'SELL', 'SHORT']));
    expect(seen('option')).toContain(null);
    expect(seen('option').size).toBeGreaterThan(1);
    expect(seen('text')).toContain('');
    expect(seen('small')).toEqual(new Set([0n, 1n, -1n, 9_999n, -9_999n, 123_456_789n % 9_999n]));
    expect([...seen('items')].map((items) => (items as unknown[]).length)).toContain(0);
    expect([...seen('integer')].some((number) => (number as number) < 0)).toBe(true);
  });

  test.each<[string, AvroSchema]>([
    ['a map', { type: 'map', values: 'long' }],
    ['a time of day', { type: 'int', logicalType: 'time-millis' }],
    ['an enumeration without words', { type: 'enum', name: 'None', symbols: [] }],
  ])('do not exist for what no field is made of: %s', (_, unknown) => {
    expect(() => sampleValues(unknown)).toThrow(RangeError);
  });
});
