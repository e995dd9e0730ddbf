import { expect, test } from 'vitest';
import type { Projection, Row } from '../../kernel/projection.ts';
import { checkConsistency } from '../consistency.ts';
import { count, patienceMs, rowsOf, type NewFixture } from './read-models-under-test.ts';
import { written, type CountedEvent } from './samples.ts';

export function valuesContract(fixture: NewFixture): void {
  test.each([
    ['text', 'as is \u{1F600} "quoted" \\ , {} null', 'as is \u{1F600} "quoted" \\ , {} null'],
    ['text', '', ''],
    ['text', 'NULL', 'NULL'],
    ['text', 'cut\0short', 'cut\uFFFDshort'],
    ['text', 'half a pair \uD83D', 'half a pair \uFFFD'],
    ['integer', 9_007_199_254_740_991, 9_007_199_254_740_991],
    ['integer', -9_007_199_254_740_991, -9_007_199_254_740_991],
    ['integer', -0, 0],
    ['decimal', '-12345678901234567890.12345678', '-12345678901234567890.12345678'],
    ['decimal', '0.000000000000000001', '0.000000000000000001'],
    ['decimal', '1.50', '1.5'],
    ['decimal', '100', '100'],
    ['decimal', '007.00', '7'],
    ['decimal', '.5', '0.5'],
    ['decimal', '-0.00', '0'],
    ['date', '2024-02-29', '2024-02-29'],
    ['instant', '2026-05-20T10:11:12.123456Z', '2026-05-20T10:11:12.123456Z'],
    ['instant', '2026-05-20T10:11:12.123Z', '2026-05-20T10:11:12.123000Z'],
    ['instant', '2026-05-20T12:11:12.123456789+02:00', '2026-05-20T10:11:12.123456Z'],
    ['instant', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['json', '{ "b": [1, "two"],  "a": 1.50, "a": 12345678901234567890 }', undefined],
    ['json', 'null', 'null'],
    ['text', null, null],
    ['integer', null, null],
    ['decimal', null, null],
    ['date', null, null],
    ['instant', null, null],
    ['json', null, null],
  ] as const)('LG-10 %s %j comes back as %j', async (type, value, kept) => {
    const { log, database, project } = await fixture();
    const columns = { id: 'text', value: type } as const;
    const projection = written(columns, { id: 'a', value }, ['a']);
    const projector = await project({ projections: [projection] });

    await projector.waitFor(count(log, 'a', 1), patienceMs);

    const expected = kept === undefined ? value : kept;
    expect(await rowsOf(database, 'written')).toEqual([{ id: 'a', value: expected }]);
    expect(await checkConsistency({ log, database, projection })).toMatchObject({ equal: true });
  });

  test.each(['text', 'integer', 'decimal', 'date', 'instant'] as const)(
    'LG-10 rows are found again by a key of type %s',
    async (type) => {
      const { log, database, project } = await fixture();
      const projector = await project({ projections: [keyed(type)], batchSize: 2 });

      await projector.waitFor(count(log, 'a', 1, 2, 1, 2, 1), patienceMs);

      expect(await rowsOf(database, 'keyed')).toEqual([
        { id: canonical[type][0], kind: 'k', times: 3 },
        { id: canonical[type][1], kind: 'k', times: 2 },
      ]);
      expect(await checkConsistency({ log, database, projection: keyed(type) })).toMatchObject({
        rows: 2,
      });
    },
  );

  test('LG-10 a fold sees the row as it will be kept, within a batch as across batches', async () => {
    const { log, project } = await fixture();
    const seen: (Row | undefined)[][] = [];
    for (const batchSize of [1, 10]) {
      const rows: (Row | undefined)[] = [];
      const projector = await project({ projections: [watched(rows, batchSize)], batchSize });
      await projector.waitFor(count(log, 'a', 1, 1), patienceMs);
      seen.push(rows.slice(0, 2));
    }

    expect(seen[0]).toEqual([
      undefined,
      { id: 'a', amount: '1.5', at: '2026-05-20T10:00:00.000000Z', name: '\uFFFD' },
    ]);
    expect(seen[1]).toEqual(seen[0]);
  });
}

const given = {
  text: ['a\0', 'b'],
  integer: [-1, 2],
  decimal: ['1.50', '2.0'],
  date: ['2026-05-20', '2026-05-21'],
  instant: ['2026-05-20T10:00:00Z', '2026-05-20T10:00:00.123456789Z'],
} as const;

const canonical = {
  text: ['a\uFFFD', 'b'],
  integer: [-1, 2],
  decimal: ['1.5', '2'],
  date: ['2026-05-20', '2026-05-21'],
  instant: ['2026-05-20T10:00:00.000000Z', '2026-05-20T10:00:00.123456Z'],
} as const;

/** Counts how often each of two keys came, the first for odd steps. */
function keyed(type: keyof typeof given): Projection<CountedEvent> {
  return {
    name: 'keyed',
    version: 1,
    columns: { id: type, kind: 'text', times: 'integer' },
    key: ['kind', 'id'],
    indexes: [],
    types: ['Counted'],
    project: ({ data }) => {
      const id = given[type][data.by % 2 === 1 ? 0 : 1];
      const key = ['k', id];
      return [
        { key, update: (row) => ({ id, kind: 'k', times: Number(row?.['times'] ?? 0) + 1 }) },
      ];
    },
  };
}

function watched(rows: (Row | undefined)[], suffix: number): Projection<CountedEvent> {
  return {
    name: `watched_${suffix}`,
    version: 1,
    columns: { id: 'text', amount: 'decimal', at: 'instant', name: 'text' },
    key: ['id'],
    indexes: [],
    types: ['Counted'],
    project: () => [
      {
        key: ['a'],
        update: (row) => {
          rows.push(row && { ...row });
          return { id: 'a', amount: '1.50', at: '2026-05-20T10:00:00Z', name: '\0' };
        },
      },
    ],
  };
}
