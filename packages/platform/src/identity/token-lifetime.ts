import type { Instant } from '@counterfoil/event-store';
import type { TokenKey } from './identity-book.ts';

/** Of access tokens of our own: a quarter of an hour. */
export const lifetimeSeconds = 900;

/** By which the clocks of two of our processes may differ. */
export const skewSeconds = 5;

const outlives = BigInt(lifetimeSeconds + 2 * skewSeconds) * 1_000_000_000n;

/** Whether what a key has signed may still be good: its tokens outlive its use by their own lifetime. */
export function verifies({ signsUntil }: Pick<TokenKey, 'signsUntil'>, now: Instant): boolean {
  return now < signsUntil + outlives;
}

/** Keys that have signed until then, or longer, may still have tokens that are good. */
export function trustedFrom(now: Instant): Instant {
  return (now - outlives) as Instant;
}
