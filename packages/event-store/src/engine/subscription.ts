import { setTimeout as sleep } from 'node:timers/promises';
import { StorageFailure } from '../storage/storage.ts';
import type { EventLog, EventPage } from './event-log.ts';

export interface SubscriptionOptions {
  /** Only positions greater than this: what the subscriber remembers as seen. */
  readonly after: number;
  readonly types?: readonly string[] | undefined;
  /** Most events in one page. */
  readonly pageSize?: number | undefined;
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** How to let time pass while the log can't be read; the system's timer when left out. */
  readonly pause?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/**
 * Follows the log from a position: first what is there already, then what comes, without an end. Each page
 * says in `scannedTo` what to remember; a page may be empty of events and still move it on.
 *
 * The cutover from the past to the live has nothing to lose, because there is no second channel: events
 * are always read from the log, by position. The doorbell (`watch`) carries no events. It is hung up before
 * the log is read, and each ring is remembered until the next wait, so an append that falls between "read
 * to the head" and "wait" has rung already, and the wait returns at once.
 *
 * An outage that passes is waited out, as a subscriber that ended with it would fall silent for good.
 * Throws what is final.
 */
export async function* subscribe(
  log: EventLog,
  { after, types, pageSize = 1_000, signal, pause = sleep }: SubscriptionOptions,
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
  let pauseMs = pauseMinMs;
  try {
    while (signal?.aborted !== true) {
      rung = false;
      const page = await unlessOutage(log.readAll({ after: position, types, limit: pageSize }));
      if (page === undefined) {
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
        continue;
      }
      pauseMs = pauseMinMs;
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

const pauseMinMs = 50;
const pauseMaxMs = 2_000;

/** Undefined when the log can't be read for the moment. */
async function unlessOutage(reading: Promise<EventPage>): Promise<EventPage | undefined> {
  try {
    return await reading;
  } catch (failure) {
    if (failure instanceof StorageFailure && !failure.final) return undefined;
    throw failure;
  }
}
