import type { Kysely } from 'kysely';
import type { EventLog } from '../engine/event-log.ts';
import { formatInstant, type Clock } from '../kernel/instant.ts';
import { canonicalCell } from './cells.ts';
import type { Connection, Engine, ReadModelDatabase, RowTable } from './read-models.ts';
import type { ProjectionsTable, ReadModelTables } from './registry.ts';
import { ProjectionMisfit, type TableShape } from './shape.ts';
import { createTable, dropTable, pointView, tableNameOf } from './tables.ts';

/**
 * The generations of a projection: which tables there are, how far each has come, and which one the view
 * shows. Begin one, move it, let it take the place of the active one, drop that.
 */
export type Generation = Readonly<ProjectionsTable>;

/** Every generation of these projections, oldest first. */
export async function generationsOf(
  kysely: Kysely<ReadModelTables>,
  names: readonly string[],
): Promise<readonly Generation[]> {
  return names.length === 0
    ? []
    : kysely
        .selectFrom('projections')
        .selectAll()
        .where('name', 'in', names)
        .orderBy('name')
        .orderBy('generation')
        .execute();
}

/**
 * Sees to it that a table of this version exists or is being built. The first of a projection is active at
 * once; one of another version than the active is built beside it, or goes on being built. Rejects with a
 * ProjectionMisfit when a table of this very version is laid out otherwise.
 */
export async function establish(
  database: ReadModelDatabase,
  shape: TableShape,
  clock: Clock,
): Promise<void> {
  await exclusively(database, async (connection) => {
    const known = await generationsOf(connection.kysely, [shape.name]);
    const active = known.find(({ status }) => status === 'active');
    if (active?.version === shape.version) {
      requireSameShape(active, shape);
      return;
    }
    await continueOrBegin(database.engine, connection, shape, known, clock);
  });
}

/**
 * Builds this version anew beside the active table, or goes on where that was left off, unless what was
 * begun reflects more than the log holds.
 */
export async function beginRebuild(
  database: ReadModelDatabase,
  log: Pick<EventLog, 'head'>,
  shape: TableShape,
  clock: Clock,
): Promise<Generation> {
  const head = (await log.head()).position;
  return exclusively(database, async (connection) => {
    await connection.kysely
      .updateTable('projections')
      .set({ status: 'retired', updated_at: nowOf(clock) })
      .where('name', '=', shape.name)
      .where('status', '=', 'building')
      .where('position', '>', head)
      .execute();
    const known = await generationsOf(connection.kysely, [shape.name]);
    return continueOrBegin(database.engine, connection, shape, known, clock);
  });
}

async function continueOrBegin(
  engine: Engine,
  connection: Connection,
  shape: TableShape,
  known: readonly Generation[],
  clock: Clock,
): Promise<Generation> {
  const begun = known.find(
    ({ status, version }) => status === 'building' && version === shape.version,
  );
  if (begun !== undefined) {
    requireSameShape(begun, shape);
    return begun;
  }
  const number = (known.at(-1)?.generation ?? 0) + 1;
  const served = known.some(({ status }) => status === 'active');
  const generation: Generation = {
    name: shape.name,
    generation: number,
    version: shape.version,
    table_name: tableNameOf(shape, number),
    shape: shape.fingerprint,
    position: 0,
    status: served ? 'building' : 'active',
    failure: null,
    updated_at: nowOf(clock),
  };
  const table = { tableName: generation.table_name, shape };
  await createTable(connection, engine, table);
  if (!served) await pointView(connection, engine, table, undefined);
  await connection.kysely.insertInto('projections').values(generation).execute();
  return generation;
}

function requireSameShape(generation: Generation, shape: TableShape): void {
  if (generation.shape === shape.fingerprint) return;
  throw new ProjectionMisfit(
    `Projection "${shape.name}": its columns, key or indexes differ from those that its table was made ` +
      `with. Raise its version above ${shape.version}, and it is built anew beside the old.`,
  );
}

/**
 * Moves generations from one position to another: all of them, or none and false, when another process
 * moved, stopped or replaced one of them. Until the transaction ends nobody else can move them.
 */
