import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { FoldDefect } from '../fold.ts';
import { StrangeLog } from '../following.ts';
import { rebuild, type RebuildOptions } from '../rebuild.ts';
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
import { totals } from './samples.ts';

export function rebuildingContract(fixture: NewFixture): void {
  test('LG-13 a rebuild puts right a table that was tampered with', async () => {
    const made = await fixture();
    const { database } = made;
    await projected(made, 1, 2, 3);
    await sql`update totals__v1_1 set total = 99`.execute(database.kysely);

    const rebuilt = await rebuild(optionsOf(made));

    expect(rebuilt).toBe(true);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
    expect(await generations(database)).toEqual([['totals__v1_2', 'active', 3]]);
  });

  test('LG-10 during a rebuild queries see the old table, up to date, and then the new one', async () => {
    const made = await fixture();
    const { log, database, project } = made;
    count(log, 'a', ...Array.from({ length: 200 }, () => 1));
    const projector = await project();
    await projector.waitFor(200, patienceMs);
    const seen: number[] = [];
    const look = async (): Promise<void> => {
      const [row] = (await rowsOf(database)) as readonly { readonly total: number }[];
      seen.push(row?.total ?? -1);
    };

    const onProgress = (position: number): void => {
      if (position % 20 === 0) count(log, 'a', 1);
    };
    const rebuilding = rebuild({ ...optionsOf(made), batchSize: 1, onProgress });
    let done = false;
    const looking = (async () => {
      while (!done) {
        await setImmediate();
        await look();
      }
    })();
    await rebuilding;
    done = true;
    await looking;
    await projector.waitFor((await log.head()).position, patienceMs);
    await look();

    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((left, right) => left - right));
    expect(seen[0]).toBeGreaterThanOrEqual(200);
    expect(seen.at(-1)).toBe((await log.head()).position);
    await eventually(() => generations(database)).toEqual([
      ['totals__v1_2', 'active', (await log.head()).position],
    ]);
  });

  test('LG-10 a rebuild that was overtaken at the last moment catches up before it is shown', async () => {
    const made = await fixture();
    const { log, database, project } = made;
    const projector = await project();
    await projector.waitFor(count(log, 'a', 1, 2), patienceMs);
    const { head } = log;
    // Asked by the rebuild between its last batch and the switch.
    const options = {
      ...optionsOf(made),
      log: {
        ...log,
        head: async () => {
          if ((await head()).position === 2)
            await projector.waitFor(count(log, 'a', 3), patienceMs);
          return head();
        },
      },
    };
    await interrupted(made);

    await rebuild(options);

    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
  });

  test('LG-10 a table that is built far behind does not keep the one being shown waiting', async () => {
    const made = await fixture();
    const { log, database, project } = made;
    const behind = Array.from({ length: 300 }, () => 1);
    await projected(made, ...behind);
    await interrupted(made);

    const projector = await project({ batchSize: 1 });
    await projector.waitFor(count(log, 'a', 1), patienceMs);

    const [shown, building] = await generations(database);
    expect(shown).toEqual(['totals__v1_1', 'active', 301]);
    expect(building?.[2]).toBeLessThan(301);
  });

  test('LG-10 a rebuild comes to its end though events never cease', async () => {
    const made = await fixture();
    const { log, database, project } = made;
    await projected(made, 1, 2, 3);
    await interrupted(made);
    // More than a batch takes, so that the end of the log is never reached.
    log.beforeRead = () => {
      count(log, 'a', ...Array.from({ length: 20 }, () => 1));
    };

    await project({ batchSize: 10 });

    const tables = async (): Promise<readonly string[]> =>
      (await generations(database)).map(([table]) => table);
    await eventually(tables).toEqual(['totals__v1_2']);
    expect(await rowsOf(database)).toHaveLength(1);
  });

  test('LG-13 a rebuild that was stopped goes on from there', async () => {
    const made = await fixture();
    await projected(made, 1, 2, 3, 4);
    const reached: number[] = [];
    await interrupted(made, 2);

    const finished = await rebuild({
      ...optionsOf(made),
      batchSize: 1,
      onProgress: (position) => reached.push(position),
    });

    expect(finished).toBe(true);
    expect(reached).toEqual([3, 4]);
    expect(await rowsOf(made.database)).toEqual([{ name: 'a', total: 10, changes: 4, note: null }]);
  });

  test('LG-13 a rebuild that was cut off is finished by the next projector', async () => {
    const made = await fixture();
    await projected(made, 1, 2, 3, 4);
    await interrupted(made, 2);

    await made.project();

    await eventually(() => generations(made.database)).toEqual([['totals__v1_2', 'active', 4]]);
    expect(await rowsOf(made.database)).toEqual([{ name: 'a', total: 10, changes: 4, note: null }]);
  });

  test('LG-13 a rebuild that meets an event that can not be folded leaves what is shown', async () => {
    const made = await fixture();
    await projected(made, 1, 2);
    const broken = { ...totals, project: () => JSON.parse('unfinished') as never };

    await expect(rebuild({ ...optionsOf(made), projection: broken })).rejects.toThrow(FoldDefect);

    expect(await rowsOf(made.database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  });

  test('LG-13 a table that knows more than a restored log is halted, and a rebuild cures it', async () => {
    const made = await fixture();
    await projected(made, 1, 2, 3);
    made.log.cutOff(2);

    const projector = await made.project();
    await expect(projector.waitFor(4, patienceMs)).rejects.toThrow(StrangeLog);
    await projector.stop();
    await rebuild(optionsOf(made));

    expect(await rowsOf(made.database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  });
}

function optionsOf({ log, database }: Fixture): RebuildOptions {
  return { log, database, projection: totals, clock };
}

/** A projector has folded these, and is gone. */
async function projected({ log, project }: Fixture, ...steps: readonly number[]): Promise<void> {
  const projector = await project();
  await projector.waitFor(count(log, 'a', ...steps), patienceMs);
  await projector.stop();
}

/** A rebuild has come so far, and was stopped. */
async function interrupted(made: Fixture, after = 1): Promise<void> {
  const stop = new AbortController();
  await rebuild({
    ...optionsOf(made),
    batchSize: 1,
    signal: stop.signal,
    onProgress: (position) => {
      if (position === after) stop.abort();
    },
  });
}
