import { hash } from 'node:crypto';
import {
  formatInstant,
  isUuid,
  type Clock,
  type DecidedOutcome,
  type EventLog,
  type HeldClaim,
  type Instant,
  type OnceOptions,
  type StreamId,
} from '@counterfoil/event-store';
import type { Vault } from '../vault/vault.ts';
import type { Outcome } from './confirmation.ts';
import type { Rejection } from './errors.ts';
import { Refusal } from './problem.ts';

// CA-02: a key lets a request take effect once. Key, fingerprint and answer are written in the transaction
// of the effect, so that a retry finds out what happened even if the server died before it could answer.

const lifetimeNanoseconds = 24n * 3_600n * 1_000_000_000n;

/** The claim on a key in the log's store. */
export interface IdempotencyClaim {
  /** The key within its scope: principal and resource. */
  readonly key: string;
  /** Of the request: another payload under the same key is refused. */
  readonly fingerprint: string;
}

/** Reads a key: a UUID, bare or in quotes (draft-ietf-httpapi-idempotency-key-header). */
export function parseIdempotencyKey(text: string): string {
  const bare = (/^"(.*)"$/.exec(text)?.[1] ?? text).toLowerCase();
  if (isUuid(bare)) return bare;
  throw new Refusal('IDEMPOTENCY_KEY_INVALID', `"${text.slice(0, 60)}" is not a UUID.`);
}

export function fingerprintOf(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\n'), 'base64url');
}

/**
 * As `fingerprintOf`, of a request that tells of a person: keyed, because a name can be guessed, and a plain hash
 * would say who guessed right. Rejects with a KeysUnavailable.
 */
export async function personalFingerprintOf(
  vault: Pick<Vault, 'blindIndex'>,
  ...parts: readonly string[]
): Promise<string> {
  return vault.blindIndex(`request ${fingerprintOf(...parts)}`);
}

export function keyReused(): Refusal {
  return new Refusal('IDEMPOTENCY_KEY_REUSED', 'The key came before with another request.');
}

/** The parts of an answer that are known only once it is written. */
interface Recorded {
  position?: number | null;
  recordedAt?: string | null;
}

interface Note<Answer> {
  readonly fingerprint: string;
  readonly stream: StreamId;
  readonly version: number;
  /** How many events the command made. */
  readonly events: number;
  readonly answer: Answer;
}

/** Lets a command take effect once, and keeps what it is answered with. */
export function onceUnder<R extends Rejection>(
  { key, fingerprint }: IdempotencyClaim,
  clock: Clock,
  answerOf: (outcome: Outcome<R>) => object,
): OnceOptions<R> {
  return {
    key,
    expiresAt: (clock() + lifetimeNanoseconds) as Instant,
    note: (decided) => {
      const note: Note<object> = {
        fingerprint,
        stream: decided.stream,
        version: decided.version,
        events: decided.eventIds.length,
        answer: answerOf(unwritten(decided)),
      };
      return Buffer.from(JSON.stringify(note));
    },
  };
}

function unwritten<R>(decided: DecidedOutcome<R>) {
  const { eventIds, version, rejection } = decided;
  const common = { eventIds, version, position: undefined, recordedAt: undefined };
  return rejection === undefined
    ? { kind: 'accepted' as const, ...common }
    : { kind: 'rejected' as const, rejection, ...common };
}

/**
 * The answer that is kept under a key, with position and time as the log has them. Throws a Refusal when
 * the key was used for another request.
 */
export async function recall<Answer>(
  held: HeldClaim,
  fingerprint: string,
  log: Pick<EventLog, 'readStream'>,
  recordedPartOf: (answer: Answer) => Recorded,
): Promise<Answer> {
  const note = JSON.parse(Buffer.from(held.note).toString()) as Note<Answer>;
  if (note.fingerprint !== fingerprint) {
    throw keyReused();
  }
  if (note.events === 0) return note.answer;
  const [last] = await log.readStream(note.stream, { from: note.version, limit: 1 });
  if (last === undefined) throw new Error(`${note.stream} has no version ${note.version}`);
  const recorded = recordedPartOf(note.answer);
  if ('position' in recorded) recorded.position = last.position;
  if ('recordedAt' in recorded) recorded.recordedAt = formatInstant(last.recordedAt);
  return note.answer;
}
