import { expect, test } from 'vitest';
import { FoldDefect } from '../fold.ts';
import {
  count,
  eventually,
  generations,
  patienceMs,
  rowsOf,
  type NewFixture,
} from './read-models-under-test.ts';
import { journal, totals, written } from './samples.ts';

export function followingContract(fixture: NewFixture): void {
  test('LG-10 rows are there as soon as their position is waited for', async () => {
    const { log, database, project } = await fixture();
    const projector = await project();

    const position = count(log, 'a', 1, 2, 3);

    expect(await projector.waitFor(position, patienceMs)).toBe(true);
    expect(projector.position()).toBe(position);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
  });

  test('LG-10 the position moves over events that no read model folds', async () => {
    const { log, project } = await fixture();
    const projector = await project();
    count(log, 'a', 1);

    const position = log.append('Ignored', {}, {});

    expect(await projector.waitFor(position, patienceMs)).toBe(true);
  });

  test('LG-10 a position that is not reached in time is said not to be', async () => {
    const { log, project } = await fixture();
    const projector = await project();

    const beyond = count(log, 'a', 1) + 1;

    expect(await projector.waitFor(beyond, 1)).toBe(false);
    const waiting = projector.waitFor(beyond, longestTimeoutMs);
    await projector.stop();
    expect(await waiting).toBe(false);
  });

  test('LG-10 several read models reflect the position that is waited for', async () => {
    const { log, database, project } = await fixture();
    count(log, 'a', 1);
    await (await project()).stop();

    const projector = await project({ projections: [totals, journal], batchSize: 1 });
    await projector.waitFor(count(log, 'a', 2), patienceMs);

    expect(await rowsOf(database)).toHaveLength(1);
    expect(await rowsOf(database, 'journal')).toHaveLength(2);
  });

  test('LG-10 an event that can not be folded stops its read model before it, and no other', async () => {
    const { log, database, project } = await fixture();
    const failures: unknown[] = [];
    count(log, 'a', 1, 2);
    const bad = count(log, 'unlucky', 13);
    const last = count(log, 'a', 3);

    const projector = await project({
      projections: [totals, journal],
      onFailure: (failure) => failures.push(failure),
    });
    await expect(projector.waitFor(last, patienceMs)).rejects.toThrow(FoldDefect);
    await eventually(() => generations(database)).toContainEqual(['journal__v1_1', 'active', last]);

    expect(projector.position()).toBe(bad - 1);
    expect(failures).toEqual([
      expect.objectContaining({ projection: 'totals', position: bad, eventId: eventIdAt(bad) }),
    ]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
    const { failure } = await database.kysely
      .selectFrom('projections')
      .select('failure')
      .where('name', '=', 'totals')
      .executeTakeFirstOrThrow();
    expect(failure).toMatch(/position 3 .*thirteen brings bad luck/);
  });

  test('LG-10 a read model whose fold was mended goes on at the next start', async () => {
    const { log, database, project } = await fixture();
    const position = count(log, 'unlucky', 13);
    const broken = await project();
    await expect(broken.waitFor(position, patienceMs)).rejects.toThrow(FoldDefect);
    await broken.stop();

    const mended = await project({ projections: [{ ...totals, project: () => [] }] });

    expect(await mended.waitFor(position, patienceMs)).toBe(true);
    const { failure } = await database.kysely
      .selectFrom('projections')
      .select('failure')
      .executeTakeFirstOrThrow();
    expect(failure).toBeNull();
  });

  test.each([
    [
      'a column too many',
      { id: 'a', amount: '1', extra: 1 },
      ['a'],
      /a column "extra" that the projection/,
    ],
    ['a column that is not one', { id: 'a', amuont: '1' }, ['a'], /lacks column "amount"/],
    [
      'another key than its own',
      { id: 'b', amount: '1' },
      ['a'],
      /"b" in column "id".*key says "a"/,
    ],
    ['a key of two values', { id: 'a', amount: '1' }, ['a', 'b'], /2 values for 1 columns/],
    ['a number for a decimal', { id: 'a', amount: 1.5 }, ['a'], /"amount": expected decimal.*1\.5/],
    ['no number at all', { id: 'a', amount: '1e5' }, ['a'], /"amount": expected decimal.*"1e5"/],
  ])('LG-10 a fold that returns %s stops with a clear error', async (_, row, key, message) => {
    const { log, project } = await fixture();
    const columns = { id: 'text', amount: 'decimal' } as const;

    const projector = await project({ projections: [written(columns, row, key)] });

    await expect(projector.waitFor(count(log, 'a', 1), patienceMs)).rejects.toThrow(message);
  });

  test('OP-11 a projector that is stopped while far behind goes on where it was', async () => {
    const { log, database, project } = await fixture();
    const position = count(log, 'a', ...Array.from({ length: 300 }, () => 1));
    let reads = 0;
    const third = new Promise<void>((resolve) => {
      log.beforeRead = () => {
        reads += 1;
        if (reads === 3) resolve();
      };
    });
    const first = await project({ batchSize: 1 });
    await third;
    await first.stop();
    const stoppedAt = first.position();

    const second = await project();
    await second.waitFor(position, patienceMs);

    expect(stoppedAt).toBeGreaterThan(0);
    expect(stoppedAt).toBeLessThan(position);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 300, changes: 300, note: null }]);
  });
}

const longestTimeoutMs = 2_147_483_647;

function eventIdAt(position: number): string {
  return `01900000-0000-7000-8000-${String(position).padStart(12, '0')}`;
}
