import { expect, test } from 'vitest';
import { createProjector } from '../projector.ts';
import { ProjectionMisfit } from '../shape.ts';
import {
  clock,
  count,
  eventually,
  generations,
  patienceMs,
  rowsOf,
  type Fixture,
  type NewFixture,
} from './read-models-under-test.ts';
import { annotatedTotals, totals } from './samples.ts';

export function versionsContract(fixture: NewFixture): void {
  const upgraded = async (): Promise<Fixture> => {
    const made = await fixture();
    const old = await made.project();
    await old.waitFor(count(made.log, 'a', 1, 2), patienceMs);
    await old.stop();
    return made;
  };

  test('OP-10 a new version is built beside the old, takes its place, and the old one goes', async () => {
    const { database, project } = await upgraded();

    await project({ projections: [annotatedTotals] });

    await eventually(() => generations(database)).toEqual([['totals__v2_2', 'active', 2]]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: 'v2' }]);
  });

  test('OP-10 until a new version has caught up the old one is shown', async () => {
    const { log, database, project } = await upgraded();
    let release: (() => void) | undefined;
    log.beforeRead = async ({ after }) => {
      if (after === 1) await new Promise<void>((resolve) => (release = resolve));
    };

    const projector = await project({ projections: [annotatedTotals], batchSize: 1 });
    await eventually(async () => release).toBeDefined();
    const during = [await rowsOf(database), projector.position(), await generations(database)];
    release?.();

    expect(during).toEqual([
      [{ name: 'a', total: 3, changes: 2, note: null }],
      2,
      [
        ['totals__v1_1', 'active', 2],
        ['totals__v2_2', 'building', 1],
      ],
    ]);
    await eventually(() => generations(database)).toEqual([['totals__v2_2', 'active', 2]]);
  });

  test('OP-10 the old program and the new one run side by side until the new one takes over', async () => {
    const { log, database, beside, project } = await upgraded();
    const old = await project();
    const fresh = await project({ projections: [annotatedTotals], database: await beside() });

    let position = 0;
    for (let round = 0; round < 20; round += 1) position = count(log, 'b', 1);

    expect(await fresh.waitFor(position, patienceMs)).toBe(true);
    await eventually(() => generations(database)).toEqual([['totals__v2_2', 'active', position]]);
    expect(await rowsOf(database)).toMatchObject([
      { name: 'a', note: 'v2' },
      { name: 'b', note: 'v2', total: 20 },
    ]);
    expect(await old.waitFor(position, patienceMs)).toBe(true);
  });

  test('OP-10 a version that is taken back is built anew', async () => {
    const { log, database, project } = await upgraded();
    const fresh = await project({ projections: [annotatedTotals] });
    await eventually(() => generations(database)).toEqual([['totals__v2_2', 'active', 2]]);
    await fresh.stop();

    await project();

    await eventually(() => generations(database)).toEqual([['totals__v1_3', 'active', 2]]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
    expect((await log.head()).position).toBe(2);
  });

  test('OP-10 a new version may have other columns', async () => {
    const { database, project } = await upgraded();
    const narrower = {
      ...totals,
      version: 2,
      columns: { name: 'text', more: 'json' },
      indexes: [],
      project: () => [{ key: ['a'], row: { name: 'a', more: '{}' } }],
    } as const;

    await project({ projections: [narrower] });

    await eventually(() => generations(database)).toEqual([['totals__v2_2', 'active', 2]]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', more: '{}' }]);
  });

  test.each([
    ['columns', { columns: { ...totals.columns, more: 'text' } }],
    ['indexes', { indexes: [['note']] }],
    ['a key', { key: ['name', 'note'] }],
  ] as const)('OP-10 other %s under the same version are refused at start', async (_, change) => {
    const { log, database } = await upgraded();

    const projections = [{ ...totals, ...change }];
    const projector = createProjector({ log, database, projections, clock });

    await expect(projector.start()).rejects.toThrow(ProjectionMisfit);
    await expect(projector.start()).rejects.toThrow(/once/);
    await projector.stop();
  });
}
