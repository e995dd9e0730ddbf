import type { StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Claim, HeldClaim } from '../storage/storage.ts';
import type { AlreadyHandled, DecidedOutcome } from './command-result.ts';
import type { Cause } from './envelope.ts';
import type { EventStore } from './event-store.ts';

export interface HandleOptions<Rejection> {
  readonly cause: Cause;
  /** Refuse the command unless the stream is at this version; a taken key of `once` goes before. */
  readonly expectedVersion?: number | undefined;
  /** Keys each of which lets one command take effect; kept in the same transaction as the effect. */
  readonly once?: readonly OnceOptions<Rejection>[] | undefined;
}

export interface OnceOptions<Rejection> {
  readonly key: string;
  /** Undefined for ever. */
  readonly expiresAt: Instant | undefined;
  /** Makes of the outcome what a repetition is answered with; undefined leaves the key free. */
  note(outcome: DecidedOutcome<Rejection>): Uint8Array | undefined;
}

/** The claims that go with an outcome. */
export function claimsFor<Rejection>(
  outcome: DecidedOutcome<Rejection>,
  once: readonly OnceOptions<Rejection>[],
): readonly Claim[] {
  return once.flatMap(({ key, expiresAt, note: noteOf }) => {
    const note = noteOf(outcome);
    return note === undefined ? [] : [{ key, expiresAt, note }];
  });
}

/** What a command is answered with whose keys were taken before, at the version given. */
export async function handledBefore(
  store: Pick<EventStore, 'findClaim'>,
  once: readonly { readonly key: string }[],
  version: number,
): Promise<AlreadyHandled | undefined> {
  let held: HeldClaim | undefined;
  // From the last to the first: keys that one commit takes meanwhile are then answered by their first,
  // as the storage does it.
  for (const { key } of once.toReversed()) held = (await store.findClaim(key)) ?? held;
  return held && { kind: 'already-handled', version, held };
}

/**
 * Tries again after a first failure, up to so often in all, and gives up in the end: undefined. It looks first
 * whether the command was handled before: the claim that says so would let everything fall that was staged
 * behind it, and many such would keep each other from ever coming through.
 */
export async function triedAgain<Result>(
  store: Pick<EventStore, 'findClaim' | 'raw'>,
  stream: StreamId,
  once: readonly { readonly key: string }[] | undefined,
  attemptsMax: number,
  attempt: () => Promise<Result | undefined>,
): Promise<Result | AlreadyHandled | undefined> {
  for (let attempts = 1; attempts < attemptsMax; attempts += 1) {
    const before = once && (await handledBefore(store, once, 0));
    if (before !== undefined) {
      return { ...before, version: await store.raw.storage.streamVersion(stream) };
    }
    const result = await attempt();
    if (result !== undefined) return result;
  }
  return undefined;
}
