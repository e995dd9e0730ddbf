/** Rings when somebody has appended. */
export interface Doorbell {
  ring(): void;
  watch(listener: () => void): () => void;
  stop(): void;
}

/** Rings at our own appends at once, and at those of other processes when polling finds them. */
export function createDoorbell(dataVersion: () => number, pollMs: number): Doorbell {
  const listeners = new Set<() => void>();
  let seen = dataVersion();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const ring = (): void => {
    for (const listener of listeners) listener();
  };

  const changed = (): boolean => {
    const before = seen;
    try {
      seen = dataVersion();
    } catch {
      // Whoever listens reads then, and has the failure where it can be handled; nobody can catch it here.
      return true;
    }
    return seen !== before;
  };

  const poll = (): void => {
    if (changed()) ring();
  };

  return {
    ring,
    watch: (listener) => {
      if (stopped) return () => undefined;
      listeners.add(listener);
      timer ??= setInterval(poll, pollMs).unref();
      return () => listeners.delete(listener);
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
      listeners.clear();
    },
  };
}
