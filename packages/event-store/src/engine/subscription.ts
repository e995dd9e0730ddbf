import type { EventLog, EventPage } from './event-log.ts';

export interface SubscriptionOptions {
  /** Only positions greater than this: what the subscriber remembers as seen. */
  readonly after: number;
  readonly types?: readonly string[] | undefined;
  /** Most events in one page. */
  readonly pageSize?: number | undefined;
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Follows the log from a position: first what is there already, then what comes, without an end. Each page
 * says in `scannedTo` what to remember; a page may be empty of events and still move it on.
 *
 * The cutover from the past to the live has nothing to lose, because there is no second channel: events
 * are always read from the log, by position. The doorbell (`watch`) carries no events. It is hung up before
 * the log is read, and each ring is remembered until the next wait, so an append that falls between "read
 * to the head" and "wait" has rung already, and the wait returns at once.
 */
export async function* subscribe(
  log: EventLog,
  { after, types, pageSize = 1_000, signal }: SubscriptionOptions,
): AsyncGenerator<EventPage, void, undefined> {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const unwatch = log.watch(ring);
  signal?.addEventListener('abort', ring);
  let position = after;
  try {
    while (signal?.aborted !== true) {
      rung = false;
      const page = await log.readAll({ after: position, types, limit: pageSize });
      if (page.scannedTo > position) {
        position = page.scannedTo;
        yield page;
      }
      if (page.more) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (rung) resolve();
      });
    }
  } finally {
    signal?.removeEventListener('abort', ring);
    unwatch();
  }
}
