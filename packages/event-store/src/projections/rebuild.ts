import { setImmediate, setTimeout } from 'node:timers/promises';
import type { EventLog } from '../engine/event-log.ts';
import type { Clock } from '../kernel/instant.ts';
import type { Projection } from '../kernel/projection.ts';
import { advance } from './advance.ts';
import type { FoldTarget } from './fold.ts';
import { nextStretch } from './follower.ts';
import { beginRebuild, dropRetired, generationsOf, promote } from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { shapeOf } from './shape.ts';

export interface RebuildOptions {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly database: ReadModelDatabase;
  readonly projection: Projection;
  readonly clock: Clock;
  /** Most events in one transaction; 4,000 when not given. */
  readonly batchSize?: number | undefined;
  /** Called after each batch with the position reached and the head of the log. */
  readonly onProgress?: ((position: number, head: number) => void) | undefined;
  /** Stops after the batch at hand; a later rebuild, or the next projector, goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

// How long to leave the view alone when a long query keeps it from being switched, or when the table shown
// has been moved by a process that sees more of the log.
const switchAgainAfterMs = 1_000;

/**
 * Builds a read model anew beside the one being shown, then lets it take its place; queries never see less
 * than before. Works while a projector runs, which then helps. False when it was stopped. Rejects with a
 * FoldDefect when an event can't be folded; the read model shown until then stays. After any rejection a
 * later rebuild goes on where this one was.
 */
export async function rebuild(options: RebuildOptions): Promise<boolean> {
  const { log, database, projection, clock, batchSize = 4_000, onProgress, signal } = options;
  const shape = shapeOf(projection);
  const { table_name: tableName } = await beginRebuild(database, log, shape, clock);
  const target: FoldTarget = { projection, shape, tableName };
  for (;;) {
    if (signal?.aborted === true) return false;
    await setImmediate();
    const from = await buildingPosition(database, target);
    // A projector that runs beside may have finished, and shown, what was begun here.
    if (from === undefined) break;
    const stretch = await nextStretch(log, [target], from, Infinity, batchSize);
    if (stretch.to > from) {
      await advance(database, [target], stretch, clock);
      onProgress?.(stretch.to, (await log.head()).position);
    }
    if (stretch.more) continue;
    const outcome = await promote(database, log, target, clock);
    if (outcome === 'promoted' || outcome === 'gone') break;
    if (outcome === 'busy' || stretch.to === from) await setTimeout(switchAgainAfterMs);
  }
  await dropRetired(database, [projection.name]);
  return true;
}

async function buildingPosition(
  { kysely }: ReadModelDatabase,
  { shape, tableName }: FoldTarget,
): Promise<number | undefined> {
  const known = await generationsOf(kysely, [shape.name]);
  return known.find(({ table_name: name, status }) => name === tableName && status === 'building')
    ?.position;
}
