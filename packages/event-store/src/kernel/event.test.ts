import { describe, expect, expectTypeOf, test } from 'vitest';
import type { CalendarDate } from './calendar-date.ts';
import { eventType, type DomainEvent, type EventOf } from './event.ts';
import {
  bytes,
  date,
  decimal,
  flag,
  instant,
  integer,
  list,
  nullable,
  oneOf,
  record,
  text,
} from './fields.ts';
import type { Instant } from './instant.ts';

describe('LG-03 the fields of an event', () => {
  const side = oneOf('Side', ['BUY', 'SELL']);
  const fields = {
    name: text(),
    count: integer(),
    good: flag(),
    raw: bytes(),
    amount: decimal<bigint>(18, 2),
    on: date(),
    at: instant(),
    side,
    note: nullable(text()),
    sides: list(side),
    inner: record('Inner', { count: integer() }),
  };
  const AllKinds = eventType('AllKinds', fields);

  test('are an Avro record of the type, in the order given', () => {
    expect(AllKinds.schemas[0]?.avro).toEqual({
      type: 'record',
      name: 'AllKinds',
      fields: [
        { name: 'name', type: 'string' },
        { name: 'count', type: 'long' },
        { name: 'good', type: 'boolean' },
        { name: 'raw', type: 'bytes' },
        {
          name: 'amount',
          type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 },
        },
        { name: 'on', type: { type: 'int', logicalType: 'date' } },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-nanos' } },
        { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL'] } },
        { name: 'note', type: ['null', 'string'] },
        {
          name: 'sides',
          type: { type: 'array', items: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL'] } },
        },
        {
          name: 'inner',
          type: { type: 'record', name: 'Inner', fields: [{ name: 'count', type: 'long' }] },
        },
      ],
    });
  });

  test('give the event its type in the type checker', () => {
    expectTypeOf<EventOf<typeof AllKinds>>().toEqualTypeOf<
      DomainEvent<
        'AllKinds',
        {
          readonly name: string;
          readonly count: number;
          readonly good: boolean;
          readonly raw: Uint8Array;
          readonly amount: bigint;
          readonly on: CalendarDate;
          readonly at: Instant;
          readonly side: 'BUY' | 'SELL';
          readonly note: string | null;
          readonly sides: readonly ('BUY' | 'SELL')[];
          readonly inner: { readonly count: number };
        }
      >
    >();
    expect(AllKinds.type).toBe('AllKinds');
  });
});

describe('LG-03 an event type that is revised', () => {
  const First = eventType('Moved', { by: integer() });
  const Second = First.revise({ by: integer(), note: text() }, ({ by }) => ({ by, note: '' }));
  const Third = Second.revise({ by: decimal<bigint>(18, 0) }, ({ by }) => ({ by: BigInt(by) }));

  test('keeps every version, oldest first, each but the newest with the way to the next', () => {
    const { type, schemas } = Third;

    expect(type).toBe('Moved');
    expect(schemas.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(schemas.map(({ avro }) => avro)).toEqual([
      First.schemas[0]?.avro,
      Second.schemas[1]?.avro,
      {
        type: 'record',
        name: 'Moved',
        fields: [
          { name: 'by', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 0 } },
        ],
      },
    ]);
    const [toSecond, toThird, fromNewest] = schemas.map(({ upcast }) => upcast);
    expect(toSecond?.({ by: 3 } as never)).toEqual({ by: 3, note: '' });
    expect(toThird?.({ by: 3, note: '' } as never)).toEqual({ by: 3n });
    expect(fromNewest).toBeUndefined();
  });

  test('leaves the versions that it came from as they were', () => {
    expect(First.schemas.map(({ upcast }) => upcast)).toEqual([undefined]);
    expect(Second.schemas).toHaveLength(2);
  });

  test('reads as the newest in the type checker', () => {
    expectTypeOf<EventOf<typeof Third>['data']>().toEqualTypeOf<{ readonly by: bigint }>();
    // @ts-expect-error The new shape lacks a field.
    const wrong = Second.revise({ by: integer(), more: flag() }, ({ by }) => ({ by }));
    expect(wrong.schemas).toHaveLength(3);
  });
});
