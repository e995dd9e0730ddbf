import { randomBytes } from 'node:crypto';
import {
  createCommandHandler,
  createStagedStreams,
  type Cause,
  type Clock,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type Instant,
  type StreamId,
} from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import { retentionStream, type HoldId } from '../domain/retention/events.ts';
import { keptUntil, kindOf, type RetentionYears } from '../domain/retention/policy.ts';
import {
  retentionDecider,
  type LegalHold,
  type RetentionRejection,
} from '../domain/retention/retention.ts';
import type { KeyStore } from '../vault/key-store.ts';
import type { Vault } from '../vault/vault.ts';

/** For how long what is recorded is kept, who wants it kept longer, and erasure once nobody does. */
export interface Retention {
  readonly policy: RetentionYears;
  /** Those in force, in the order in which they were placed. */
  holds(): Promise<readonly LegalHold[]>;
  placeHold(hold: LegalHold, options: HandleOptions<RetentionRejection>): Promise<RetentionResult>;
  releaseHold(
    holdId: HoldId,
    reason: string,
    options: HandleOptions<RetentionRejection>,
  ): Promise<RetentionResult>;
  /**
   * Makes what is recorded of the owner of an account unreadable for ever: the key to it is destroyed by the time
   * this resolves with `accepted`. Users are erased where their sessions end with it. Rejects with a KeysUnavailable when the key could not be destroyed yet: that is
   * recorded then, and done at the latest when the program starts again.
   */
  erase(
    subject: StreamId,
    reason: string,
    options: HandleOptions<RetentionRejection>,
  ): Promise<RetentionResult>;
  /** Why a subject may not be erased now, if so. */
  erasureFault(subject: StreamId): Promise<RetentionRejection | undefined>;
  /**
   * Records that a subject is erased, and destroys his key, where it was decided elsewhere that he may be and
   * that is in his stream by now. Throws a Refusal when a legal hold came between, which says what to do: his key
   * is whole then, and whoever asks once more when the hold is released is heard.
   */
  completeErasure(subject: StreamId, reason: string, cause: Cause): Promise<void>;
  /** Destroys the keys of whomever the log says is erased: older keys may have been brought back. */
  enforce(): Promise<void>;
}

export type RetentionResult = CommandResult<RetentionRejection>;

export interface RetentionParts {
  readonly log: EventStore;
  readonly vault: Pick<Vault, 'erase'>;
  /** Where the vault keeps them. */
  readonly keys: Pick<KeyStore, 'find'>;
  readonly policy: RetentionYears;
  readonly clock: Clock;
}

export function createRetention({ log, vault, keys, policy, clock }: RetentionParts): Retention {
  const streams = createStagedStreams(log.raw, retentionDecider, {});
  const handler = createCommandHandler(log, retentionDecider, {}, streams);
  const { storage } = log.raw;

  const keptUntilOf = async (subject: StreamId): Promise<Instant | undefined> => {
    const version = await storage.streamVersion(subject);
    const [last] = version === 0 ? [] : await storage.readStream(subject, version, 1);
    return last && keptUntil(subject, last.recordedAt, policy);
  };

  const eraseCommand = (subject: StreamId, reason: string, until: Instant | undefined) =>
    ({ type: 'EraseSubject', subject, reason, keptUntil: until, now: clock() }) as const;

  const isErased = async (subject: StreamId): Promise<boolean> =>
    (await handler.load(retentionStream)).state.erased.has(subject);

  return {
    policy,
    holds: async () => [...(await handler.load(retentionStream)).state.holds.values()],
    placeHold: (hold, options) =>
      handler.handle(retentionStream, { type: 'PlaceLegalHold', ...hold }, options),
    releaseHold: (holdId, reason, options) =>
      handler.handle(retentionStream, { type: 'ReleaseLegalHold', holdId, reason }, options),
    erase: async (subject, reason, options) => {
      if (kindOf(subject) !== 'accounts') throw new RangeError(`${subject} is no account`);
      const command = eraseCommand(subject, reason, await keptUntilOf(subject));
      const result = await handler.handle(retentionStream, command, options);
      // Also when that was recorded before: a crash may have come between the record and the key.
      if (result.kind !== 'rejected' && (await isErased(subject))) await vault.erase(subject);
      return result;
    },
    erasureFault: async (subject) => {
      const { state } = await handler.load(retentionStream);
      const command = eraseCommand(subject, '', await keptUntilOf(subject));
      return retentionDecider.decide(command, state).rejection;
    },
    completeErasure: async (subject, reason, cause) => {
      const command = eraseCommand(subject, reason, clock());
      const result = await handler.handle(retentionStream, command, { cause });
      if (result.kind === 'rejected') throw heldBetween(subject, result.rejection);
      await vault.erase(subject);
    },
    enforce: async () => {
      const { state } = await handler.load(retentionStream);
      const known = await keys.find([...state.erased]);
      for (const subject of state.erased) {
        if (known.get(subject)?.kind !== 'erased') await vault.erase(subject);
      }
    },
  };
}

function heldBetween(subject: StreamId, rejection: RetentionRejection): Error {
  if (rejection.code !== 'LEGAL_HOLD') {
    return new Error(`${subject} can't be erased: ${rejection.code}`);
  }
  return new Refusal(
    'LEGAL_HOLD',
    `The hold ${rejection.holdId} was placed on ${subject} while it was being erased: nobody uses it any more, and ` +
      'what is recorded of it can still be read. Ask for the same once more when the hold is released.',
  );
}

// Crockford's base 32, which leaves out what is taken for another sign when it is read aloud or copied.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An id that no other hold has: 90 random bits. */
export function newHoldId(): HoldId {
  const random = randomBytes(18);
  return `HOLD-${Array.from(random, (byte) => alphabet.charAt(byte & 31)).join('')}` as HoldId;
}
