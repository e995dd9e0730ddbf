/** Those who wait until read models reflect a position, to read what they have just written. */
export interface Waiters {
  /** Resolves true as soon as `reached` does, false when the time is up. */
  wait(reached: () => boolean, timeoutMs: number): Promise<boolean>;
  /** To be called whenever a position has moved. */
  look(): void;
  /** Sends everyone away with false. */
  dismiss(): void;
}

interface Waiter {
  readonly reached: () => boolean;
  readonly settle: (reached: boolean) => void;
  readonly fail: (reason: unknown) => void;
}

export function waiters(): Waiters {
  const waiting = new Set<Waiter>();
  const lookFor = (waiter: Waiter): void => {
    try {
      if (waiter.reached()) waiter.settle(true);
    } catch (reason) {
      waiter.fail(reason);
    }
  };
  return {
    wait: (reached, timeoutMs) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          clearTimeout(timer);
          waiting.delete(waiter);
        };
        const waiter: Waiter = {
          reached,
          settle: (met) => {
            leave();
            resolve(met);
          },
          fail: (reason) => {
            leave();
            reject(reason);
          },
        };
        const timer = setTimeout(() => waiter.settle(false), timeoutMs);
        waiting.add(waiter);
        lookFor(waiter);
      }),
    look: () => waiting.forEach(lookFor),
    dismiss: () => waiting.forEach(({ settle }) => settle(false)),
  };
}
