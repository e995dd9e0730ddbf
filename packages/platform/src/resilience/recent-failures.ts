import type { Clock, Instant } from '@counterfoil/event-store';
import { CircuitState, type IBreaker } from 'cockatiel';

export interface RecentFailures extends IBreaker {
  /** Failures of the window that ends now. */
  count(): number;
}

/**
 * Opens a breaker after so many failures within a window that slides with the clock, whatever succeeds in
 * between. The library's own count failures in a row, or their share of all work, which needs much work.
 */
export function countRecent({
  clock,
  failuresMax,
  windowNanoseconds,
}: {
  readonly clock: Clock;
  readonly failuresMax: number;
  readonly windowNanoseconds: bigint;
}): RecentFailures {
  // The last of them, as many as open the breaker: more can't change what is decided.
  let times: readonly Instant[] = [];

  const recent = (now: Instant): readonly Instant[] =>
    times.filter((time) => now - time < windowNanoseconds);

  return {
    // For breakers that are kept beyond the end of the process; this one begins anew.
    state: undefined,
    success: (during) => {
      if (during === CircuitState.HalfOpen) times = [];
    },
    failure: () => {
      const now = clock();
      times = [...recent(now), now].slice(-failuresMax);
      return times.length >= failuresMax;
    },
    count: () => recent(clock()).length,
  };
}
