import { randomBytes } from 'node:crypto';
import { streamId, type Place } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealBroken } from './failures.ts';
import { seal, unseal, type DataKey } from './sealing.ts';
import { unwrap, wrap, type KeyEncryptionKey } from './wrapping.ts';

const subject = streamId('account-ADA');
const key: DataKey = { subject, id: randomBytes(16), secret: randomBytes(32) };
const under: KeyEncryptionKey = { id: 'kek-1', secret: randomBytes(32) };
const place: Place = { stream: subject, version: 1, type: 'AccountOpened', path: 'ownerName' };

const somePlace = fc.record({
  stream: fc.constantFrom('account-ADA', 'account-AD', 'account-ADAA').map(streamId),
  version: fc.integer({ min: 1, max: 12 }),
  type: fc.constantFrom('AccountOpened', 'AccountOpene', 'dAccountOpened'),
  path: fc.constantFrom('ownerName', 'owner.name', 'wnerName', ''),
});

describe('RC-04 a sealed text', () => {
  test('comes back as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), somePlace, (text, at) => {
        expect(unseal(key, at, seal(key, at, text, randomBytes))).toBe(text);
      }),
    );
  });

  test('opens at its place and nowhere else', () => {
    fc.assert(
      fc.property(somePlace, somePlace, (sealedAt, openedAt) => {
        fc.pre(JSON.stringify(sealedAt) !== JSON.stringify(openedAt));
        const sealed = seal(key, sealedAt, 'Ada', randomBytes);
        expect(() => unseal(key, openedAt, sealed)).toThrow(SealBroken);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<[Partial<Place>, Partial<Place>]>([
    [
      { type: 'Account', path: 'OpenedName' },
      { type: 'AccountOpened', path: 'Name' },
    ],
    [
      { version: 11, type: 'T' },
      { version: 1, type: '1T' },
    ],
    [
      { stream: streamId('account-1'), version: 12 },
      { stream: streamId('account-11'), version: 2 },
    ],
  ])('of %j does not open at %j, though together they read the same', (one, other) => {
    const sealed = seal(key, { ...place, ...one }, 'Ada', randomBytes);
    expect(() => unseal(key, { ...place, ...other }, sealed)).toThrow(SealBroken);
  });

  test('does not open when any one bit of it was changed', () => {
    const sealed = seal(key, place, 'Ada', randomBytes);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => unseal(key, place, changed), `bit ${bit}`).toThrow(SealBroken);
    }
  });

  test('does not open when it is cut short, or its tag is', () => {
    const sealed = seal(key, place, 'Ada', randomBytes);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(key, place, sealed.subarray(0, length))).toThrow(SealBroken);
    }
    expect(() => unseal(key, place, Buffer.concat([sealed, Buffer.of(0)]))).toThrow(SealBroken);
  });

  test('opens for nobody else', () => {
    const sealed = seal(key, place, 'Ada', randomBytes);
    const others: readonly DataKey[] = [
      { ...key, subject: streamId('account-BOB') },
      { ...key, id: randomBytes(16) },
      { ...key, secret: randomBytes(32) },
    ];
    for (const other of others) {
      expect(() => unseal(other, place, sealed)).toThrow(SealBroken);
    }
  });

  test('is another each time, so that equal texts do not show', () => {
    const sealed = new Set(
      Array.from({ length: 100 }, () =>
        Buffer.from(seal(key, place, 'Ada', randomBytes)).toString('hex'),
      ),
    );
    expect(sealed.size).toBe(100);
  });
});

describe('RC-04 a wrapped key', () => {
  test('comes back as it was', () => {
    expect(unwrap(key, wrap(key, under, randomBytes), under)).toEqual(key);
  });

  test('opens for its own subject and id, under its own key, and whole only', () => {
    const wrapped = wrap(key, under, randomBytes);
    const refused = [
      () => unwrap({ ...key, subject: streamId('account-BOB') }, wrapped, under),
      () => unwrap({ ...key, id: randomBytes(16) }, wrapped, under),
      () => unwrap(key, wrapped, { ...under, id: 'kek-2' }),
      () => unwrap(key, wrapped, { ...under, secret: randomBytes(32) }),
      () => unwrap(key, wrapped.subarray(0, -1), under),
      () => unwrap(key, wrapped.subarray(0, -12), under),
      () => unwrap(key, new Uint8Array(0), under),
    ];
    for (const open of refused) expect(open).toThrow(SealBroken);
  });
});
