import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventType } from '../kernel/event.ts';
import { bytes, integer } from '../kernel/fields.ts';
import { streamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import type { NewRecord } from '../storage/storage.ts';
import { SchemaMismatch } from './avro-codec.ts';
import type { Cause } from './envelope.ts';
import { decodeEvent, decodeFact } from './event-decoder.ts';
import { eventEncoder } from './event-encoder.ts';
import { openSchemaRegistry, UnknownEventType, type SchemaRegistry } from './schema-registry.ts';

const Kept = eventType('Kept', { number: integer(), content: bytes() });
const cause: Cause = { userId: 'alice', correlationId: 'c', causationId: 'd' };

async function opened() {
  const registry = await openSchemaRegistry(openMemoryStorage(), [Kept]);
  let made = 0;
  const encode = eventEncoder(registry, (target, offset) => {
    made += 1;
    target.fill(made, offset, offset + 16);
  });
  return {
    registry,
    keep: (number: number, size: number): NewRecord =>
      encode({ type: 'Kept', data: { number, content: Buffer.alloc(size, number) } }, cause),
    encode,
  };
}

function decoded(registry: SchemaRegistry, { schema, body }: NewRecord) {
  const stream = streamId('s');
  const recordedAt = 7n as Instant;
  return decodeEvent(registry, { schema, body, stream, version: 3, position: 9, recordedAt });
}

describe('LG-04 an event in bytes', () => {
  test('comes back with its envelope, and with where the log keeps it', async () => {
    const { registry, keep } = await opened();

    const event = keep(5, 2);

    expect(decoded(registry, event)).toEqual({
      eventId: '01010101-0101-0101-0101-010101010101',
      stream: 's',
      version: 3,
      position: 9,
      recordedAt: 7n,
      type: 'Kept',
      schemaVersion: 1,
      data: { number: 5, content: Buffer.of(5, 5) },
      metadata: { userId: 'alice', correlationId: 'c', causationId: 'd' },
    });
  });

  test('comes back as what a fold needs of it', async () => {
    const { registry, keep } = await opened();
    const { schema, body } = keep(5, 2);
    const record = { schema, body, stream: streamId('s'), version: 1, position: 1 };

    const fact = decodeFact(registry, { ...record, recordedAt: 0n as Instant });

    expect(fact).toEqual({ type: 'Kept', data: { number: 5, content: Buffer.of(5, 5) } });
  });

  test('keeps its bytes, however many and large those are that come behind it', async () => {
    // Sizes around that of the buffers which events share, and many small ones.
    const size = fc.oneof(
      { weight: 8, arbitrary: fc.nat(500) },
      { weight: 2, arbitrary: fc.integer({ min: 20_000, max: 140_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 261_000, max: 263_000 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 40, size: 'max' }), async (sizes) => {
        const { registry, keep } = await opened();
        const events = sizes.map((bytesOf, number) => keep(number, bytesOf));
        const read = events.map((event) => decoded(registry, event).data);
        expect(read).toEqual(
          sizes.map((bytesOf, number) => ({ number, content: Buffer.alloc(bytesOf, number) })),
        );
      }),
      { numRuns: 30 },
    );
  });

  test.each([100, 800, 4_000, 30_000])(
    'of %i bytes shares its buffer with others',
    async (size) => {
      const { keep } = await opened();
      const count = Math.ceil(5_000_000 / size);

      const buffers = new Set(Array.from({ length: count }, () => keep(1, size).body.buffer));

      // A quarter of a megabyte each, and beside each the one event that found no room in it.
      expect(buffers.size).toBeLessThan(2 * (5_000_000 / 262_144));
    },
  );

  test('that is refused leaves no trace in those behind it', async () => {
    const { registry, keep, encode } = await opened();
    const before = keep(1, 10);

    expect(() =>
      encode({ type: 'Kept', data: { number: 'x', content: Buffer.of() } }, cause),
    ).toThrow(SchemaMismatch);
    expect(() => encode({ type: 'Kept', data: {} }, { userId: 'x'.repeat(201) })).toThrow(
      RangeError,
    );
    expect(() => encode({ type: 'Unheard', data: {} }, cause)).toThrow(UnknownEventType);
    const after = keep(2, 10);

    expect([before, after].map((event) => decoded(registry, event).data)).toEqual([
      { number: 1, content: Buffer.alloc(10, 1) },
      { number: 2, content: Buffer.alloc(10, 2) },
    ]);
  });

  test('that was cut short is not read', async () => {
    const { registry, keep } = await opened();
    const event = keep(300, 30);
    for (let length = 0; length < event.body.length; length += 1) {
      const cut = { ...event, body: event.body.subarray(0, length) };
      expect(() => decoded(registry, cut)).toThrow(Error);
    }
  });
});
