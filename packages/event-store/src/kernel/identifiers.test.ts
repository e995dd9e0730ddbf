import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUuid, streamId } from './identifiers.ts';

describe('LG-01 the name of a stream', () => {
  test.each(['a', 'account-A1', '!', '~', 'prices/AAPL', 'x'.repeat(200)])('is %.20s', (text) => {
    expect(streamId(text)).toBe(text);
  });

  test.each([
    ['nothing', ''],
    ['201 characters', 'x'.repeat(201)],
    ['a space', 'account A1'],
    ['a tab', 'account\tA1'],
    ['a line end', 'account\n'],
    ['a character of no width', 'account\u200bA1'],
    ['a letter beyond ASCII', 'kontö'],
    ['a deletion', 'a\u007f'],
    ['a zero byte', 'a\0'],
  ])('is not %s', (_, text) => {
    expect(() => streamId(text)).toThrow(RangeError);
  });

  test('is any text of 1 to 200 printable ASCII characters, and no other', () => {
    const text = fc.string({ unit: 'binary', maxLength: 220, size: 'max' });
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 220, size: 'max' });
    fc.assert(
      fc.property(fc.oneof(text, ascii), (name) => {
        const printable = Buffer.from(name).every((byte) => byte > 0x20 && byte < 0x7f);
        const good = printable && name.length >= 1 && name.length <= 200;
        if (good) expect(streamId(name)).toBe(name);
        else expect(() => streamId(name)).toThrow(RangeError);
      }),
    );
  });

  test('is cut short in the message about one that is too long', () => {
    expect(() => streamId('x'.repeat(100_000))).toThrow(/^"x{200}" can't name a stream/);
  });
});

describe('LG-04 a UUID', () => {
  test('is what generators make, in lower case', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(isUuid(uuid)).toBe(true);
      }),
    );
  });

  test.each([
    ['', false],
    ['01890a5d-ac96-774b-bcce-b302099a8057', true],
    ['00000000-0000-0000-0000-000000000000', true],
    ['01890A5D-AC96-774B-BCCE-B302099A8057', false],
    ['01890a5dac96774bbcceb302099a8057', false],
    ['{01890a5d-ac96-774b-bcce-b302099a8057}', false],
    ['01890a5d-ac96-774b-bcce-b302099a805', false],
    ['01890a5d-ac96-774b-bcce-b302099a80571', false],
    ['01890a5d-ac96-774b-bcce-b302099a805g', false],
    ['g1890a5d-ac96-774b-bcce-b302099a8057', false],
    ['01890a5d-ac967-74b-bcce-b302099a8057', false],
    ['01890a5d-ac96-774b-bcce-b302099a805\n', false],
  ])('"%s": %s', (text, is) => {
    expect(isUuid(text)).toBe(is);
  });
});
