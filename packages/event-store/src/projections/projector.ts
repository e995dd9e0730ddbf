import type { EventLog } from '../engine/event-log.ts';
import type { Clock } from '../kernel/instant.ts';
import type { Projection } from '../kernel/projection.ts';
import { advance, RefusedStretch, type Stretch } from './advance.ts';
import { doorbell } from './doorbell.ts';
import { FoldDefect } from './fold.ts';
import { ceilingOf, groupsOf, nextStretch, positionOf, type Follower } from './follower.ts';
import {
  dropRetired,
  establish,
  generationsOf,
  promote,
  recordFailure,
  type Generation,
} from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { shapeOf, type TableShape } from './shape.ts';
import { waiters } from './waiters.ts';

/** Keeps read models up to date with the log. */
export interface Projector {
  /**
   * Makes the tables that are missing, then follows the log until `stop`. Resolves once it has begun;
   * rejects with a ProjectionMisfit when a table is laid out otherwise than its projection says.
   */
  start(): Promise<void>;
  /** Finishes the batch at hand and stops. */
  stop(): Promise<void>;
  /** The position that every read model being shown reflects; 0 before `start`. */
  position(): number;
  /**
   * Resolves true once every read model being shown reflects the position, false when the time is up.
   * Rejects with the defect of one that stands still before it.
   */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

export interface ProjectorOptions {
  readonly log: Pick<EventLog, 'readAll' | 'watch'>;
  readonly database: ReadModelDatabase;
  readonly projections: readonly Projection[];
  readonly clock: Clock;
  /** Most events in one transaction. */
  readonly batchSize?: number | undefined;
  /** Called after each batch. */
  readonly onProgress?: (() => void) | undefined;
  /** Called when a projection stands still, or the database could not be used for a while. */
  readonly onFailure?: ((failure: unknown) => void) | undefined;
}

/**
 * Follows the log for all projections at once. Those at one position move together, in one transaction
 * with their positions; one that is rebuilt runs behind the others until it has caught up, and then takes
 * its place. An event that can't be folded stops its own projection, with the position and the event named,
 * and no other. Outages of the database are waited out.
 */
export function createProjector(options: ProjectorOptions): Projector {
  const { log, database, clock, batchSize = 2_000 } = options;
  const shapes = new Map(
    options.projections.map((projection) => [
      projection.name,
      { projection, shape: shapeOf(projection) },
    ]),
  );
  const bell = doorbell();
  const waiting = waiters();
  let followers: readonly Follower[] = [];
  let stopping = false;
  let running: Promise<void> | undefined;
  let unwatch: (() => void) | undefined;

  const shown = (): readonly Follower[] => followers.filter(({ status }) => status === 'active');
  const position = (): number => (shown().length < shapes.size ? 0 : positionOf(shown()));

  /** Takes up what others began, moved or replaced meanwhile. */
  const refresh = async (): Promise<void> => {
    const generations = await generationsOf(database.kysely, [...shapes.keys()]);
    followers = generations.flatMap(
      (generation) => followerOf(generation, followers, shapes) ?? [],
    );
    waiting.look();
  };

  /** One step of one group. Answers whether there may be more to do at once. */
  const step = async (group: readonly Follower[]): Promise<boolean> => {
    const from = positionOf(group);
    const ceiling = ceilingOf(group, followers);
    const stretch = await nextStretch(log, group, from, ceiling, batchSize);
    if (stretch.to === from) return stretch.more && passDefect(group, from);
    try {
      if (!(await advance(database, group, stretch, clock))) {
        await refresh();
        return true;
      }
    } catch (error) {
      return takeBlame(group, stretch, error);
    }
    for (const follower of group) {
      follower.position = stretch.to;
      // Past what was suspected: it was an earlier event of a refused stretch, or none at all.
      if (follower.ceiling !== undefined && follower.position >= follower.ceiling) {
        follower.ceiling = undefined;
      }
    }
    options.onProgress?.();
    waiting.look();
    return true;
  };

  const passDefect = (group: readonly Follower[], at: number): boolean => {
    for (const follower of group) if (follower.ceiling === at) follower.ceiling = undefined;
    return true;
  };

  /** Narrows down which event a projection can't fold; false when the error is of another kind. */
  const takeBlame = async (
    group: readonly Follower[],
    stretch: Stretch,
    error: unknown,
  ): Promise<boolean> => {
    if (error instanceof FoldDefect) {
      const guilty = group.find(({ tableName }) => tableName === error.tableName);
      if (guilty === undefined) throw error;
      if (error.position - 1 > stretch.from) guilty.ceiling = error.position - 1;
      else await standStill(guilty, error);
      return true;
    }
    if (error instanceof RefusedStretch) {
      const guilty = group.find(({ tableName }) => tableName === error.tableName);
      if (guilty === undefined) throw error;
      const relevant = stretch.events.filter(({ type }) =>
        (guilty.projection.types as readonly string[]).includes(type),
      );
      const last = relevant.at(-1);
      if (relevant.length > 1) {
        guilty.ceiling = relevant[Math.ceil(relevant.length / 2) - 1]?.position;
        return true;
      }
      if (last !== undefined) await standStill(guilty, new FoldDefect(guilty, last, error));
      return true;
    }
    throw error;
  };

  const standStill = async (follower: Follower, defect: FoldDefect): Promise<void> => {
    follower.defect = defect;
    options.onFailure?.(defect);
    await recordFailure(database, follower.tableName, defect.message, clock);
    waiting.look();
  };

  /** Lets generations that have caught up take their place. */
  const settle = async (): Promise<void> => {
    for (const follower of followers) {
      if (follower.status === 'building' && follower.defect === undefined) {
        const { shape } = follower;
        await promote(database, { tableName: follower.tableName, shape }, clock);
      }
    }
    await dropRetired(database, [...shapes.keys()]);
    await refresh();
    options.onProgress?.();
  };

  const catchUp = async (): Promise<void> => {
    let more = true;
    while (more && !stopping) {
      more = false;
      const [group] = groupsOf(followers);
      if (group !== undefined) more = await step(group);
      if (!more && group !== undefined) {
        // The group farthest behind has caught up with the head; the others may not have yet.
        for (const other of groupsOf(followers).slice(1)) {
          if (stopping) return;
          more = (await step(other)) || more;
        }
      }
    }
  };

  const run = async (): Promise<void> => {
    let pauseMs = pauseMinMs;
    while (!stopping) {
      try {
        await catchUp();
        if (followers.some(({ status }) => status === 'building') && !stopping) await settle();
        pauseMs = pauseMinMs;
        if (!stopping) await bell.rung(refreshEveryMs);
        await refresh();
      } catch (failure) {
        options.onFailure?.(failure);
        if (!stopping) await bell.rung(pauseMs);
        pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
      }
    }
  };

  return {
    start: async () => {
      for (const { shape } of shapes.values()) await establish(database, shape, clock);
      await refresh();
      unwatch = log.watch(bell.ring);
      running = run();
    },
    stop: async () => {
      stopping = true;
      bell.ring();
      unwatch?.();
      await running;
      waiting.dismiss();
    },
    position,
    waitFor: (wanted, timeoutMs) =>
      waiting.wait(() => {
        if (position() >= wanted) return true;
        const defect = shown().find((follower) => follower.defect !== undefined)?.defect;
        if (defect !== undefined) throw defect;
        return false;
      }, timeoutMs),
  };
}

const pauseMinMs = 100;
const pauseMaxMs = 5_000;

// How soon a rebuild that another process has begun is noticed when the log is quiet.
const refreshEveryMs = 1_000;

function followerOf(
  generation: Generation,
  before: readonly Follower[],
  shapes: ReadonlyMap<string, { readonly projection: Projection; readonly shape: TableShape }>,
): Follower | undefined {
  const known = shapes.get(generation.name);
  const { status } = generation;
  if (known === undefined || status === 'retired') return undefined;
  const own = before.find(({ tableName }) => tableName === generation.table_name);
  if (own !== undefined) {
    own.status = status;
    own.position = generation.position;
    return own;
  }
  // A table of another version may still be shown, but only its own program could fold into it.
  if (generation.version !== known.shape.version) return undefined;
  return {
    ...known,
    tableName: generation.table_name,
    position: generation.position,
    status,
    ceiling: undefined,
    defect: undefined,
  };
}
