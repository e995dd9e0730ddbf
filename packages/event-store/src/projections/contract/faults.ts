import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FoldDefect } from '../fold.ts';
import type { Connection, ReadModelDatabase } from '../read-models.ts';
import { count, patienceMs, rowsOf, type NewFixture } from './read-models-under-test.ts';
import { journal, totals, totalsOf } from './samples.ts';

export function faultsContract(fixture: NewFixture): void {
  test('LG-10 OP-11 neither batches nor crashes between them change what the rows are', async () => {
    const { log, database, project } = await fixture();
    const events: { name: string; by: number }[] = [];

    await fc.assert(
      fc.asyncProperty(lives, async ({ added, batchSize, crashes }) => {
        log.append('Counted', ...added);
        events.push(...added);
        const failures: unknown[] = [];
        const projector = await project({
          database: crashing(database, crashes),
          projections: [totals, journal],
          batchSize,
          onFailure: (failure) => failures.push(failure),
        });
        expect(await projector.waitFor(events.length, patienceMs)).toBe(true);
        await projector.stop();
        expect(failures.every((failure) => failure instanceof Crash)).toBe(true);
        expect(await rowsOf(database)).toEqual(totalsOf(events));
        const gone = Math.floor(events.length / 13);
        expect(await rowsOf(database, 'journal')).toHaveLength(events.length - gone);
      }),
      { numRuns: 15 },
    );
  });

  test('OP-11 an outage of the database or the log is waited out', async () => {
    const { log, database, project } = await fixture();
    const failures: unknown[] = [];
    let outages = 2;
    log.beforeRead = () => {
      outages -= 1;
      if (outages >= 0) throw new Error('the log is gone');
    };
    const projector = await project({
      database: crashing(database, new Set([1, 2])),
      onFailure: (failure) => failures.push(failure),
    });

    const position = count(log, 'a', 1, 2);

    expect(await projector.waitFor(position, patienceMs)).toBe(true);
    expect(failures).toHaveLength(4);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  });

  test('LG-10 a row that the database refuses stops its read model at its event, and no other', async () => {
    const { log, database, project } = await fixture();
    count(log, 'a', ...Array.from({ length: 20 }, () => 1));
    const bad = count(log, 'refused', 1);
    const last = count(log, 'a', 1, 1, 1);

    const projector = await project({
      database: refusing(database, 'refused'),
      projections: [totals, journal],
    });
    const refusal = await projector.waitFor(last, patienceMs).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(FoldDefect);
    expect(refusal).toMatchObject({ projection: 'totals', position: bad });
    expect(projector.position()).toBe(bad - 1);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 20, changes: 20, note: null }]);
  });
}

/** What happens to a log and its projector: more events, a size of batches, transactions that crash. */
const lives = fc.record({
  added: fc.array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      by: fc.integer({ min: -2, max: 2 }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  batchSize: fc.integer({ min: 1, max: 50 }),
  crashes: fc
    .uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 2 })
    .map((at) => new Set(at)),
});

class Crash extends Error {}

/** Crashes in the transactions of these numbers, when all but the commit is done. */
function crashing(database: ReadModelDatabase, crashes: ReadonlySet<number>): ReadModelDatabase {
  let transactions = 0;
  return {
    ...database,
    transaction: (work) => {
      transactions += 1;
      const doomed = crashes.has(transactions);
      return database.transaction(async (connection) => {
        const result = await work(connection);
        if (doomed) throw new Crash('power cut');
        return result;
      });
    },
  };
}

class Refusal extends Error {}

/** Refuses statements that write a row with this name into `totals`, as a database would. */
function refusing(database: ReadModelDatabase, name: string): ReadModelDatabase {
  const refuse = ({ kysely, rows }: Connection): Connection => ({
    kysely,
    rows: {
      ...rows,
      upsert: (table, written) => {
        if (table.shape.name === 'totals' && written.some(([first]) => first === name)) {
          throw new Refusal('value too long');
        }
        return rows.upsert(table, written);
      },
    },
  });
  return {
    ...database,
    engine: { ...database.engine, refusesValues: (error) => error instanceof Refusal },
    transaction: (work) => database.transaction((connection) => work(refuse(connection))),
  };
}
