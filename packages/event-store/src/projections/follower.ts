import type { EventLog } from '../engine/event-log.ts';
import type { Stretch } from './advance.ts';
import type { FoldTarget } from './fold.ts';

/** A generation that a projector moves along the log, and what it remembers of it. */
export interface Follower extends FoldTarget {
  position: number;
  status: 'active' | 'building';
  /** Go no further than this in one step: the event behind it is known, or suspected, not to fold. */
  ceiling: number | undefined;
  /** Why it stands still, if it does. */
  defect: Error | undefined;
}

/**
 * Followers that move together, because they stand at the same position; those in search of a defect go
 * alone. The ones farthest behind come first.
 */
export function groupsOf(followers: readonly Follower[]): Follower[][] {
  const moving = followers.filter(({ defect }) => defect === undefined);
  const together = Map.groupBy(
    moving.filter(({ ceiling }) => ceiling === undefined),
    ({ position }) => position,
  );
  const alone = moving.filter(({ ceiling }) => ceiling !== undefined).map((follower) => [follower]);
  return [...together.values(), ...alone].toSorted(
    (left, right) => positionOf(left) - positionOf(right),
  );
}

export function positionOf(followers: readonly Follower[]): number {
  return followers.reduce((least, { position }) => Math.min(least, position), Infinity);
}

/**
 * How far a group may go in one step: not beyond the next group ahead, so that from there they move, and
 * read the log, as one.
 */
export function ceilingOf(group: readonly Follower[], all: readonly Follower[]): number {
  const from = positionOf(group);
  const ahead = all
    .filter(({ defect, position }) => defect === undefined && position > from)
    .map(({ position }) => position);
  const own = group.flatMap(({ ceiling }) => ceiling ?? []);
  return Math.min(...ahead, ...own);
}

/** The next stretch of the log for a group; `to` equals `from` when there is nothing beyond. */
export async function nextStretch(
  log: Pick<EventLog, 'readAll'>,
  group: readonly FoldTarget[],
  from: number,
  ceiling: number,
  limit: number,
): Promise<Stretch & { readonly more: boolean }> {
  const types = [...new Set(group.flatMap(({ projection }) => projection.types))];
  const page = await log.readAll({ after: from, limit, types });
  return page.scannedTo <= ceiling
    ? { from, to: page.scannedTo, events: page.events, more: page.more }
    : {
        from,
        to: ceiling,
        events: page.events.filter(({ position }) => position <= ceiling),
        more: true,
      };
}
