import type { Clock, Instant } from '@counterfoil/event-store';
import type { BlindIndex } from '../domain/users/events.ts';
import { failedAgain, waitsUntil, type Failures } from '../domain/users/lockout.ts';

/**
 * Failures in a row by name and address, of names that somebody has and of others alike: so that who is told
 * to wait learns nothing of whether there is such a user. A user's own record counts besides, durably.
 */
export interface LoginThrottle {
  /** Until when the next try has to wait; undefined when it need not. */
  waitsUntil(name: BlindIndex, address: BlindIndex): Instant | undefined;
  failed(name: BlindIndex, address: BlindIndex): void;
  succeeded(name: BlindIndex, address: BlindIndex): void;
}

const pairsMax = 50_000;
// Whoever has waited so long may begin anew.
const forgottenAfter = 3_600_000_000_000n;

export function createLoginThrottle(clock: Clock): LoginThrottle {
  // The order of a Map is that of the latest failures.
  const failures = new Map<string, Failures>();
  const known = (pair: string): Failures => failures.get(pair) ?? none;
  const trim = (now: Instant): void => {
    for (const [pair, { last }] of failures) {
      const isOld = last !== undefined && now - last > forgottenAfter;
      if (!isOld && failures.size <= pairsMax) return;
      failures.delete(pair);
    }
  };
  return {
    waitsUntil: (name, address) => {
      const until = waitsUntil(known(pairOf(name, address)));
      return until !== undefined && clock() < until ? until : undefined;
    },
    failed: (name, address) => {
      const pair = pairOf(name, address);
      const now = clock();
      const after = failedAgain(known(pair), now);
      failures.delete(pair);
      failures.set(pair, after);
      trim(now);
    },
    succeeded: (name, address) => {
      failures.delete(pairOf(name, address));
    },
  };
}

const none: Failures = { count: 0, last: undefined };

function pairOf(name: BlindIndex, address: BlindIndex): string {
  return `${name} ${address}`;
}
