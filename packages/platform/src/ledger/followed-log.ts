import { subscribe, type EventLog, type RecordedEvent } from '@counterfoil/event-store';

/** Some types of events, followed in the order of the log for as long as a book is open. */
export interface FollowedLog {
  /**
   * Resolves once everything up to a position has been applied. Rejects when the log can be followed no
   * further, with the reason.
   */
  reach(position: number): Promise<void>;
  close(): Promise<void>;
}

/** Applies what is in the log, then what comes. Resolves once it has applied all that is there. */
export async function followLog(
  log: EventLog,
  types: readonly string[],
  apply: (event: RecordedEvent) => void,
): Promise<FollowedLog> {
  const progress = createProgress();
  const ended = new AbortController();
  const follow = async (): Promise<void> => {
    const pages = subscribe(log, { after: 0, types, pageSize: 5_000, signal: ended.signal });
    for await (const { events, scannedTo } of pages) {
      for (const event of events) apply(event);
      progress.advance(scannedTo);
    }
  };
  const following = follow().catch((cause: unknown) => progress.fail(cause));
  await progress.reach((await log.head()).position);
  return {
    reach: progress.reach,
    close: async () => {
      ended.abort();
      await following;
    },
  };
}

interface Progress {
  reach(position: number): Promise<void>;
  advance(position: number): void;
  /** Whoever waits now or later is told why the book stands still. */
  fail(cause: unknown): void;
}

function createProgress(): Progress {
  let reached = 0;
  let failure: { readonly cause: unknown } | undefined;
  let waiting: { position: number; resolve: () => void; reject: (cause: unknown) => void }[] = [];
  return {
    reach: (position) => {
      if (position <= reached) return Promise.resolve();
      if (failure !== undefined) return Promise.reject(failure.cause);
      return new Promise((resolve, reject) => {
        waiting.push({ position, resolve, reject });
      });
    },
    advance: (position) => {
      reached = position;
      const still = waiting.filter((waiter) => waiter.position > position);
      for (const waiter of waiting) if (waiter.position <= position) waiter.resolve();
      waiting = still;
    },
    fail: (cause) => {
      failure = { cause };
      for (const { reject } of waiting.splice(0)) reject(cause);
    },
  };
}
