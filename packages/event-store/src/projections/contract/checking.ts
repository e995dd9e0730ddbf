import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { checkConsistency, type ConsistencyOptions } from '../consistency.ts';
import { StrangeLog } from '../following.ts';
import { count, patienceMs, type Fixture, type NewFixture } from './read-models-under-test.ts';
import { annotatedTotals, journal, totals } from './samples.ts';

export function checkingContract(fixture: NewFixture): void {
  const projected = async (): Promise<Fixture> => {
    const made = await fixture();
    const projector = await made.project({ projections: [totals, journal] });
    count(made.log, 'a', 1, 2);
    count(made.log, 'c', 4);
    await projector.waitFor(count(made.log, 'b', 3), patienceMs);
    return made;
  };

  test('LG-13 a read model that equals the log is said to, with the rows compared', async () => {
    const made = await projected();

    expect(await checkConsistency(optionsOf(made))).toEqual({ equal: true, rows: 3, position: 4 });
    expect(await checkConsistency({ ...optionsOf(made), projection: journal })).toEqual({
      equal: true,
      rows: 4,
      position: 4,
    });
  });

  test.each([
    [
      'an altered cell',
      sql`update totals__v1_1 set total = 4 where name = 'a'`,
      { key: ['a'], column: 'total', expected: 3, actual: 4, lastEvent: eventAt(2) },
    ],
    [
      'a cell that is null no more',
      sql`update totals__v1_1 set note = '' where name = 'c'`,
      { key: ['c'], column: 'note', expected: null, actual: '', lastEvent: eventAt(3) },
    ],
    [
      'a missing first row',
      sql`delete from totals__v1_1 where name = 'a'`,
      { key: ['a'], column: undefined, expected: { total: 3 }, actual: undefined },
    ],
    [
      'a missing last row',
      sql`delete from totals__v1_1 where name = 'c'`,
      { key: ['c'], column: undefined, expected: { total: 4 }, actual: undefined },
    ],
    [
      'a surplus row between others',
      sql`insert into totals__v1_1 values ('aa', 7, 1, null)`,
      { key: ['aa'], column: undefined, actual: { total: 7 }, lastEvent: undefined },
    ],
    [
      'a surplus last row',
      sql`insert into totals__v1_1 values ('z', 7, 1, null)`,
      { key: ['z'], column: undefined, expected: undefined, actual: { total: 7 } },
    ],
    [
      'one of two differences, the one with the lesser key,',
      sql`update totals__v1_1 set name = 'd' where name = 'b'`,
      { key: ['b'], column: undefined, expected: { total: 3 }, actual: undefined },
    ],
  ])('LG-13 %s is found and named', async (_, damage, difference) => {
    const made = await projected();
    await damage.execute(made.database.kysely);

    const result = await checkConsistency(optionsOf(made));

    expect(result).toMatchObject({
      equal: false,
      position: 4,
      difference: { projection: 'totals', tableName: 'totals__v1_1', ...difference },
    });
  });

  test('LG-13 rows beyond the first page are compared, whatever script their keys are in', async () => {
    const made = await fixture();
    const { log, database, project } = made;
    const projector = await project();
    // U+FFFD sorts behind U+1F600 in UTF-16 and before it in UTF-8, by which both engines go.
    const names = Array.from(
      { length: 2_500 },
      (_, n) => `${n % 2 === 0 ? '\u{1F600}' : '\uFFFD'}${n}`,
    );
    const position = log.append('Counted', ...names.map((name) => ({ name, by: 1 })));
    await projector.waitFor(position, patienceMs);
    const clean = await checkConsistency(optionsOf(made));
    await sql`delete from totals__v1_1 where name = ${'\u{1F600}2498'}`.execute(database.kysely);

    const damaged = await checkConsistency(optionsOf(made));

    expect(clean).toEqual({ equal: true, rows: 2_500, position });
    expect(damaged).toMatchObject({
      difference: { key: ['\u{1F600}2498'], actual: undefined, lastEvent: eventAt(2_499) },
    });
  });

  test('LG-13 a check takes place at one position while events flow in and are projected', async () => {
    const made = await projected();
    made.log.beforeRead = () => {
      if (made.log.append('Ignored', {}) % 3 === 0) count(made.log, 'd', 1);
    };

    const results = [];
    for (let round = 0; round < 5; round += 1) {
      results.push(await checkConsistency({ ...optionsOf(made), batchSize: 2 }));
    }
    made.log.beforeRead = () => {};

    expect(results.map(({ equal }) => equal)).toEqual([true, true, true, true, true]);
    expect(results.at(-1)?.position).toBeGreaterThan(4);
  });

  test('LG-13 a check of what is not being shown, or of another log, is refused', async () => {
    const made = await projected();

    const unbuilt = checkConsistency({ ...optionsOf(made), projection: annotatedTotals });
    await expect(unbuilt).rejects.toThrow(/version 2 is not the one being shown/);
    made.log.cutOff(2);
    await expect(checkConsistency(optionsOf(made))).rejects.toThrow(StrangeLog);
  });

  test('LG-13 a check can be ended', async () => {
    const made = await projected();
    const end = new AbortController();
    const onProgress = (): void => end.abort(new Error('enough'));

    const check = checkConsistency({
      ...optionsOf(made),
      batchSize: 1,
      onProgress,
      signal: end.signal,
    });

    await expect(check).rejects.toThrow('enough');
  });
}

function optionsOf({ log, database }: Fixture): ConsistencyOptions {
  return { log, database, projection: totals };
}

function eventAt(position: number): object {
  return {
    position,
    eventId: `01900000-0000-7000-8000-${String(position).padStart(12, '0')}`,
    type: 'Counted',
  };
}
