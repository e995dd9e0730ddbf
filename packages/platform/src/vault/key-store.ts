import type { StreamId } from '@counterfoil/event-store';

/**
 * The port to the store of data keys, which it holds only wrapped, and of what is known of the keys that wrap
 * them. `key-store.contract.ts` is the suite that every implementation passes. What a call did is durable when
 * it resolves. An erased subject stays in the store, without its key, for ever: no call brings a key back.
 */
export interface KeyStore {
  /** The oldest first. */
  wrappingKeys(): Promise<readonly WrappingKey[]>;

  /**
   * Takes a wrapping key in as the current one and retires the one before it. False, and nothing done, when
   * another than `replacing` is current: somebody else was faster. Undefined replaces none.
   */
  addWrappingKey(key: NewWrappingKey, replacing: string | undefined): Promise<boolean>;

  /** Removes a retired wrapping key. Rejects while a data key is wrapped under it. */
  removeWrappingKey(id: string): Promise<void>;

  /**
   * Keeps the keys of subjects that have none, all under the current wrapping key; answers what the store
   * holds of each subject then, in the order given. Undefined, and nothing done, when that key is not current.
   * A subject is named once.
   */
  add(keys: readonly WrappedKey[], under: string): Promise<readonly StoredSubject[] | undefined>;

  /** What the store holds of these subjects. */
  find(subjects: readonly StreamId[]): Promise<ReadonlyMap<StreamId, StoredSubject>>;

  /**
   * Notes that a subject's key will seal so many times more, and answers how often it has been allowed to in
   * all: 0 when the subject has none.
   */
  reserve(subject: StreamId, uses: number): Promise<number>;

  /** Destroys the key of a subject, if it has one, and remembers that it is erased. */
  erase(subject: StreamId, at: number): Promise<void>;

  /** Subjects behind one, in order of their names, at most `limit`. */
  list(after: string, limit: number): Promise<readonly StoredSubject[]>;

  /** Some of the keys that are wrapped under this one, at most `limit`. */
  listUnder(wrappingKey: string, limit: number): Promise<readonly LiveSubject[]>;

  /**
   * Replaces wrapped keys by the same keys wrapped under the current one; leaves erased subjects alone. False, and
   * nothing done, when that key is not current: it may be about to be destroyed.
   */
  rewrap(keys: readonly WrappedKey[], under: string): Promise<boolean>;

  /**
   * Lets one process at a time replace the wrapping key: true when that is for this holder to do up to the moment
   * `until`, false while it is for another. A holder may ask again before his time is over. In milliseconds since
   * 1970, both.
   */
  claimRotation(holder: string, now: number, until: number): Promise<boolean>;

  /** Lets others have it, if it was this holder's. */
  releaseRotation(holder: string): Promise<void>;

  /** How many subjects have a key, and how many are erased. */
  count(): Promise<{ readonly live: number; readonly erased: number }>;

  close(): Promise<void>;
}

export interface NewWrappingKey {
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** What its provider needs to open it. */
  readonly kept: Uint8Array;
}

export interface WrappingKey extends NewWrappingKey {
  /** True once another took its place: nothing new is wrapped under it. */
  readonly retired: boolean;
}

export interface WrappedKey {
  readonly subject: StreamId;
  /** 16 bytes. */
  readonly keyId: Uint8Array;
  readonly wrapped: Uint8Array;
}

export type StoredSubject = LiveSubject | ErasedEntry;

export interface LiveSubject extends WrappedKey {
  readonly kind: 'live';
  /** The id of the wrapping key. */
  readonly under: string;
}

export interface ErasedEntry {
  readonly kind: 'erased';
  readonly subject: StreamId;
  /** In milliseconds since 1970. */
  readonly erasedAt: number;
}
