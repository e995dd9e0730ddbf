import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { openEventStore, type EventStore } from '../engine/event-store.ts';
import { eventType } from '../kernel/event.ts';
import * as field from '../kernel/fields.ts';
import { streamId } from '../kernel/identifiers.ts';
import { instantFromMilliseconds, type Clock } from '../kernel/instant.ts';
import type { Projection, Row } from '../kernel/projection.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { checkConsistency } from './consistency.ts';
import { FoldDefect } from './fold.ts';
import { createProjector, type Projector } from './projector.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { rebuild } from './rebuild.ts';
import { ProjectionMisfit } from './shape.ts';

/** The suite that the read models pass on every engine, each on the real one. */
export function describeReadModels(name: string, open: () => Promise<ReadModelDatabase>): void {
  describe(`${name} keeps read models`, () => {
    const ends: (() => Promise<void>)[] = [];

    afterEach(async () => {
      for (const end of ends.splice(0).toReversed()) await end();
    });

    const fixture = async (): Promise<Fixture> => {
      const store = await openEventStore({
        storage: openMemoryStorage(),
        eventTypes: [Counted, Ignored],
        clock,
        randomBytes,
      });
      const database = await open();
      ends.push(database.close, store.close);
      return {
        store,
        database,
        project: async (projection = totals, options = {}) => {
          const projector = createProjector({
            log: store,
            database,
            projections: [projection],
            clock,
            ...options,
          });
          await projector.start();
          ends.push(projector.stop);
          return projector;
        },
      };
    };

    following(fixture);
    rebuilding(fixture);
    checking(fixture);
  });
}

interface Fixture {
  readonly store: EventStore;
  readonly database: ReadModelDatabase;
  project(
    projection?: Projection,
    options?: { readonly batchSize?: number; readonly onFailure?: (failure: unknown) => void },
  ): Promise<Projector>;
}

function following(fixture: () => Promise<Fixture>): void {
  test('LG-10 rows are there as soon as their position is waited for', async () => {
    const { store, database, project } = await fixture();
    const projector = await project();

    const position = await count(store, 'a', 1, 2, 3);

    expect(await projector.waitFor(position, patienceMs)).toBe(true);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
  });

  test.each([1, 2, 7, 1_000])(
    'LG-10 batches of %d events give the same rows',
    async (batchSize) => {
      const { store, database, project } = await fixture();
      for (let round = 0; round < 5; round += 1) {
        await count(store, 'a', 1, 2, round);
        await ignore(store);
        await count(store, 'b', round, -round, 5);
      }
      const position = await count(store, 'removed', 1, -1);

      const projector = await project(totals, { batchSize });
      await projector.waitFor(position, patienceMs);

      expect(await rowsOf(database)).toEqual([
        { name: 'a', total: 25, changes: 15, note: null },
        { name: 'b', total: 25, changes: 15, note: null },
      ]);
    },
  );

  test('LG-10 the position moves over events that no read model folds', async () => {
    const { store, project } = await fixture();
    const projector = await project();

    const position = await ignore(store);

    expect(await projector.waitFor(position, patienceMs)).toBe(true);
  });

  test('OP-11 two projectors on one database count every event once', async () => {
    const { store, database, project } = await fixture();
    const [one, two] = [
      await project(totals, { batchSize: 3 }),
      await project(totals, { batchSize: 5 }),
    ];

    let position = 0;
    for (let round = 0; round < 40; round += 1) position = await count(store, 'a', 1, 1, 1);
    const reached = await Promise.all([one, two].map((each) => each.waitFor(position, patienceMs)));

    expect(reached).toEqual([true, true]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 120, changes: 120, note: null }]);
  });

  test('OP-11 a projector that was stopped goes on where it was', async () => {
    const { store, database, project } = await fixture();
    const first = await project();
    await first.waitFor(await count(store, 'a', 1), patienceMs);
    await first.stop();
    const position = await count(store, 'a', 2);

    const second = await project();
    await second.waitFor(position, patienceMs);

    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  });

  test('LG-10 an event that can not be folded stops its read model, and says which it was', async () => {
    const { store, database, project } = await fixture();
    const failures: unknown[] = [];
    const projector = await project(totals, { onFailure: (failure) => failures.push(failure) });
    const good = await count(store, 'a', 1);
    const bad = await count(store, 'unlucky', 13);
    await count(store, 'a', 1);

    await expect(projector.waitFor(bad, patienceMs)).rejects.toThrow(FoldDefect);

    expect(projector.position()).toBe(good);
    expect(failures[0]).toMatchObject({ position: bad, projection: 'totals' });
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 1, changes: 1, note: null }]);
  });

  test('LG-10 decimals, dates, instants, JSON and nulls come back as they were', async () => {
    const { store, database, project } = await fixture();
    const projector = await project(kinds);

    await projector.waitFor(await count(store, 'a', 1), patienceMs);

    expect(await rowsOf(database, 'kinds')).toEqual([
      {
        name: 'a',
        amount: '-12345678901234567890.12345678',
        none: null,
        day: '2026-05-20',
        moment: '2026-05-20T10:11:12.123456Z',
        document: '{"a":[1,"zwei"]}',
        big: 9_007_199_254_740_991,
      },
    ]);
  });
}

