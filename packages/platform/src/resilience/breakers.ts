import type { Clock } from '@counterfoil/event-store';
import { createBreaker, type Breaker, type BreakerOpen, type BreakerState } from './breaker.ts';

/** What the program stands on and can do without for a while. */
export const downstreams = ['bus', 'prices', 'notifications', 'keys'] as const;

export type Downstream = (typeof downstreams)[number];

/**
 * Circuit breakers (Nygard, "Release It!", 2018), one round each downstream part: after several outages it is
 * left alone for a while instead of being asked, and waited for, again and again.
 */
export interface Breakers {
  /**
   * Resolves or rejects as the work does; rejects with a BreakerOpen, without beginning it, while the part is
   * left alone. The work has to end by itself: while it is the trial, nothing else gets through.
   */
  run<Result>(name: Downstream, work: () => Promise<Result>): Promise<Result>;
  states(): BreakerStates;
}

export type BreakerStates = Readonly<Record<Downstream, BreakerState>>;

/** When to leave a part alone, and for how long. */
export interface BreakerSettings {
  /** So many outages within the window open it. */
  readonly failures: number;
  readonly windowSeconds: number;
  /** How long it stays open; then one piece of work is let through as a trial. */
  readonly halfOpenAfterSeconds: number;
}

export interface BreakersOptions {
  readonly settings: BreakerSettings;
  readonly clock: Clock;
  /**
   * Whether a failure says that the part is out of order, and is no answer of it. Of parts that are not named
   * here every failure does.
   */
  readonly isOutage?: Readonly<Partial<Record<Downstream, (failure: unknown) => boolean>>>;
  /** Told of each breaker that opens, or stays open after its trial. */
  readonly onOpen?: ((opened: BreakerOpen) => void) | undefined;
}

export function createBreakers({
  settings,
  clock,
  isOutage = {},
  onOpen,
}: BreakersOptions): Breakers {
  const breakers = byDownstream<Breaker>((name) =>
    createBreaker({
      name,
      clock,
      failuresMax: settings.failures,
      windowNanoseconds: nanosecondsOf(settings.windowSeconds),
      openNanoseconds: nanosecondsOf(settings.halfOpenAfterSeconds),
      isOutage: isOutage[name] ?? (() => true),
      onOpen,
    }),
  );
  return {
    run: (name, work) => breakers[name].run(work),
    states: () => byDownstream((name) => breakers[name].state()),
  };
}

function byDownstream<Value>(
  valueOf: (name: Downstream) => Value,
): Readonly<Record<Downstream, Value>> {
  return Object.fromEntries(downstreams.map((name) => [name, valueOf(name)])) as never;
}

function nanosecondsOf(seconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n;
}
