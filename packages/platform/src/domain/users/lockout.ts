import type { Instant } from '@counterfoil/event-store';
import type { BlindIndex } from './events.ts';

// Against guessing: after some failures in a row each next try has to wait, twice as long each time. Addresses
// from which the user has logged in before are counted apart from all others, so that strangers who fail on
// purpose lock out strangers and not the user.

const failuresBefore = 5;
const firstWait = 1_000_000_000n;
const waitMax = 900_000_000_000n;
const knownAddressesMax = 5;

/** Failures in a row. */
export interface Failures {
  readonly count: number;
  readonly last: Instant | undefined;
}

export interface LoginHistory {
  /** Of all addresses but the known. */
  readonly strangers: Failures;
  /** The latest addresses from which the user has logged in, the newest last. */
  readonly known: ReadonlyMap<BlindIndex, Failures>;
}

const none: Failures = { count: 0, last: undefined };

export const noLogins: LoginHistory = { strangers: none, known: new Map() };

/** Until when no try is looked at, after so many failures; undefined when the next one is. */
export function waitsUntil({ count, last }: Failures): Instant | undefined {
  if (last === undefined || count < failuresBefore) return undefined;
  // Beyond ten doublings the longest wait is reached anyway.
  const doublings = BigInt(Math.min(count - failuresBefore, 10));
  const wait = firstWait << doublings;
  return (last + (wait < waitMax ? wait : waitMax)) as Instant;
}

/** One more failure in a row. */
export function failedAgain({ count }: Failures, at: Instant): Failures {
  return { count: count + 1, last: at };
}

export function failuresFrom(history: LoginHistory, address: BlindIndex): Failures {
  return history.known.get(address) ?? history.strangers;
}

export function afterFailure(
  history: LoginHistory,
  address: BlindIndex,
  at: Instant,
): LoginHistory {
  const failures = failedAgain(failuresFrom(history, address), at);
  return history.known.has(address)
    ? { ...history, known: new Map([...history.known, [address, failures]]) }
    : { ...history, strangers: failures };
}

/** What failed before from the address, or from strangers if it was one, is forgotten. */
export function afterSuccess(history: LoginHistory, address: BlindIndex): LoginHistory {
  const others = [...history.known].filter(([known]) => known !== address);
  const kept = others.slice(Math.max(0, others.length - knownAddressesMax + 1));
  return {
    strangers: history.known.has(address) ? history.strangers : none,
    known: new Map([...kept, [address, none]]),
  };
}
