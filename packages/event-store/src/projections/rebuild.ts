import type { EventLog } from '../engine/event-log.ts';
import type { Clock } from '../kernel/instant.ts';
import type { Projection } from '../kernel/projection.ts';
import { advance } from './advance.ts';
import { nextStretch } from './follower.ts';
import { beginRebuild, dropRetired, generationsOf, promote } from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { shapeOf } from './shape.ts';

export interface RebuildOptions {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly database: ReadModelDatabase;
  readonly projection: Projection;
  readonly clock: Clock;
  readonly batchSize?: number | undefined;
  /** Called after each batch with the position reached and the head of the log. */
  readonly onProgress?: ((position: number, head: number) => void) | undefined;
  /** Stops after the batch at hand; a later rebuild goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds a read model anew beside the one being shown, then lets it take its place; queries never see less
 * than before. Works while a projector runs, which then helps. False when it was stopped. Rejects with a
 * FoldDefect when an event can't be folded; the read model shown until then stays.
 */
export async function rebuild(options: RebuildOptions): Promise<boolean> {
  const { log, database, projection, clock, batchSize = 2_000, onProgress, signal } = options;
  const shape = shapeOf(projection);
  const { table_name: tableName } = await beginRebuild(database, shape, clock);
  const target = { projection, shape, tableName };
  for (;;) {
    if (signal?.aborted === true) return false;
    const known = await generationsOf(database.kysely, [projection.name]);
    const own = known.find(({ table_name: name }) => name === tableName);
    // A projector that runs beside may have finished, and shown, what was begun here.
    if (own === undefined || own.status !== 'building') break;
    const from = own.position;
    const stretch = await nextStretch(log, [target], from, Number.POSITIVE_INFINITY, batchSize);
    if (stretch.to > from) {
      await advance(database, [target], stretch, clock);
      onProgress?.(stretch.to, (await log.head()).position);
    }
    if (stretch.more) continue;
    const outcome = await promote(database, { tableName, shape }, clock);
    if (outcome === 'promoted' || outcome === 'gone') break;
  }
  await dropRetired(database, [projection.name]);
  return true;
}
