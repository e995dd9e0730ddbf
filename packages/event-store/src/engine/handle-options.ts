import type { Instant } from '../kernel/instant.ts';
import type { Claim } from '../storage/storage.ts';
import type { DecidedOutcome } from './command-result.ts';
import type { Cause } from './envelope.ts';

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