function rebuilding(fixture: () => Promise<Fixture>): void {
  test('LG-13 a rebuild takes the place of the old table while events flow in', async () => {
    const { store, database, project } = await fixture();
    const projector = await project();
    await projector.waitFor(await count(store, 'a', 1, 2), patienceMs);
    await sql`update totals__v1_1 set total = 99`.execute(database.kysely);

    const [rebuilt, position] = await Promise.all([
      rebuild({ log: store, database, projection: totals, clock, batchSize: 1 }),
      count(store, 'a', 3),
    ]);
    await projector.waitFor(position, patienceMs);

    expect(rebuilt).toBe(true);
    await expect
      .poll(() => rowsOf(database))
      .toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
  });

  test('LG-13 a rebuild that was stopped goes on from there', async () => {
    const { store, database, project } = await fixture();
    const projector = await project();
    await projector.waitFor(await count(store, 'a', 1, 2, 3, 4), patienceMs);
    await projector.stop();
    const stop = new AbortController();
    const reached: number[] = [];
    const onProgress = (position: number): void => {
      reached.push(position);
      if (reached.length === 2) stop.abort();
    };

    const options = { log: store, database, projection: totals, clock, batchSize: 1, onProgress };
    const first = await rebuild({ ...options, signal: stop.signal });
    const second = await rebuild(options);

    expect([first, second]).toEqual([false, true]);
    expect(reached).toEqual([1, 2, 3, 4]);
    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 10, changes: 4, note: null }]);
  });

  test('OP-10 a new version is built beside the old, which is shown until then', async () => {
    const { store, database, project } = await fixture();
    const old = await project();
    const position = await count(store, 'a', 1, 2);
    await old.waitFor(position, patienceMs);
    await old.stop();

    const projector = await project(annotatedTotals);
    expect(await projector.waitFor(position, patienceMs)).toBe(true);

    expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: 'v2' }]);
    await expect.poll(() => tablesOf(database)).toEqual(['totals__v2_2']);
  });

  test('OP-10 other columns under the same version are refused at start', async () => {
    const { database, store, project } = await fixture();
    await (await project()).stop();
    const changed = {
      ...annotatedTotals,
      version: 1,
      columns: { ...totals.columns, more: 'text' },
    } as const;

    const projector = createProjector({ log: store, database, projections: [changed], clock });

    await expect(projector.start()).rejects.toThrow(ProjectionMisfit);
  });
}

