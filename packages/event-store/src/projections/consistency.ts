import { setImmediate } from 'node:timers/promises';
import type { EventLog } from '../engine/event-log.ts';
import type { Projection } from '../kernel/projection.ts';
import { firstDifference, lastTouch, type RowDifference, type Touch } from './difference.ts';
import { foldInto, type FoldTarget } from './fold.ts';
import { nextStretch } from './follower.ts';
import { strangeLog } from './following.ts';
import { generationsOf } from './generations.ts';
import type { Connection, ReadModelDatabase } from './read-models.ts';
import { shapeOf, type TableShape } from './shape.ts';
import { createTemporaryTable, dropTable } from './tables.ts';

export interface ConsistencyOptions {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly database: ReadModelDatabase;
  readonly projection: Projection;
  /** Most events folded at once; 4,000 when not given. */
  readonly batchSize?: number | undefined;
  /** Called after each batch with the position folded to and the one to reach. */
  readonly onProgress?: ((position: number, goal: number) => void) | undefined;
  /** Ends the check: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export type Consistency =
  | { readonly equal: true; readonly rows: number; readonly position: number }
  | { readonly equal: false; readonly difference: Difference; readonly position: number };

/** The first row, in order of the key, that is not what the log says. */
export interface Difference extends RowDifference {
  readonly projection: string;
  readonly tableName: string;
  /** The last event, as far as the table goes, that changed the row; undefined when none ever did. */
  readonly lastEvent: Touch | undefined;
}

// How often to run after a table that moves on, before the rest is folded while it is held still.
const approachesMax = 10;

/**
 * Folds the log afresh, up to where the read model being shown stands, and compares the two row by row.
 *
 * The fresh rows go into a temporary table of the same database: memory stays bounded however many rows
 * there are, both sides have passed through the same columns, nothing is left behind by a crash, and it
 * contends with nobody, because temporary tables are outside the write-ahead log of either engine. The
 * projector may run meanwhile: once the fresh fold is close, a transaction holds on to the read model as it
 * is at one position, takes the fresh fold to exactly that position, and compares there.
 *
 * Rejects with a FoldDefect when an event can't be folded, a StrangeLog when the read model is beyond the
 * end of the log, and an Error when this version of the projection is not the one being shown.
 */
export async function checkConsistency(options: ConsistencyOptions): Promise<Consistency> {
  const { database, projection, log, batchSize = 4_000 } = options;
  const shape = shapeOf(projection);
  const fresh: FoldTarget = { projection, shape, tableName: `${shape.name}__check` };
  return database.session(async (session) => {
    await dropTable(session, fresh.tableName);
    await createTemporaryTable(session, database.engine, fresh);
    try {
      let folded = 0;
      for (let approach = 1; approach <= approachesMax; approach += 1) {
        const { position } = await shownTable(session, shape);
        if (approach > 1 && position - folded <= batchSize) break;
        folded = await foldUpTo(options, fresh, { from: folded, goal: position }, (fold) =>
          session.transaction(fold),
        );
      }
      return await session.snapshot(async (snapshot) => {
        const shown = await shownTable(snapshot, shape);
        const { position } = shown;
        await foldUpTo(options, fresh, { from: folded, goal: position }, (fold) => fold(snapshot));
        const found = await firstDifference(snapshot.rows, fresh, shown, options.signal);
        if ('rows' in found) return { equal: true, rows: found.rows, position };
        const lastEvent = await lastTouch(log, fresh, found.key, position, batchSize);
        const where = { projection: shape.name, tableName: shown.tableName };
        return { equal: false, difference: { ...where, ...found, lastEvent }, position };
      });
    } finally {
      await dropTable(session, fresh.tableName);
    }
  });
}

async function shownTable(
  { kysely }: Pick<Connection, 'kysely'>,
  shape: TableShape,
): Promise<{ readonly position: number; readonly tableName: string; readonly shape: TableShape }> {
  const known = await generationsOf(kysely, [shape.name]);
  const active = known.find(({ status }) => status === 'active');
  if (active === undefined || active.version !== shape.version) {
    throw new Error(
      `Projection "${shape.name}": version ${shape.version} is not the one being shown. Start the ` +
        'projector, and check when it has caught up.',
    );
  }
  return { position: active.position, tableName: active.table_name, shape };
}

async function foldUpTo(
  { log, batchSize = 4_000, onProgress, signal }: ConsistencyOptions,
  fresh: FoldTarget,
  { from, goal }: { readonly from: number; readonly goal: number },
  inTransaction: (fold: (connection: Connection) => Promise<void>) => Promise<void>,
): Promise<number> {
  let position = from;
  while (position < goal) {
    await setImmediate();
    signal?.throwIfAborted();
    const stretch = await nextStretch(log, [fresh], position, goal, batchSize);
    if (stretch.to === position) throw strangeLog({ ...fresh, position: goal }, position);
    await inTransaction(({ rows }) => foldInto(fresh, stretch.events, rows));
    position = stretch.to;
    onProgress?.(position, goal);
  }
  return position;
}
