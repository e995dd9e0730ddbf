import { setImmediate } from 'node:timers/promises';
import type { EventLog } from '../engine/event-log.ts';
import type { Clock } from '../kernel/instant.ts';
import type { Projection } from '../kernel/projection.ts';
import { doorbell } from './doorbell.ts';
import { createFollowing, type Registered } from './following.ts';
import { dropRetired, establish } from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { ProjectionMisfit, shapeOf } from './shape.ts';
import { waiters } from './waiters.ts';

/** Keeps read models up to date with the log. */
export interface Projector {
  /**
   * Makes the tables that are missing, then follows the log until `stop`. Resolves once it has begun;
   * rejects with a ProjectionMisfit when a table is laid out otherwise than its projection says. An outage
   * of the database or the log delays it. A projector starts once.
   */
  start(): Promise<void>;
  /** Finishes the batch at hand and stops. */
  stop(): Promise<void>;
  /** The position that every read model being shown reflects; 0 before `start`. */
  position(): number;
  /**
   * Resolves true once every read model being shown reflects the position, false when the time is up or
   * the projector stops. Rejects with the defect of one that stands still before it.
   */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

export interface ProjectorOptions {
  readonly log: Pick<EventLog, 'readAll' | 'head' | 'watch'>;
  readonly database: ReadModelDatabase;
  /** Each of another name. */
  readonly projections: readonly Projection[];
  readonly clock: Clock;
  /** Most events in one transaction; 4,000 when not given. */
  readonly batchSize?: number | undefined;
  /** Called after each change of a position. */
  readonly onProgress?: (() => void) | undefined;
  /**
   * Called with a FoldDefect or a StrangeLog when a projection stands still, and with any other error when
   * the database or the log could not be used: that is tried again, after a pause that doubles up to 5 s.
   */
  readonly onFailure?: ((failure: unknown) => void) | undefined;
}

const pauseMinMs = 100;
const pauseMaxMs = 5_000;

// How soon a rebuild that another process has begun, or finished, is noticed.
const refreshEveryMs = 1_000;

/**
 * Follows the log for all projections at once. Those at one position move together, in one transaction
 * with their positions; one that is rebuilt runs behind the others until it has caught up, and then takes
 * its place. An event that can't be folded stops its own projection, with the position and the event named,
 * and no other. Several projectors may share a database: of two that are about to move a table, one does.
 */
export function createProjector(options: ProjectorOptions): Projector {
  const { log, database, clock, batchSize = 4_000, onFailure = () => {} } = options;
  const registered = register(options.projections);
  const names = [...registered.keys()];
  const bell = doorbell();
  const end = doorbell();
  const waiting = waiters();
  let stopping = false;
  let running: Promise<void> | undefined;
  const following = createFollowing({
    log,
    database,
    registered,
    clock,
    batchSize,
    onDefect: onFailure,
    onProgress: () => {
      waiting.look();
      options.onProgress?.();
    },
  });

  const begin = async (): Promise<void> => {
    for (const { shape } of registered.values()) await establish(database, shape, clock);
    await dropRetired(database, names);
    await following.refresh();
    await following.requireOwnLog();
  };

  const follow = async (): Promise<void> => {
    let refreshAtMs = performance.now() + refreshEveryMs;
    while (!stopping) {
      const moved = await following.round();
      // An engine inside this process answers at once: without this, nothing else would get its turn.
      await setImmediate();
      if (!moved && !stopping) await bell.rung(refreshEveryMs);
      if (performance.now() < refreshAtMs) continue;
      await following.refresh();
      refreshAtMs = performance.now() + refreshEveryMs;
    }
  };

  /** Does the work again, after pauses, until it has been done without an outage. */
  const persist = async (work: () => Promise<void>): Promise<void> => {
    for (let pauseMs = pauseMinMs; !stopping; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      const position = following.position();
      try {
        return await work();
      } catch (failure) {
        if (failure instanceof ProjectionMisfit) throw failure;
        onFailure(failure);
        if (following.position() > position) pauseMs = pauseMinMs;
        if (!stopping) await end.rung(pauseMs);
      }
    }
  };

  const run = async (): Promise<void> => {
    const unwatch = log.watch(bell.ring);
    await persist(follow);
    unwatch();
  };

  return {
    start: async () => {
      if (running !== undefined) throw new Error('A projector starts once: create another');
      const begun = persist(begin);
      running = begun.then(run, () => {});
      await begun;
    },
    stop: async () => {
      stopping = true;
      bell.ring();
      end.ring();
      await running;
      waiting.dismiss();
    },
    position: following.position,
    waitFor: (wanted, timeoutMs) =>
      waiting.wait(() => {
        if (following.position() >= wanted) return true;
        const defect = following.defect();
        if (defect !== undefined) throw defect;
        return false;
      }, timeoutMs),
  };
}

function register(projections: readonly Projection[]): ReadonlyMap<string, Registered> {
  const registered = new Map<string, Registered>();
  for (const projection of projections) {
    if (registered.has(projection.name)) {
      throw new ProjectionMisfit(`Two projections are called "${projection.name}".`);
    }
    registered.set(projection.name, { projection, shape: shapeOf(projection) });
  }
  return registered;
}
