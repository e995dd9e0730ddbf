import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalCell, UnfitCell } from './cells.ts';

describe('the canonical form of a cell', () => {
  const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

  test('LG-10 of a decimal is one for all ways to write a number', () => {
    fc.assert(
      fc.property(
        units,
        fc.nat(20),
        fc.nat(5),
        fc.nat(5),
        (number, scale, zerosBefore, zerosAfter) => {
          const digits = String(number < 0n ? -number : number).padStart(scale + 1, '0');
          const [whole, fraction] = [
            digits.slice(0, digits.length - scale),
            digits.slice(digits.length - scale),
          ];
          const sign = number < 0n ? '-' : '';
          const long = `${sign}${'0'.repeat(zerosBefore)}${whole}.${fraction}${'0'.repeat(zerosAfter + 1)}`;

          const text = String(canonicalCell('decimal', long));

          expect(text).toMatch(/^(?:0|-?(?:0|[1-9]\d*)\.\d*[1-9]|-?[1-9]\d*)$/);
          expect(canonicalCell('decimal', text)).toBe(text);
          const [wholeAgain = '', fractionAgain = ''] = text.split('.');
          expect(BigInt(wholeAgain.replace('-', '') + fractionAgain.padEnd(scale, '0'))).toBe(
            number < 0n ? -number : number,
          );
          expect(text.startsWith('-')).toBe(number < 0n);
        },
      ),
    );
  });

  test('LG-10 of an instant sorts as time does', () => {
    const instant = fc
      .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString());
    fc.assert(
      fc.property(instant, instant, (left, right) => {
        const [a, b] = [left, right].map((text) => String(canonicalCell('instant', text)));
        expect(String(a) < String(b)).toBe(Date.parse(left) < Date.parse(right));
      }),
    );
  });

  test.each([
    ['text', 1],
    ['text', true],
    ['integer', '1'],
    ['integer', 1.5],
    ['integer', 2 ** 53],
    ['integer', Number.NaN],
    ['decimal', 1],
    ['decimal', ''],
    ['decimal', '-'],
    ['decimal', '.'],
    ['decimal', '1e5'],
    ['decimal', '1,5'],
    ['decimal', ' 1'],
    ['decimal', 'NaN'],
    ['decimal', '1'.repeat(1_001)],
    ['date', '2026-02-30'],
    ['date', '2026-2-3'],
    ['instant', '2026-05-20'],
    ['instant', '2026-05-20T10:00:00'],
    ['instant', '2026-13-20T10:00:00.000000Z'],
    ['json', '{'],
    ['json', ''],
    ['text', undefined],
  ] as const)('LG-10 does not exist for a %s of %j', (type, value) => {
    expect(() => canonicalCell(type, value)).toThrow(UnfitCell);
  });
});
