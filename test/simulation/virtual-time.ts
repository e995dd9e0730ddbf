import { instantFromMilliseconds, type Clock } from '@counterfoil/event-store';

/**
 * Time that passes only when the simulation says so. All waiting in a simulation goes through `sleep`, so
 * that the order of events follows from the seed alone, and an hour takes no longer than its events.
 */
export interface VirtualTime {
  readonly clock: Clock;
  nowMs(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Runs until the work has ended. Throws when it waits for something that will never come. */
  runUntilDone<Result>(work: Promise<Result>): Promise<Result>;
}

interface Sleeper {
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export function virtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  let order = 0;
  let sleepers: Sleeper[] = [];

  const wakeNext = (): boolean => {
    const [first] = sleepers;
    if (first === undefined) return false;
    let next = first;
    for (const sleeper of sleepers) if (isBefore(sleeper, next)) next = sleeper;
    sleepers = sleepers.filter((sleeper) => sleeper !== next);
    nowMs = next.dueMs;
    next.wake();
    return true;
  };

  return {
    clock: () => instantFromMilliseconds(Math.floor(nowMs)),
    nowMs: () => nowMs,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        order += 1;
        sleepers.push({ dueMs: nowMs + milliseconds, order, wake: resolve });
      }),
    runUntilDone: async (work) => {
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      work.then(end, end);
      for (let idleTurns = 0; !ended;) {
        await settle();
        if (ended || wakeNext()) idleTurns = 0;
        else idleTurns += 1;
        if (idleTurns > 100) throw new Error('everybody waits, and nothing is due any more');
      }
      return work;
    },
  };
}

function isBefore(left: Sleeper, right: Sleeper): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}

/** Lets all that can run now run. The engine defers work with setImmediate, some of it twice in a row. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
