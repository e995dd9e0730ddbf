export interface Repetition {
  /** Does the work behind what is under way; rejects as the work does. */
  now(): Promise<void>;
  /** Begins no more of it by itself, and finishes what is under way. */
  stop(): Promise<void>;
}

/** Does some work again and again, one time after the other; `onFailure` is told each time that it fails. */
export function repeatedly(
  everyMs: number,
  work: () => Promise<void>,
  onFailure: (failure: unknown) => void,
): Repetition {
  let running: Promise<void> = Promise.resolve();
  const now = (): Promise<void> => {
    const done = running.then(work);
    running = done.catch(onFailure);
    return done;
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    now()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return {
    now,
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
