import type { Branded } from '@counterfoil/event-store';
import type { NewMessage } from '../streams/bus.ts';

/**
 * Accepted requests and what became of them. A request is accepted together with the message that asks for
 * its work: either both are durable or neither is, so that whoever was told of a request finds its outcome
 * in the end, and nothing is worked on that nobody was told of.
 */
export interface RequestStore {
  /**
   * Keeps requests as pending, each with its message, and resolves once they are durable: the messages are
   * on the bus by then, or will be as soon as it takes them, in the order of the calls. Answers for each
   * request, in order, whether it was accepted or had been before. Rejects with a RequestStoreFailure when
   * it can't be told what was kept.
   */
  accept(requests: readonly NewRequest[]): Promise<readonly Acceptance[]>;

  /**
   * Gives requests their outcomes, durably. The first outcome of a request stays: a later one, and one of
   * an unknown request, changes nothing.
   */
  settle(settlements: readonly Settlement[]): Promise<void>;

  /**
   * Notes why pending requests wait for a human. It is forgotten when they are settled, or when the cause is
   * undefined: what held them is gone.
   */
  hold(holds: readonly Hold[]): Promise<void>;

  /** The requests of the ids, in order; undefined where there is none, or none any more. */
  find(ids: readonly RequestId[]): Promise<readonly (Request | undefined)[]>;

  /**
   * Removes settled requests whose time is up, and keys whose time is up, some at a time; answers how many
   * requests went. A store that does so by itself answers 0. A pending request is never removed.
   */
  removeExpired(nowMs: number): Promise<number>;

  /** Rejects with a RequestStoreFailure when requests can't be accepted at present. */
  check(): Promise<void>;

  close(): Promise<void>;
}

/** A UUID of version 7 (RFC 9562): ids sort by the time of acceptance. */
export type RequestId = Branded<string, 'RequestId'>;

/** The time of acceptance, in milliseconds since 1970: the first 48 bits of an id. */
export function acceptedAtMsOf(id: RequestId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export interface NewRequest {
  readonly id: RequestId;
  /** In milliseconds since 1970, as in the id. */
  readonly acceptedAtMs: number;
  /** After this moment a settled request may be gone. */
  readonly expiresAtMs: number;
  readonly topic: string;
  readonly message: NewMessage;
  /** Lets one request be accepted under a key until the key's time is up. */
  readonly once?: OnceKey | undefined;
}

export interface OnceKey {
  /** At most 200 printable ASCII characters. */
  readonly key: string;
  /** Tells whether a repetition asks for the same. */
  readonly fingerprint: string;
  readonly expiresAtMs: number;
}

export type Acceptance =
  | { readonly kind: 'accepted' }
  /** The key was used before, by this request: nothing was kept now. */
  | { readonly kind: 'repeated'; readonly id: RequestId; readonly fingerprint: string };

export interface Request {
  readonly id: RequestId;
  readonly acceptedAtMs: number;
  readonly expiresAtMs: number;
  /** Undefined while it is pending. */
  readonly outcome: Outcome | undefined;
  /** Why it waits for a human; undefined when it does not. */
  readonly heldBecause: string | undefined;
}

export type Outcome = Succeeded | Failed;

interface Settled {
  readonly settledAtMs: number;
  readonly tradeIds: readonly string[];
  /** The place in the log up to which the outcome is written. */
  readonly position: number;
}

export interface Succeeded extends Settled {
  readonly status: 'SUCCESS';
}

export interface Failed extends Settled {
  readonly status: 'FAILED';
  readonly code: string;
  /** A sentence for a human. */
  readonly reason: string;
}

export interface Settlement {
  readonly id: RequestId;
  readonly outcome: Outcome;
}

export interface Hold {
  readonly id: RequestId;
  readonly because: string | undefined;
}

/** The store can't be reached, or could not keep what it was given. */
export class RequestStoreFailure extends Error {
  override readonly name = 'RequestStoreFailure';
}
