import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomPool } from './random-pool.ts';

test('RC-04 a pool of random bytes gives each byte once', () => {
  let drawn = 0;
  // Whatever is drawn counts on, so that a byte that came twice would show.
  const counting = (count: number): Uint8Array => {
    const bytes = Uint8Array.from({ length: count }, (_, at) => (drawn + at) % 251);
    drawn += count;
    return bytes;
  };
  const take = randomPool(counting);
  let last = -1;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), (count) => {
      for (const byte of take(count)) {
        expect(byte).not.toBe(last);
        last = byte;
      }
    }),
  );
});

test('RC-04 a pool of random bytes gives as many as are asked for, and lets go of them', () => {
  let pool = new Uint8Array(0);
  const take = randomPool((count) => {
    pool = randomBytes(count);
    return pool;
  });

  expect(take(32)).toHaveLength(32);
  expect([...pool.subarray(0, 32)]).toEqual(Array.from({ length: 32 }, () => 0));
  expect(take(20_000)).toHaveLength(20_000);
});
