import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUuid, type RandomBytes } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import {
  dataOffsetOf,
  envelopeBytesMax,
  eventIdOf,
  eventIdWriter,
  isOpen,
  isSealed,
  openData,
  readEnvelope,
  sealData,
  writeEnvelope,
  type Cause,
} from './envelope.ts';

const id = Buffer.from('01890a5dac96774bbcceb302099a8057', 'hex');
const idText = '01890a5d-ac96-774b-bcce-b302099a8057';
const uuid = '00112233-4455-6677-8899-aabbccddeeff';

function written(cause: Cause, before = 0): Buffer {
  const target = Buffer.alloc(before + envelopeBytesMax);
  return target.subarray(
    before,
    writeEnvelope(target, before, (into, at) => id.copy(into, at), cause),
  );
}

describe('LG-04 the envelope of an event', () => {
  test.each<[string, Cause, string]>([
    ['a user alone', { userId: 'bob' }, '03626f62 00 00'],
    ['nobody', { userId: '' }, '00 00 00'],
    ['all three', { userId: 'bob', correlationId: 'c', causationId: 'd' }, '03626f62 0163 0164'],
    [
      'UUIDs, in 16 bytes each',
      { userId: uuid, causationId: uuid },
      'ff00112233445566778899aabbccddeeff 00 ff00112233445566778899aabbccddeeff',
    ],
    ['letters beyond ASCII', { userId: 'Zoë' }, '045a6fc3ab 00 00'],
  ])('with %s has the bytes that its format says', (_, cause, texts) => {
    const expected = `01${id.toString('hex')}${texts.replaceAll(' ', '')}`;
    expect(written(cause).toString('hex')).toBe(expected);
  });

  const someId = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uuid(),
    fc.uuid().map((text) => text.toUpperCase()),
    // Of a UUID's length, and almost one.
    fc.string({
      unit: fc.constantFrom('0', 'a', 'f', '-', 'g', 'A'),
      minLength: 36,
      maxLength: 36,
    }),
    fc.uuid().map((text) => text.replaceAll('-', '_')),
    fc.uuid().map((text) => `${text}0`),
    fc.uuid().map((text) => `${text.slice(0, -1)}g`),
    fc.constantFrom('x'.repeat(200), 'ß'.repeat(100), '🙂'.repeat(50)),
  );

  test('reads as it was written, wherever it stands', () => {
    const cause = fc.record({
      userId: someId,
      correlationId: fc.option(someId, { nil: undefined }),
      causationId: fc.option(someId, { nil: undefined }),
    });
    fc.assert(
      fc.property(cause, fc.nat(5), (given, before) => {
        const envelope = written(given, before);
        const body = Buffer.concat([envelope, Buffer.from('data')]);

        expect(readEnvelope(body)).toEqual({
          eventId: idText,
          metadata: {
            userId: given.userId,
            correlationId: given.correlationId || idText,
            causationId: given.causationId || null,
          },
          dataOffset: envelope.length,
        });
        expect(dataOffsetOf(body)).toBe(envelope.length);
        expect(envelope.length).toBeLessThanOrEqual(envelopeBytesMax);
      }),
      { numRuns: 500 },
    );
  });

  test('takes as much as it says, and no more', () => {
    const longest = 'x'.repeat(200);
    const full = { userId: longest, correlationId: longest, causationId: longest };
    expect(written(full)).toHaveLength(envelopeBytesMax);
  });

  test.each([
    ['201 letters', 'x'.repeat(201)],
    ['fewer letters, but more than 200 bytes', 'ß'.repeat(101)],
  ])('has no room for an id of %s', (_, text) => {
    for (const cause of [
      { userId: text },
      { userId: 'u', correlationId: text },
      { userId: 'u', causationId: text },
    ]) {
      expect(() => written(cause)).toThrow(RangeError);
    }
  });

  test.each([0, 3, 255])('of format %i is not read', (format) => {
    const body = written({ userId: 'bob' });
    body[0] = format;
    expect(() => readEnvelope(body)).toThrow(`unknown envelope format ${format}`);
    expect(() => dataOffsetOf(body)).toThrow(RangeError);
  });

  test('RC-04 stays readable where the data is sealed, and all of it comes back', () => {
    fc.assert(
      fc.property(someId, fc.uint8Array(), (userId, data) => {
        const body = Buffer.concat([written({ userId }), data]);
        const sealed = sealData(body, reversed);

        expect([isOpen(body), isSealed(body), isOpen(sealed), isSealed(sealed)]).toEqual([
          true,
          false,
          false,
          true,
        ]);
        expect(sealed[0]).toBe(2);
        expect(readEnvelope(sealed)).toEqual(readEnvelope(body));
        expect(Buffer.from(sealed.subarray(dataOffsetOf(sealed))).toString('hex')).toBe(
          Buffer.from(data.toReversed()).toString('hex'),
        );
        expect(Buffer.from(openData(sealed, reversed)).equals(body)).toBe(true);
      }),
    );
  });

  test('is not read from nothing', () => {
    expect(() => readEnvelope(Buffer.of())).toThrow(RangeError);
  });
});

