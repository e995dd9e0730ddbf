import {
  ContentionError,
  StorageFailure,
  StoreOverloaded,
  type CommandResult,
  type DecidedOutcome,
  type EventStorage,
  type HandleOptions,
  type StreamId,
} from '@counterfoil/event-store';
import type { ClientCommand } from '../../packages/platform/src/domain/accounts/commands.ts';
import type { AccountId } from '../../packages/platform/src/domain/accounts/events.ts';
import type { AccountRejection } from '../../packages/platform/src/domain/accounts/rejections.ts';
import { claimingTradeId } from '../../packages/platform/src/ledger/trade-ids.ts';
import { Killed, type Process } from './process.ts';

/** What a client wants done, and all that it was told about it. */
export interface Request {
  /** Its events carry this as their correlation id; with `keyed`, the key too. */
  readonly id: string;
  readonly accountId: AccountId;
  readonly stream: StreamId;
  readonly command: ClientCommand;
  /** Sent under a key, and again until it is answered; without one it is sent once only. */
  readonly keyed: boolean;
  readonly expectedVersion: number | undefined;
  readonly answers: Answer[];
  /** How often the client was left without an answer. */
  doubts: number;
}

/** An answer, and which versions of the stream it may have been decided on. */
export interface Answer {
  readonly result: CommandResult<AccountRejection>;
  /** The durable version when the command was sent. */
  readonly versionBefore: number;
  /** The durable version when the answer came. */
  readonly versionAfter: number;
}

/** What is kept under a request's key for its repetitions. */
export interface Note {
  readonly eventIds: readonly string[];
  readonly version: number;
  readonly code: string | null;
}

export function noteOf(bytes: Uint8Array): Note {
  return JSON.parse(Buffer.from(bytes).toString()) as Note;
}

export function keyOf({ id }: Request): string {
  return `request/${id}`;
}

/** Sends a request once. False when no answer came, and what became of it is not known. */
export async function send(
  request: Request,
  { accounts, store, death }: Process,
  log: EventStorage,
): Promise<boolean> {
  const { accountId, stream, command, keyed, expectedVersion } = request;
  const versionBefore = await log.streamVersion(stream);
  const handled = async (): Promise<CommandResult<AccountRejection>> => {
    if (keyed && expectedVersion !== undefined) {
      // As the HTTP interface does: the first try may itself have moved the version on.
      const held = await store.findClaim(keyOf(request));
      if (held !== undefined) return { kind: 'already-handled', version: 0, held };
    }
    return accounts.handle(
      stream,
      command,
      claimingTradeId(accountId, command, optionsOf(request)),
    );
  };
  try {
    const result = await Promise.race([handled(), death]);
    const versionAfter = await log.streamVersion(stream);
    request.answers.push({ result, versionBefore, versionAfter });
    return true;
  } catch (failure) {
    if (!isOutage(failure)) throw failure;
    request.doubts += 1;
    return false;
  }
}

export function isOutage(failure: unknown): boolean {
  return (
    failure instanceof StorageFailure ||
    failure instanceof StoreOverloaded ||
    failure instanceof ContentionError ||
    failure instanceof Killed
  );
}

function optionsOf(request: Request): HandleOptions<AccountRejection> {
  const { id, keyed, expectedVersion } = request;
  const cause = { userId: 'client', correlationId: id };
  if (!keyed) return { cause, expectedVersion };
  return { cause, expectedVersion, once: [{ key: keyOf(request), expiresAt: undefined, note }] };
}

function note({ eventIds, version, rejection }: DecidedOutcome<AccountRejection>): Uint8Array {
  const kept: Note = { eventIds, version, code: rejection?.code ?? null };
  return Buffer.from(JSON.stringify(kept));
}