export async function moveGenerations(
  { kysely }: Connection,
  engine: Engine,
  move: { readonly tableNames: readonly string[]; readonly from: number; readonly to: number },
  clock: Clock,
): Promise<boolean> {
  const standing = await engine
    .locking(
      kysely
        .selectFrom('projections')
        .select('table_name')
        .where('table_name', 'in', move.tableNames)
        .where('position', '=', move.from)
        .where('status', 'in', ['active', 'building'])
        // Whoever locks several locks them in one order, so that two never wait for each other.
        .orderBy('table_name'),
    )
    .execute();
  if (standing.length < move.tableNames.length) return false;
  await kysely
    .updateTable('projections')
    .set({ position: move.to, failure: null, updated_at: nowOf(clock) })
    .where('table_name', 'in', move.tableNames)
    .execute();
  return true;
}

/** Leaves word of why a generation stands still. */
export async function recordFailure(
  database: ReadModelDatabase,
  tableName: string,
  failure: string,
  clock: Clock,
): Promise<void> {
  await database.transaction(async ({ kysely }) => {
    await kysely
      .updateTable('projections')
      .set({ failure, updated_at: nowOf(clock) })
      .where('table_name', '=', tableName)
      .execute();
  });
}

/**
 * Lets a building generation take the place of the active one, if it has come as far: readers then never
 * see an earlier state than before. An active one that is beyond the end of the log was made from another
 * log, and has no such claim. Every other generation of the projection is retired. `busy` when a long query
 * is in the way.
 */
export async function promote(
  database: ReadModelDatabase,
  log: Pick<EventLog, 'head'>,
  table: RowTable,
  clock: Clock,
): Promise<'promoted' | 'behind' | 'gone' | 'busy'> {
  try {
    return await exclusively(database, async (connection) => {
      const known = await generationsOf(connection.kysely, [table.shape.name]);
      const own = known.find(({ table_name: name }) => name === table.tableName);
      const active = known.find(({ status }) => status === 'active');
      if (own?.status !== 'building') return 'gone';
      if (
        active !== undefined &&
        own.position < active.position &&
        active.position <= (await log.head()).position
      ) {
        return 'behind';
      }
      await pointView(connection, database.engine, table, active?.shape);
      await replaceActive(connection, own, clock);
      return 'promoted';
    });
  } catch (error) {
    if (database.engine.isBusy(error)) return 'busy';
    throw error;
  }
}

async function replaceActive(
  { kysely }: Connection,
  successor: Generation,
  clock: Clock,
): Promise<void> {
  const updated_at = nowOf(clock);
  await kysely
    .updateTable('projections')
    .set({ status: 'retired', updated_at })
    .where('name', '=', successor.name)
    .where('table_name', '!=', successor.table_name)
    .execute();
  await kysely
    .updateTable('projections')
    .set({ status: 'active', updated_at })
    .where('table_name', '=', successor.table_name)
    .execute();
}

/** Drops the tables of retired generations; those that a long query still reads wait for the next call. */
export async function dropRetired(
  database: ReadModelDatabase,
  names: readonly string[],
): Promise<void> {
  const known = await generationsOf(database.kysely, names);
  for (const { status, table_name: tableName } of known) {
    if (status !== 'retired') continue;
    try {
      await database.transaction(async (connection) => {
        await database.engine.limitWaiting(connection.kysely);
        await dropTable(connection, tableName);
        await connection.kysely
          .deleteFrom('projections')
          .where('table_name', '=', tableName)
          .execute();
      });
    } catch (error) {
      if (!database.engine.isBusy(error)) throw error;
    }
  }
}

/** A transaction during which nobody else moves or changes a generation. */
function exclusively<T>(
  database: ReadModelDatabase,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return database.transaction(async (connection) => {
    await database.engine.limitWaiting(connection.kysely);
    await database.engine.lockRegistry(connection.kysely);
    return work(connection);
  });
}

function nowOf(clock: Clock): string {
  return String(canonicalCell('instant', formatInstant(clock())));
}
