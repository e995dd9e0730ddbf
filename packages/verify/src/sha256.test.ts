import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';
import { hex, utf8 } from './bytes.ts';
import { createSha256, sha256 } from './sha256.ts';

describe('RC-02: SHA-256', () => {
  // FIPS 180-2, appendix B.
  test.each([
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of a published message', (message, hash) => {
    expect(hex(sha256(utf8(message)))).toBe(hash);
  });

  test('of every length round the ends of blocks', () => {
    for (let length = 0; length <= 200; length += 1) {
      const message = Buffer.alloc(length, length);
      expect(hex(sha256(message))).toBe(createHash('sha256').update(message).digest('hex'));
    }
  });

  test('in whatever pieces is that of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
        const hasher = createSha256();
        for (const piece of pieces) hasher.update(piece);
        const whole = createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
        expect(hex(hasher.digest())).toBe(whole);
      }),
    );
  });
});

describe('RC-02: base64', () => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(toBase64(bytes)).toBe(text);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  test('has one text for the same bytes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('A', 'B', 'Q', 'R', 'w', '+', '/', '=', '\n', '-'),
          maxLength: 8,
        }),
        (text) => {
          const bytes = fromBase64(text);
          if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
          else expect(Buffer.from(text, 'base64').toString('base64')).not.toBe(text);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