function reversed(data: Uint8Array): Uint8Array {
  return data.toReversed();
}

describe('LG-04 event ids', () => {
  test('are UUIDs of version 7 that carry the millisecond', () => {
    const atMs = 0x0189_0a5d_ac96;
    const make = makerAt([atMs]);
    for (let count = 0; count < 100; count += 1) {
      const made = make();
      expect(isUuid(made)).toBe(true);
      expect(made).toMatch(/^01890a5d-ac96-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test('hold random bits, and nothing but them, behind time and count', () => {
    const ones = makerAt([5], (count) => new Uint8Array(count).fill(0xff));
    const zeros = makerAt([5], (count) => new Uint8Array(count));
    expect(zeros()).toBe('00000000-0005-7000-8000-000000000000');
    // The count begins anywhere in the lower half of its 12 bits.
    expect(ones()).toBe('00000000-0005-77ff-bfff-ffffffffffff');
  });

  test('sort in the order in which they were made, whatever the clock does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 200 }),
        (times, more) => {
          const make = makerAt(times);
          const made = Array.from({ length: times.length + more }, make);
          expect(made).toEqual(made.toSorted());
          expect(new Set(made).size).toBe(made.length);
        },
      ),
    );
  });

  test('are more than a millisecond counts, in order, and borrow from the next', () => {
    const make = makerAt([7, ...Array.from({ length: 20_000 }, () => 7), 8]);
    const made = Array.from({ length: 20_000 }, make);

    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(20_000);
    expect(millisecondOf(made[0])).toBe(7);
    // 4,096 to a millisecond, the first of which begins somewhere in its lower half.
    expect(millisecondOf(made.at(-1))).toBeGreaterThanOrEqual(7 + Math.floor(20_000 / 4_096));
    expect(millisecondOf(made.at(-1))).toBeLessThanOrEqual(8 + Math.ceil(20_000 / 4_096));
  });

  test('go back to the time of the clock when it has caught up', () => {
    const make = makerAt([7, 7, 3, 9], (count) => new Uint8Array(count));
    expect([make(), make(), make(), make()].map((text) => text.slice(9, 18))).toEqual([
      '0007-7000',
      '0007-7001',
      '0007-7002',
      '0009-7000',
    ]);
  });

  test('ask for random bytes seldom', () => {
    let asked = 0;
    const make = makerAt([1], (count) => {
      asked += 1;
      return randomBytes(count);
    });
    const made = Array.from({ length: 4_000 }, make);
    expect(new Set(made.map((text) => text.slice(19))).size).toBe(4_000);
    expect(asked).toBe(10);
  });
});

function makerAt(
  times: readonly number[],
  random: RandomBytes = (count) => randomBytes(count),
): () => string {
  let next = 0;
  const clock = (): Instant => BigInt(times[Math.min(next++, times.length - 1)] ?? 0) as Instant;
  const write = eventIdWriter(() => (clock() * 1_000_000n) as Instant, random);
  const body = Buffer.alloc(17);
  return () => {
    write(body, 1);
    return eventIdOf(body);
  };
}

/** The first 48 bits of an id. */
function millisecondOf(text = ''): number {
  return Number.parseInt(text.replace('-', '').slice(0, 12), 16);
}
