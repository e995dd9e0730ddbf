import type { EventLog } from '../engine/event-log.ts';
import type { Clock } from '../kernel/instant.ts';
import type { Projection } from '../kernel/projection.ts';
import { advance } from './advance.ts';
import { blame, ceilingOf, groupsOf, nextStretch, positionOf, type Follower } from './follower.ts';
import {
  dropRetired,
  generationsOf,
  promote,
  recordFailure,
  type Generation,
} from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';
import type { TableShape } from './shape.ts';

/** A table reflects positions that the log does not have. */
export class StrangeLog extends Error {
  override readonly name = 'StrangeLog';
}

/** The generations that a projector moves along the log, as far as it knows. */
export interface Following {
  /** Takes up what other processes began, moved or replaced. */
  refresh(): Promise<void>;
  /**
   * Moves each group by one stretch of the log, so that tables being rebuilt never keep the ones being
   * shown waiting. Answers whether anything moved: if not, all have reached the end of the log.
   */
  round(): Promise<boolean>;
  /** Halts what reflects more than the log holds: it was made from another log. */
  requireOwnLog(): Promise<void>;
  /** What every table being shown reflects. */
  position(): number;
  /** Why the position won't move, if that is so. */
  defect(): Error | undefined;
}

export interface FollowingOptions {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly database: ReadModelDatabase;
  readonly registered: ReadonlyMap<string, Registered>;
  readonly clock: Clock;
  readonly batchSize: number;
  /** Called after each change of a position or of what is shown. */
  readonly onProgress: () => void;
  readonly onDefect: (defect: Error) => void;
}

export interface Registered {
  readonly projection: Projection;
  readonly shape: TableShape;
}

// A query that runs long keeps a view from being switched; how soon to try again.
const promoteAgainAfterMs = 10_000;

export function createFollowing(options: FollowingOptions): Following {
  const { log, database, registered, clock, batchSize, onProgress } = options;
  const names = [...registered.keys()];
  let followers: readonly Follower[] = [];
  /** Tables being shown that only another version of this program could move. */
  let foreign: readonly Generation[] = [];

  const shown = (): readonly Follower[] => followers.filter(({ status }) => status === 'active');

  const refresh = async (): Promise<void> => {
    const generations = await generationsOf(database.kysely, names);
    followers = generations.flatMap((generation) => {
      const known = registered.get(generation.name);
      return (known && followerOf(generation, known, followers)) ?? [];
    });
    foreign = generations.filter(
      ({ status, name, version }) =>
        status === 'active' && version !== registered.get(name)?.shape.version,
    );
    onProgress();
  };

  /** One step of followers that stand together. Answers whether there may be more to do at once. */
  const step = async (group: readonly Follower[]): Promise<boolean> => {
    const from = positionOf(group);
    const stretch = await nextStretch(log, group, from, ceilingOf(group, followers), batchSize);
    if (stretch.to > from) {
      try {
        if (!(await advance(database, group, stretch, clock))) {
          await refresh();
          return true;
        }
      } catch (error) {
        const guilty = blame(group, stretch, error);
        if (guilty === undefined) throw error;
        if (guilty.defect !== undefined) await halt(guilty, guilty.defect);
        return true;
      }
      for (const follower of group) follower.position = stretch.to;
      onProgress();
    }
    for (const follower of group) {
      if (hasCaughtUp(follower, shown(), !stretch.more)) await succeed(follower);
    }
    return stretch.to > from;
  };

  const halt = async ({ tableName }: Follower, defect: Error): Promise<void> => {
    options.onDefect(defect);
    onProgress();
    await recordFailure(database, tableName, defect.message, clock);
  };

  /** Lets a table that has caught up take the place of the one shown. */
  const succeed = async (follower: Follower): Promise<void> => {
    const outcome = await promote(database, log, follower, clock);
    if (outcome === 'busy') follower.promotableFromMs = performance.now() + promoteAgainAfterMs;
    if (outcome === 'promoted') await dropRetired(database, names);
    if (outcome === 'promoted' || outcome === 'gone') await refresh();
  };

  return {
    refresh,
    requireOwnLog: async () => {
      const head = (await log.head()).position;
      for (const follower of followers.filter(({ position }) => position > head)) {
        follower.defect = strangeLog(follower, head);
        await halt(follower, follower.defect);
      }
    },
    round: async () => {
      let moved = false;
      for (const group of groupsOf(followers)) {
        moved = (await step(group)) || moved;
        // Else, on a log that grows as fast as it is read, a table being built would never catch up.
        if (group.every(({ status }) => status === 'building')) await step(group);
      }
      return moved;
    },
    position: () => {
      const least = Math.min(positionOf(shown()), positionOf(foreign));
      return Number.isFinite(least) ? least : 0;
    },
    defect: () => shown().find(({ defect }) => defect !== undefined)?.defect,
  };
}

export function strangeLog(
  { shape, position }: Pick<Follower, 'shape' | 'position'>,
  head: number,
): StrangeLog {
  return new StrangeLog(
    `Projection "${shape.name}" reflects position ${position}, but the log ends at ${head}: the table was ` +
      'made from another log, or from this one before it was restored. Rebuild it.',
  );
}

function followerOf(
  generation: Generation,
  known: Registered,
  before: readonly Follower[],
): Follower | undefined {
  const { table_name: tableName, status, position } = generation;
  if (status === 'retired' || generation.version !== known.shape.version) return undefined;
  const own = before.find((follower) => follower.tableName === tableName);
  if (own !== undefined) return Object.assign(own, { status, position });
  return {
    ...known,
    tableName,
    position,
    status,
    ceiling: undefined,
    defect: undefined,
    promotableFromMs: 0,
  };
}

/**
 * Whether it is worth asking for a table to be shown: it stands where the one shown stands or, when that
 * is not moved from here, at the end of the log.
 */
function hasCaughtUp(
  { status, shape, position, promotableFromMs }: Follower,
  shown: readonly Follower[],
  atEnd: boolean,
): boolean {
  if (status !== 'building' || performance.now() < promotableFromMs) return false;
  const current = shown.find((follower) => follower.shape.name === shape.name);
  return current === undefined ? atEnd : position >= current.position;
}
