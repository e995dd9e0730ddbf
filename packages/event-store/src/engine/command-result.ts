import type { EventId, StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Appended, Claimed, HeldClaim } from '../storage/storage.ts';

/** An outcome as far as it is known before it is written: everything but position and time. */
export interface DecidedOutcome<Rejection> {
  readonly eventIds: readonly EventId[];
  readonly stream: StreamId;
  /** The stream's version with these events. */
  readonly version: number;
  readonly rejection: Rejection | undefined;
}

export type CommandResult<Rejection> =
  | CommandAccepted
  | CommandRejected<Rejection>
  | VersionMismatch
  | AlreadyHandled;

export interface CommandAccepted {
  readonly kind: 'accepted';
  /** Empty when things were already so. */
  readonly eventIds: readonly EventId[];
  /** The stream's version afterwards. */
  readonly version: number;
  /** Position of the command's last event; undefined when it made none. */
  readonly position: number | undefined;
  readonly recordedAt: Instant | undefined;
}

export interface CommandRejected<Rejection> extends Omit<CommandAccepted, 'kind'> {
  readonly kind: 'rejected';
  readonly rejection: Rejection;
}

export interface VersionMismatch {
  readonly kind: 'version-mismatch';
  readonly expected: number;
  readonly actual: number;
}

/** A key of `once` was taken before: nothing was done now. */
export interface AlreadyHandled {
  readonly kind: 'already-handled';
  /** The stream's version when this was found. */
  readonly version: number;
  readonly held: HeldClaim;
}

/** The result of a command that another took a key from. */
export async function alreadyHandled(
  version: Promise<number>,
  { held }: Claimed,
): Promise<AlreadyHandled> {
  return { kind: 'already-handled', version: await version, held };
}

/** The result of an outcome; the verdict is undefined where nothing was to be written. */
export function resultOf<Rejection>(
  { rejection, eventIds, version }: Omit<DecidedOutcome<Rejection>, 'stream'>,
  verdict: Appended | undefined,
): CommandResult<Rejection> {
  const position =
    verdict === undefined || verdict.count === 0
      ? undefined
      : verdict.firstPosition + verdict.count - 1;
  const recordedAt = verdict?.recordedAt;
  return rejection === undefined
    ? { kind: 'accepted', eventIds, version, position, recordedAt }
    : { kind: 'rejected', rejection, eventIds, version, position, recordedAt };
}
