import type {
  Clock,
  CommandResult,
  HeldClaim,
  Instant,
  OnceOptions,
} from '@counterfoil/event-store';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { Refusal } from '../problem.ts';

// CA-02: `idempotency_key` of a body names one event for 24 hours. Unlike the header, which repeats the answer,
// it refuses the second announcement, whatever that says, and names the first event.

const lifetimeNanoseconds = 24n * 3_600n * 1_000_000_000n;
const prefix = 'event-key ';

/** The claim on the key, within what the principal has announced. */
export function claimOnKey<Rejection>(
  key: string,
  principal: string,
  id: ActionId,
  clock: Clock,
): OnceOptions<Rejection> {
  return {
    key: `${prefix}${principal} ${key.toLowerCase()}`,
    expiresAt: (clock() + lifetimeNanoseconds) as Instant,
    // What was refused leaves its key free: it may come again once it is right.
    note: ({ rejection }) => (rejection === undefined ? Buffer.from(id) : undefined),
  };
}

/** The claim on the key that another announcement has taken; undefined where it was free. */
export function takenKey(result: CommandResult<unknown>): HeldClaim | undefined {
  return result.kind === 'already-handled' && result.held.key.startsWith(prefix)
    ? result.held
    : undefined;
}

export function eventUrl(id: string): string {
  return `/api/v1/events/${id}`;
}

export function firstEventOf({ note }: HeldClaim): string {
  return Buffer.from(note).toString();
}

export function keyTaken(id: string): Refusal {
  return new Refusal(
    'EVENT_KEY_USED',
    `The key came with event ${id}, which is at ${eventUrl(id)}.`,
  );
}
