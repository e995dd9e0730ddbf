/** Lets a loop sleep until there may be something to do. A ring while nobody waits is kept, once. */
export interface Doorbell {
  ring(): void;
  /** Resolves at the next ring, or when the time is up. */
  rung(timeoutMs?: number): Promise<void>;
}

export function doorbell(): Doorbell {
  let rang = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rang = true;
      wake?.();
    },
    rung: async (timeoutMs) => {
      if (!rang) await new Promise<void>((resolve) => (wake = wakeOrTimeout(resolve, timeoutMs)));
      wake = undefined;
      rang = false;
    },
  };
}

function wakeOrTimeout(resolve: () => void, timeoutMs: number | undefined): () => void {
  if (timeoutMs === undefined) return resolve;
  const timer = setTimeout(resolve, timeoutMs);
  return () => {
    clearTimeout(timer);
    resolve();
  };
}
