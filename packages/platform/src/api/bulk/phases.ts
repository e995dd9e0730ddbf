/**
 * Commands to instruments, to prices and to accounts stand on each other: a trade needs its instrument
 * listed, and is held against the last price. So a command waits until all earlier ones of another kind
 * are done, and within one kind many run together.
 */
export interface Phases<Name> {
  /** Resolves when commands of this phase may start: at once, unless another phase is under way. */
  enter(phase: Name): Promise<void> | undefined;
  /** To be called for each command that entered, when it is done. */
  leave(): void;
}

export function createPhases<Name>(): Phases<Name> {
  let present: Name | undefined;
  let underWay = 0;
  let wake: (() => void) | undefined;
  return {
    enter: (phase) => {
      if (phase === present || underWay === 0) {
        present = phase;
        underWay += 1;
        return undefined;
      }
      return new Promise((resolve) => {
        wake = () => {
          present = phase;
          underWay += 1;
          resolve();
        };
      });
    },
    leave: () => {
      underWay -= 1;
      if (underWay > 0 || wake === undefined) return;
      const next = wake;
      wake = undefined;
      next();
    },
  };
}
