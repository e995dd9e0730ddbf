import type { EventLog } from '../engine/event-log.ts';
import { RefusedStretch, type Stretch } from './advance.ts';
import { FoldDefect, type FoldTarget } from './fold.ts';

/** A generation that a projector moves along the log, and what it remembers of it. */
export interface Follower extends FoldTarget {
  position: number;
  status: 'active' | 'building';
  /** Behind this position stands an event that is known, or suspected, not to fold. */
  ceiling: number | undefined;
  /** Why it stands still, if it does. */
  defect: Error | undefined;
  /** Leave the view alone until then (milliseconds as performance.now() counts): a query was in the way. */
  promotableFromMs: number;
}

/**
 * Followers that move together, because they stand at the same position; those in search of a defect go
 * alone.
 */
export function groupsOf(followers: readonly Follower[]): readonly (readonly Follower[])[] {
  const moving = followers.filter(({ defect }) => defect === undefined);
  const together = Map.groupBy(
    moving.filter((follower) => !isSearching(follower)),
    ({ position }) => position,
  );
  return [...together.values(), ...moving.filter(isSearching).map((follower) => [follower])];
}

function isSearching({ ceiling, position }: Follower): boolean {
  return ceiling !== undefined && ceiling > position;
}

/** The least position; Infinity when there are none. */
export function positionOf(followers: readonly { readonly position: number }[]): number {
  return followers.reduce((least, { position }) => Math.min(least, position), Infinity);
}

/**
 * How far a group may go in one step: not beyond its own suspect, and not beyond the next group ahead, so
 * that from there they move, and read the log, as one. Always greater than its position.
 */
export function ceilingOf(group: readonly Follower[], all: readonly Follower[]): number {
  const from = positionOf(group);
  const ahead = all.filter(({ defect }) => defect === undefined).map(({ position }) => position);
  const own = group.flatMap(({ ceiling }) => ceiling ?? []);
  return Math.min(...[...ahead, ...own].filter((position) => position > from));
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

/**
 * Blames the follower that a stretch failed on. What comes before the event at fault can still be folded,
 * so a ceiling is set there first; with nothing before it the follower gets its defect. The database does
 * not say which row it refused: then the stretch is halved until one event is left. Answers undefined when
 * the error is nobody's fault here.
 */
export function blame(
  group: readonly Follower[],
  stretch: Stretch,
  error: unknown,
): Follower | undefined {
  if (!(error instanceof FoldDefect || error instanceof RefusedStretch)) return undefined;
  const guilty = group.find(({ tableName }) => tableName === error.tableName);
  if (guilty === undefined) return undefined;
  if (error instanceof FoldDefect) return sentence(guilty, stretch, error);
  const types = new Set<string>(guilty.projection.types);
  const suspects = stretch.events.filter(({ type }) => types.has(type));
  const [first, middle] = [suspects[0], suspects[Math.floor(suspects.length / 2) - 1]];
  if (middle !== undefined) guilty.ceiling = middle.position;
  else if (first !== undefined) sentence(guilty, stretch, new FoldDefect(guilty, first, error));
  return first && guilty;
}

function sentence(guilty: Follower, stretch: Stretch, defect: FoldDefect): Follower {
  const last = defect.position - 1;
  if (last > stretch.from) guilty.ceiling = last;
  else guilty.defect = defect;
  return guilty;
}
