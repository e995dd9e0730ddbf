import { expect, test } from 'vitest';
import {
  count,
  generations,
  patienceMs,
  rowsOf,
  type NewFixture,
} from './read-models-under-test.ts';
import { journal, totals } from './samples.ts';

export function sharingContract(fixture: NewFixture): void {
  test('OP-11 two projectors on one database count every event once', async () => {
    const { log, database, beside, project } = await fixture();
    const projections = [totals, journal];
    const failures: unknown[] = [];
    const onFailure = (failure: unknown): number => failures.push(failure);
    const [one, two] = [
      await project({ projections, batchSize: 3, onFailure }),
      await project({ projections, batchSize: 5, onFailure, database: await beside() }),
    ];

    let position = 0;
    for (let round = 0; round < 60; round += 1) {
      position = count(log, 'a', 1, 1, 1);
      // Every now and then the two catch up, and stand at the same position again.
      if (round % 10 === 0) await one.waitFor(position, patienceMs);
    }
    const reached = await Promise.all([one, two].map((each) => each.waitFor(position, patienceMs)));

    expect(reached).toEqual([true, true]);
    expect(failures).toEqual([]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 180, changes: 180, note: null }]);
    expect(await rowsOf(database, 'journal')).toHaveLength(180 - 13);
  });

  test('OP-10 programs that start at once make the tables once', async () => {
    const { log, beside, project } = await fixture();
    const databases = await Promise.all([beside(), beside(), beside()]);

    const projectors = await Promise.all(databases.map((database) => project({ database })));
    const position = count(log, 'a', 1);
    for (const projector of projectors) await projector.waitFor(position, patienceMs);

    for (const database of databases) {
      expect(await generations(database)).toEqual([['totals__v1_1', 'active', position]]);
    }
  });

  test('OP-11 a projector whose table was taken over by another reads on from there', async () => {
    const { log, beside, project } = await fixture();
    const slow = await project();
    const fast = await project({ database: await beside() });
    let held: (() => void) | undefined;
    const positions: number[] = [];
    log.beforeRead = async ({ after }) => {
      positions.push(after);
      // The first reader waits with an old position until the other has moved on.
      if (positions.length === 1) await new Promise<void>((resolve) => (held = resolve));
    };

    const position = count(log, 'a', 1);
    await Promise.race([slow, fast].map((each) => each.waitFor(position, patienceMs)));
    held?.();

    for (const each of [slow, fast]) expect(await each.waitFor(position, patienceMs)).toBe(true);
  });
}
