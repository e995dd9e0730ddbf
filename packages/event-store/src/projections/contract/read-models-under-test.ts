import { sql } from 'kysely';
import { expect } from 'vitest';
import { instantFromMilliseconds, type Clock } from '../../kernel/instant.ts';
import { createProjector, type Projector, type ProjectorOptions } from '../projector.ts';
import type { ReadModelDatabase } from '../read-models.ts';
import { arrayLog, type ArrayLog } from './array-log.ts';
import { totals } from './samples.ts';

/** An empty database under test, which may be opened more than once, as several processes would. */
export interface ReadModelsUnderTest {
  open(): Promise<ReadModelDatabase>;
  destroy(): Promise<void>;
}

/** A database and a log, both empty, and what the tests do with them; all is ended after the test. */
export interface Fixture {
  readonly log: ArrayLog;
  readonly database: ReadModelDatabase;
  /** Opens the same database again. */
  beside(): Promise<ReadModelDatabase>;
  /** Starts a projector, by default of `totals` on the first database. */
  project(options?: Partial<ProjectorOptions>): Promise<Projector>;
}

export type NewFixture = () => Promise<Fixture>;

export async function openFixture(
  underTest: ReadModelsUnderTest,
  atEnd: (end: () => Promise<void>) => void,
): Promise<Fixture> {
  const open = async (): Promise<ReadModelDatabase> => {
    const database = await underTest.open();
    atEnd(database.close);
    return database;
  };
  const log = arrayLog();
  const database = await open();
  return {
    log,
    database,
    beside: open,
    project: async (options = {}) => {
      const projector = createProjector({
        log,
        database,
        projections: [totals],
        clock,
        ...options,
      });
      await projector.start();
      atEnd(projector.stop);
      return projector;
    },
  };
}

/** Far longer than anything takes: a test that waits so long has failed. */
export const patienceMs = 30_000;

export const clock: Clock = () => instantFromMilliseconds(1_780_000_000_000);

/** Counts each step for the name. */
export function count(log: ArrayLog, name: string, ...steps: readonly number[]): number {
  return log.append('Counted', ...steps.map((by) => ({ name, by })));
}

export async function rowsOf(
  { kysely }: Pick<ReadModelDatabase, 'kysely'>,
  view = 'totals',
): Promise<readonly object[]> {
  const { rows } = await sql`select * from ${sql.table(view)} order by 1`.execute(kysely);
  return rows.map((row) => ({ ...(row as object) }));
}

/** Table, status and position of each generation, oldest first. */
export async function generations({
  kysely,
}: ReadModelDatabase): Promise<readonly (readonly [string, string, number])[]> {
  const rows = await kysely
    .selectFrom('projections')
    .select(['table_name', 'status', 'position'])
    .orderBy('name')
    .orderBy('generation')
    .execute();
  return rows.map(({ table_name: table, status, position }) => [table, status, position]);
}

/** Looks again and again until it is as expected. */
export function eventually<T>(look: () => Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: patienceMs, interval: 10 });
}
