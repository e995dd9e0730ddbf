import { formatInstant, type Clock, type Instant } from '@counterfoil/event-store';
import { circuitBreaker, CircuitState, handleWhen } from 'cockatiel';
import { countRecent } from './recent-failures.ts';

/** One circuit breaker; see `breakers.ts`. */
export interface Breaker {
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  state(): BreakerState;
}

/**
 * CLOSED: all work gets through. OPEN: none does. HALF_OPEN: the next piece of work gets through as a trial,
 * or does so at this moment; its success closes the breaker, its failure opens it again.
 */
export interface BreakerState {
  readonly state: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  /** Outages within the window, counted up to as many as open it; 0 again once it closes. */
  readonly failures: number;
  /** Since when the state is this. */
  readonly since: Instant;
  /** What the last outage was called, without what lay behind it; null while there was none. */
  readonly lastFailure: string | null;
}

/** A part was not asked because it has failed too often. The message says when it is asked again. */
export class BreakerOpen extends Error {
  override readonly name = 'BreakerOpen';
  readonly downstream: string;
  readonly tryAgainAt: Instant;

  constructor(downstream: string, tryAgainAt: Instant, lastFailure: string | null) {
    super(
      `${downstream} is left alone after ${lastFailure ?? 'a failure'}; ` +
        `it is tried again from ${formatInstant(tryAgainAt)}`,
    );
    this.downstream = downstream;
    this.tryAgainAt = tryAgainAt;
  }
}

export interface BreakerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly failuresMax: number;
  readonly windowNanoseconds: bigint;
  readonly openNanoseconds: bigint;
  readonly isOutage: (failure: unknown) => boolean;
  readonly onOpen: ((opened: BreakerOpen) => void) | undefined;
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { name, clock, openNanoseconds, isOutage, onOpen } = options;
  const recent = countRecent(options);
  let since = clock();
  let openUntil = since;
  let lastFailure: string | null = null;

  const outages = handleWhen((failure) => {
    const counts = isOutage(failure);
    if (counts) lastFailure = textOf(failure);
    return counts;
  });
  // How long it stays open is for `shut` to say, by the clock that was handed in: the library itself would ask
  // the system's.
  const policy = circuitBreaker(outages, { breaker: recent, halfOpenAfter: -Infinity });
  policy.onStateChange((state) => {
    since = clock();
    if (state !== CircuitState.Open) return;
    openUntil = (since + openNanoseconds) as Instant;
    onOpen?.(new BreakerOpen(name, openUntil, lastFailure));
  });

  // The library lets all others wait for the trial; without bound, and for a part that is probably still away.
  const shut = (): boolean =>
    policy.state === CircuitState.HalfOpen ||
    (policy.state === CircuitState.Open && clock() < openUntil);

  return {
    run: async (work) => {
      if (shut()) throw new BreakerOpen(name, openUntil, lastFailure);
      return policy.execute(work);
    },
    state: () => {
      const told = { failures: recent.count(), lastFailure };
      if (policy.state === CircuitState.Closed) return { state: 'CLOSED', since, ...told };
      if (policy.state === CircuitState.HalfOpen) return { state: 'HALF_OPEN', since, ...told };
      return shut()
        ? { state: 'OPEN', since, ...told }
        : { state: 'HALF_OPEN', since: openUntil, ...told };
    },
  };
}

function textOf(failure: unknown): string {
  return failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
}
