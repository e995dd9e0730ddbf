import type { Request, RequestId, RequestStore } from '../requests/request-store.ts';

/** Answers what became of requests, and waits for it. */
export interface Outcomes {
  /** In order; undefined where there is no such request. */
  find(ids: readonly RequestId[]): Promise<readonly (Request | undefined)[]>;
  /** As soon as the request is settled, or as it is when the time is up. */
  wait(id: RequestId, forMs: number): Promise<Request | undefined>;
  /** Wakes who waits for them. */
  settled(ids: readonly RequestId[]): void;
}

// Another process may settle it: that is seen by looking, ever more rarely.
const lookAfterMs = 50;
const lookAfterMsMax = 1_000;

export function createOutcomes(requests: Pick<RequestStore, 'find'>): Outcomes {
  const waiting = new Map<RequestId, Set<() => void>>();

  const changed = (id: RequestId, withinMs: number): Promise<void> =>
    new Promise((resolve) => {
      const wakes = waiting.get(id) ?? new Set();
      waiting.set(id, wakes);
      const wake = (): void => {
        clearTimeout(timer);
        wakes.delete(wake);
        if (wakes.size === 0) waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      wakes.add(wake);
    });

  return {
    find: requests.find,
    wait: async (id, forMs) => {
      const endsAt = performance.now() + forMs;
      for (let pauseMs = lookAfterMs; ; pauseMs = Math.min(pauseMs * 2, lookAfterMsMax)) {
        const [request] = await requests.find([id]);
        const leftMs = endsAt - performance.now();
        if (request === undefined || request.outcome !== undefined || leftMs <= 0) return request;
        await changed(id, Math.min(leftMs, pauseMs));
      }
    },
    settled: (ids) => {
      if (waiting.size === 0) return;
      for (const id of ids) for (const wake of waiting.get(id) ?? []) wake();
    },
  };
}
