/**
 * Keeps the commands of one account in order while those of many run together. Most commands may follow
 * each other without waiting, because the ledger decides them in the order in which they are given. Some
 * are decided only after a look at the past: these wait for all before them, and all behind wait for them.
 */
export interface Lanes {
  /** Starts the work now or when its turn comes. `alone`: nothing of its lane may run beside it. */
  run(lane: string, alone: boolean, work: Work): void;
}

/** Calls `done` once, when it is. A callback, because a promise for each line of a stream adds up. */
type Work = (done: () => void) => void;

interface Lane {
  running: number;
  /** Something that must be alone is running. */
  closed: boolean;
  readonly waiting: Waiting[];
}

interface Waiting {
  readonly alone: boolean;
  readonly work: Work;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();

  const start = (name: string, lane: Lane, { alone, work }: Waiting): void => {
    lane.running += 1;
    lane.closed = alone;
    work(() => {
      lane.running -= 1;
      if (lane.running === 0) lane.closed = false;
      startNext(name, lane);
    });
  };

  const startNext = (name: string, lane: Lane): void => {
    for (let next = lane.waiting[0]; next !== undefined; next = lane.waiting[0]) {
      if (lane.closed || (next.alone && lane.running > 0)) return;
      lane.waiting.shift();
      start(name, lane, next);
    }
    if (lane.running === 0) lanes.delete(name);
  };

  return {
    run: (name, alone, work) => {
      let lane = lanes.get(name);
      if (lane === undefined) {
        lane = { running: 0, closed: false, waiting: [] };
        lanes.set(name, lane);
      }
      if (lane.closed || lane.waiting.length > 0 || (alone && lane.running > 0)) {
        lane.waiting.push({ alone, work });
      } else {
        start(name, lane, { alone, work });
      }
    },
  };
}