function checking(fixture: () => Promise<Fixture>): void {
  const projected = async (): Promise<Fixture> => {
    const made = await fixture();
    const projector = await made.project();
    await count(made.store, 'a', 1, 2);
    await projector.waitFor(await count(made.store, 'b', 3), patienceMs);
    return made;
  };

  test('LG-13 a read model that equals the log is said to, with the rows compared', async () => {
    const { store, database } = await projected();

    const result = await checkConsistency({ log: store, database, projection: totals });

    expect(result).toEqual({ equal: true, rows: 2, position: 3 });
  });

  test.each([
    [
      'an altered cell',
      sql`update totals__v1_1 set total = 4 where name = 'b'`,
      { key: ['b'], column: 'total', expected: 3, actual: 4 },
    ],
    [
      'a missing row',
      sql`delete from totals__v1_1 where name = 'a'`,
      { key: ['a'], column: undefined, expected: { total: 3 }, actual: undefined },
    ],
    [
      'a surplus row',
      sql`insert into totals__v1_1 values ('aa', 7, 1, null)`,
      { key: ['aa'], column: undefined, expected: undefined, actual: { total: 7 } },
    ],
  ])('LG-13 %s is found and named', async (_, damage, difference) => {
    const { store, database } = await projected();
    await damage.execute(database.kysely);

    const result = await checkConsistency({ log: store, database, projection: totals });

    expect(result).toMatchObject({ equal: false, difference });
  });
}

const patienceMs = 20_000;

let milliseconds = 1_780_000_000_000;
const clock: Clock = () => {
  milliseconds += 1;
  return instantFromMilliseconds(milliseconds);
};

const Counted = eventType('Counted', { name: field.text(), by: field.integer() });
const Ignored = eventType('Ignored', { why: field.text() });

async function count(
  store: EventStore,
  name: string,
  ...steps: readonly number[]
): Promise<number> {
  const events = steps.map((by) => ({ type: 'Counted', data: { name, by } }));
  return append(store, events);
}

function ignore(store: EventStore): Promise<number> {
  return append(store, [{ type: 'Ignored', data: { why: '' } }]);
}

async function append(
  store: EventStore,
  events: readonly { readonly type: string; readonly data: unknown }[],
): Promise<number> {
  const result = await store.append({
    appends: [{ stream: streamId('counts'), expected: 'any', events }],
    cause: { userId: 'test' },
  });
  if (result.kind !== 'appended') throw new Error(result.kind);
  return result.position;
}

interface CountedEvent {
  readonly type: 'Counted';
  readonly data: { readonly name: string; readonly by: number };
}

function totalled(row: Row | undefined, { name, by }: CountedEvent['data']): Row | undefined {
  if (by === 13) throw new Error('thirteen brings bad luck');
  const total = Number(row?.['total'] ?? 0) + by;
  const changes = Number(row?.['changes'] ?? 0) + 1;
  return name === 'removed' && total === 0 ? undefined : { name, total, changes, note: null };
}

const totals: Projection<CountedEvent> = {
  name: 'totals',
  version: 1,
  columns: { name: 'text', total: 'integer', changes: 'integer', note: 'text' },
  key: ['name'],
  indexes: [['total']],
  types: ['Counted'],
  project: ({ data }) => [{ key: [data.name], update: (row) => totalled(row, data) }],
};

const annotatedTotals: Projection<CountedEvent> = {
  ...totals,
  version: 2,
  project: ({ data }) => [
    {
      key: [data.name],
      update: (row) => {
        const folded = totalled(row, data);
        return folded && { ...folded, note: 'v2' };
      },
    },
  ],
};

const kinds: Projection<CountedEvent> = {
  name: 'kinds',
  version: 1,
  columns: {
    name: 'text',
    amount: 'decimal',
    none: 'decimal',
    day: 'date',
    moment: 'instant',
    document: 'json',
    big: 'integer',
  },
  key: ['name'],
  indexes: [],
  types: ['Counted'],
  project: ({ data }) => [
    {
      key: [data.name],
      row: {
        name: data.name,
        amount: '-12345678901234567890.12345678',
        none: null,
        day: '2026-05-20',
        moment: '2026-05-20T10:11:12.123456Z',
        document: '{"a":[1,"zwei"]}',
        big: 9_007_199_254_740_991,
      },
    },
  ],
};

async function rowsOf(database: ReadModelDatabase, view = 'totals'): Promise<readonly object[]> {
  const { rows } = await sql`select * from ${sql.table(view)} order by 1`.execute(database.kysely);
  return rows.map((row) => ({ ...(row as object) }));
}

async function tablesOf(database: ReadModelDatabase): Promise<readonly string[]> {
  const rows = await database.kysely.selectFrom('projections').select('table_name').execute();
  return rows.map(({ table_name: tableName }) => tableName);
}
