import {
  formatInstant,
  type Clock,
  type DomainEvent,
  type EventStore,
} from '@counterfoil/event-store';
import { accessStream, type AccessEvent } from '../domain/access/events.ts';

export type AccessDecision = AccessEvent['data'];

/** Who was let do what, on its way to the log. */
export interface Decisions {
  /**
   * Takes a decision; it is in the log within moments. False when there is no room for it, because the log
   * takes no more: what was decided must then not be done.
   */
  note(decision: AccessDecision): boolean;
  /** Writes what is left, as far as the log takes it. */
  close(): Promise<void>;
}

export interface DecisionParts {
  readonly store: Pick<EventStore, 'raw'>;
  readonly clock: Clock;
  /** Told when the log did not take some; they are tried again. */
  readonly onFailure: (failure: unknown) => void;
  /** How long a decision waits for others at most; 50 ms when not given. */
  readonly gatherMs?: number | undefined;
  /** Decisions that are held at most; 20,000 when not given. */
  readonly waitingMax?: number | undefined;
}

type Encoded = ReturnType<EventStore['raw']['encode']>;

/** So many go into one commit, and fewer when they have waited long enough. */
const atOnce = 500;

// A log that is away is not asked thousands of times a second.
const pauseMs = 500;

/**
 * Writes decisions in batches, so that a request does not wait for the disk to be told who sent it. A crash
 * loses the decisions of the last moments, of which the requests that changed something have left their own
 * events. Nothing goes on for long without record: when the log takes no more, there is soon no room.
 */
export function recordDecisions(parts: DecisionParts): Decisions {
  const { store, clock, onFailure, gatherMs = 50, waitingMax = 20_000 } = parts;
  let waiting: Encoded[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let closing = false;

  const write = async (): Promise<void> => {
    const batch = waiting.slice(0, atOnce);
    if (batch.length === 0) return;
    const stream = accessStream(formatInstant(clock()).slice(0, 10));
    await store.raw.append({ appends: [{ stream, expected: 'any', records: batch }] }).verdict;
    waiting = waiting.slice(batch.length);
  };

  const writeAll = async (): Promise<void> => {
    let next = gatherMs;
    try {
      do await write();
      while (waiting.length >= (closing ? 1 : atOnce));
    } catch (failure) {
      onFailure(failure);
      next = pauseMs;
    }
    writing = undefined;
    if (waiting.length > 0 && !closing) wait(next);
  };

  const start = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll();
  };

  const wait = (ms: number): void => {
    timer ??= setTimeout(start, ms);
  };

  return {
    note: (decision) => {
      if (waiting.length >= waitingMax || closing) return false;
      const event: DomainEvent = { type: 'AccessDecided', data: decision };
      const { principal: userId, correlationId } = decision;
      waiting.push(store.raw.encode(event, { userId, correlationId }));
      if (writing === undefined) {
        if (waiting.length === atOnce) start();
        else if (timer === undefined) wait(gatherMs);
      }
      return true;
    },
    close: async () => {
      closing = true;
      clearTimeout(timer);
      await writing;
      writing = writeAll();
      await writing;
    },
  };
}
