/** Wakes who waits for something to happen, and whoever asks next when nobody waited. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring after this call. */
  rung(): Promise<void>;
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring: () => {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    rung: () => next.promise,
  };
}
