import type { Line } from '../../api/bulk/line-splitter.ts';
import type { LineOutcome } from './once-per-line.ts';

/** Puts outcomes, which come as they come, back into the order of the lines. */
export interface OrderedOutcomes {
  /** Takes a place for the next line. Wait for `room` first. */
  reserve(line: Line): number;
  settle(place: number, outcome: LineOutcome): void;
  /** The outcome is not known and won't be: nothing from here on is taken. */
  abandon(place: number): void;
  /** Resolves when there is room for another line, at once unless the window is full. */
  room(): Promise<void> | undefined;
  /** Resolves when every place is settled or abandoned. */
  idle(): Promise<void>;
}

/**
 * Calls `take` for one line after the other. `window` is how many may be under way, those included that
 * are settled and wait for one before them.
 */
export function orderOutcomes(
  window: number,
  take: (line: Line, outcome: LineOutcome) => void,
): OrderedOutcomes {
  const lines: (Line | undefined)[] = Array.from({ length: window });
  const outcomes: (LineOutcome | undefined)[] = Array.from({ length: window });
  let reserved = 0;
  let finished = 0;
  let taken = 0;
  let broken = false;
  let wakeReader: (() => void) | undefined;
  let wakeIdle: (() => void) | undefined;

  const takeInOrder = (): void => {
    for (; taken < reserved; taken += 1) {
      const at = taken % window;
      const outcome = outcomes[at];
      const line = lines[at];
      if (outcome === undefined || line === undefined) return;
      outcomes[at] = undefined;
      lines[at] = undefined;
      take(line, outcome);
    }
  };

  const finish = (): void => {
    finished += 1;
    // Half of the window at once: to wake the reader for every single line costs more than the line.
    if (broken || reserved - taken <= window / 2) {
      wakeReader?.();
      wakeReader = undefined;
    }
    if (finished === reserved) {
      wakeIdle?.();
      wakeIdle = undefined;
    }
  };

  return {
    reserve: (line) => {
      lines[reserved % window] = line;
      reserved += 1;
      return reserved - 1;
    },
    settle: (place, outcome) => {
      outcomes[place % window] = outcome;
      if (place === taken) takeInOrder();
      finish();
    },
    abandon: () => {
      broken = true;
      finish();
    },
    room: () =>
      broken || reserved - taken < window
        ? undefined
        : new Promise((resolve) => {
            wakeReader = resolve;
          }),
    idle: () =>
      finished === reserved
        ? Promise.resolve()
        : new Promise((resolve) => {
            wakeIdle = resolve;
          }),
  };
}
