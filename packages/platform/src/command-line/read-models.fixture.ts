import { sql, type Kysely } from 'kysely';
import { openReadModelDatabase } from '../stores.ts';
import type { Place } from './stores.fixture.ts';

/** Runs work on the database of the read models, past everything that guards it. */
export async function inReadModels<Result>(
  { config }: Place,
  work: (kysely: Kysely<unknown>) => Promise<Result>,
): Promise<Result> {
  const { kysely, close } = await openReadModelDatabase(config);
  try {
    return await work(kysely as unknown as Kysely<unknown>);
  } finally {
    await close();
  }
}

/** Changes the table behind a read model, as no path of the program does. */
export async function tamper(
  place: Place,
  readModel: string,
  change: (table: string) => string,
): Promise<void> {
  await inReadModels(place, async (kysely) => {
    const { rows } = await sql<{ table_name: string }>`select table_name from projections
      where name = ${readModel} and status = 'active'`.execute(kysely);
    await sql.raw(change(rows[0]?.table_name ?? '')).execute(kysely);
  });
}
