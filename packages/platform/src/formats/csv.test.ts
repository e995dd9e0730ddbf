import { array, assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellOf, cellsOf } from './csv.ts';

describe('TC-08 a line of CSV', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    [' a , b\t,c\r', ['a', 'b', 'c']],
    ['a,,', ['a', '', '']],
    ['', ['']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""a""",b\r', ['say "a"', 'b']],
    ['"a', undefined],
    ['"a"b,c', undefined],
    ['a"b,c', undefined],
  ])('%j is cut into %j', (line, cells) => {
    expect(cellsOf(line)).toEqual(cells);
  });

  test('reads back whatever cells were written', () => {
    const cell = string({ unit: 'grapheme' }).map((text) =>
      text.replaceAll(/[\r\n\u2028\u2029]/g, ' ').trim(),
    );
    const cells = array(cell, { minLength: 2, maxLength: 6 });
    assert(
      property(cells, (row) => {
        expect(cellsOf(row.map(cellOf).join(','))).toEqual(row);
      }),
    );
  });
});
