import { describe, expect, test } from 'vitest';
import { totals } from './contract/samples.ts';
import { createProjector } from './projector.ts';
import { ProjectionMisfit, shapeOf } from './shape.ts';

describe('a projection is refused', () => {
  test.each([
    ['with a name in capitals', { name: 'Totals' }, /lower case/],
    ['with the name of another table', { name: 'projections' }, /taken/],
    ['with a name that tables of generations have', { name: 'totals__v1' }, /single underscores/],
    ['with a name of a length that PostgreSQL cuts', { name: 'x'.repeat(41) }, /at most 40/],
    ['with a version of nothing', { version: 0 }, /from 1 to 999999, not 0/],
    ['without a type of event', { types: [] }, /no type of event/],
    ['without a key', { key: [] }, /key names no column/],
    ['with a key that is no column', { key: ['nmae'] }, /"nmae" is not among its columns/],
    ['with a key that names a column twice', { key: ['name', 'name'] }, /twice/],
    ['with an index of no column', { indexes: [['when']] }, /"when" is not among its columns/],
    [
      'with columns that differ in case',
      { columns: { name: 'text', Name: 'text' } },
      /two columns/,
    ],
    ['with a column that needs quotes', { columns: { name: 'text', 'a"b': 'text' } }, /can't name/],
    [
      'with a key of JSON',
      { columns: { name: 'json', total: 'integer', changes: 'integer', note: 'text' } },
      /JSON column/,
    ],
  ] as const)('LG-10 %s', (_, change, message) => {
    const refused = (): unknown => shapeOf({ ...totals, indexes: [], ...change });

    expect(refused).toThrow(ProjectionMisfit);
    expect(refused).toThrow(message);
  });

  test('LG-10 beside another of the same name', () => {
    const projections = [totals, { ...totals, version: 2 }];

    expect(() => createProjector({ projections } as never)).toThrow(ProjectionMisfit);
  });
});
