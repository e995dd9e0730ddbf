import { StorageFailure } from '@counterfoil/event-store';
import type { ReadModelDatabase } from '@counterfoil/event-store/projections';
import { sql } from 'kysely';
import type { Config } from '../config.ts';
import { openReadModelDatabase, openStorage } from '../stores.ts';
import { CommandFailure } from './failure.ts';

// In PostgreSQL a log is restored where it will stay, so until the restore is finished a table says that it
// is not; nothing here works on such a store. (Embedded, a log is restored beside and then put in place.)

const marker = 'counterfoil_log.unfinished_restore';

/** Throws a CommandFailure when the store holds a restore that was interrupted. */
export async function requireFinished(config: Config): Promise<void> {
  if (!(await isUnfinished(config))) return;
  throw new CommandFailure(
    'The store holds a restore that was not finished: start the same "counterfoil restore" again',
  );
}

export async function isUnfinished(config: Config): Promise<boolean> {
  if (config.store.kind !== 'postgres') return false;
  return inDatabase(config, async ({ kysely }) => {
    const query = sql<{ there: boolean }>`select to_regclass(${marker}) is not null as there`;
    const { rows } = await query.execute(kysely);
    return rows[0]?.there === true;
  });
}

/** Marks the store as unfinished while the work goes on, and for ever if it fails. */
export async function whileUnfinished<Result>(
  config: Config,
  work: () => Promise<Result>,
  isFinished: (result: Result) => boolean,
): Promise<Result> {
  await inDatabase(config, ({ kysely }) =>
    sql`create table if not exists ${sql.table(marker)} ()`.execute(kysely),
  );
  const result = await work();
  if (isFinished(result)) {
    await inDatabase(config, ({ kysely }) => sql`drop table ${sql.table(marker)}`.execute(kysely));
  }
  return result;
}

async function inDatabase<Result>(
  config: Config,
  work: (database: ReadModelDatabase) => Promise<Result>,
): Promise<Result> {
  // It gives up when the server is silent, and says why when there is none.
  await (await openStorage(config)).close();
  try {
    const database = await openReadModelDatabase(config);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } catch (cause) {
    throw new StorageFailure("the database can't be used now", { final: false, cause });
  }
}
