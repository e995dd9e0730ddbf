import { setTimeout as sleep } from 'node:timers/promises';

/** One of the attempts at a piece of work. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Whether no other follows when it fails. */
  readonly last: boolean;
}

/** How often a piece of work is attempted that fails for reasons of its own (CA-03). */
export const attemptsMax = 3;

const baseMs = 200;
const pauseMsMax = 5_000;

/**
 * How long to wait after an attempt that failed, in whole milliseconds: at most 200 ms after the first, twice
 * as much after each further one, 5 s at most; less than that at random, so that what failed together is not
 * attempted together again ("full jitter": Brooker, "Exponential Backoff And Jitter", AWS 2015).
 *
 * `random` answers with a number from 0 up to, but not with, 1.
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(pauseMsMax, baseMs * 2 ** (attempt - 1)));
}

export interface AttemptOptions {
  /** Whether a failure would meet any work: it is not attempted again here, and not held against the work. */
  readonly isOutage: (failure: unknown) => boolean;
  /** Told of each failure that another attempt follows. */
  readonly onFailure: (failure: unknown) => void;
  readonly random?: (() => number) | undefined;
  readonly pause?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Resolves as the first attempt that succeeds; rejects as the last, or as the first outage. */
export async function withAttempts<Result>(
  work: (attempt: Attempt) => Promise<Result>,
  { isOutage, onFailure, random = Math.random, pause = sleep }: AttemptOptions,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    const last = number === attemptsMax;
    try {
      return await work({ number, last });
    } catch (failure) {
      if (last || isOutage(failure)) throw failure;
      onFailure(failure);
      await pause(backoffMs(number, random));
    }
  }
}
