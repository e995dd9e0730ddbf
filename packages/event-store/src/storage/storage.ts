import type { AvroSchema } from '../kernel/fields.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';

/**
 * The port to a store of events. A storage knows streams, versions, positions and bytes; it knows nothing
 * of what the bytes mean. `storage.contract.ts` is the suite that every implementation passes.
 *
 * What every implementation promises:
 * - A commit is atomic over all the streams it names; a batch is durable as a whole before `append`
 *   resolves, and each commit of it keeps its own verdict.
 * - Positions run from 1 without a gap, in the order in which batches became visible. A reader that has
 *   seen a position will never later find a smaller one that it had not seen.
 * - Recorded times never run backwards along positions.
 * - Nothing that was appended can be changed or removed through the port.
 * - When a write fails for any reason other than a verdict (disk full, connection lost), `append` rejects
 *   with a StorageFailure and none of the batch is acknowledged; whether it happened is then unknown until
 *   the log is read again, and the storage says itself whether it can go on (see StorageFailure.final).
 */
export interface EventStorage {
  /**
   * Appends a batch: the commits are judged in order, each against the streams as the accepted ones
   * before it left them, and written in one durable transaction with one recorded time, which is `at` or,
   * if that would run backwards, that of the last position. A commit may name a stream once only.
   */
  append(batch: readonly Commit[], at: Instant): Promise<readonly Verdict[]>;

  /** The records of one stream with version >= `from`, in order of version, at most `limit`. */
  readStream(stream: StreamId, from: number, limit: number): Promise<readonly StoredRecord[]>;

  /** The version of a stream: that of its last record, 0 when it has none. */
  streamVersion(stream: StreamId): Promise<number>;

  /** Records of the whole log in order of position. */
  readAll(query: LogQuery): Promise<LogPage>;

  /** The last position and its recorded time; position 0 at time 0 when the log is empty. */
  head(): Promise<Head>;

  /**
   * Calls the listener soon after the head has moved, whoever moved it (at latest within the storage's
   * polling interval). A doorbell: calls may be merged, and may come without a change. Returns the end of
   * the watch.
   */
  watch(listener: () => void): () => void;

  /**
   * Makes the schemas known and answers an id for each, in the order given: the same id for the same type
   * and version for ever. A type and version that is known already must come with the same schema, else it
   * rejects with a SchemaConflict and registers none.
   */
  registerSchemas(schemas: readonly SchemaDefinition[]): Promise<readonly number[]>;

  /** Every schema ever registered. */
  schemas(): Promise<readonly RegisteredSchema[]>;

  /** The newest snapshot of a stream in this format, or undefined. */
  loadSnapshot(stream: StreamId, format: string): Promise<Snapshot | undefined>;

  /** Keeps a snapshot, in place of an older one of the same stream. Best effort: it may be lost in a crash. */
  saveSnapshot(stream: StreamId, snapshot: Snapshot): Promise<void>;

  /** What holds a claim's key, unless it has expired at `at`. */
  findClaim(key: string, at: Instant): Promise<HeldClaim | undefined>;

  /** Held claims with `after` < position <= `upTo`, in order of position: for copying a log. */
  listClaims(after: number, upTo: number): Promise<readonly HeldClaim[]>;

  /**
   * Looks through all that is kept beside the records to find them by, such as indexes and the ends of
   * streams, for what contradicts them. It takes as long as the log. Absent where nothing is kept beside them.
   */
  findContradiction?(): Promise<Contradiction | undefined>;

  /** Finishes what was begun, then lets go of files and connections. */
  close(): Promise<void>;
}

/** What a stream's version must be for a commit: anything, 0 (`none`), or exactly the number. */
export type Expectation = 'any' | 'none' | number;

export interface Commit {
  readonly appends: readonly StreamAppend[];
  /** Let the commit through once only: see Claim. */
  readonly claims?: readonly Claim[] | undefined;
  /**
   * The place in the batch, from 0, of an earlier commit whose records this one was decided on. When that
   * is refused, this one is a conflict, even if others have brought its streams to the versions it expects.
   */
  readonly standsOn?: number | undefined;
}

export interface StreamAppend {
  readonly stream: StreamId;
  readonly expected: Expectation;
  /** Empty to check the version of a stream without adding to it. */
  readonly records: readonly NewRecord[];
}

export interface NewRecord {
  /** An id that `registerSchemas` gave. */
  readonly schema: number;
  readonly body: Uint8Array;
}

/**
 * A key that one commit may take, with a note for whoever comes second; free again when it expires. It is
 * kept in the same transaction as the commit, which makes retries of a request exact, and uniqueness
 * beyond one stream possible.
 */
export interface Claim {
  /** 1 to 500 characters. */
  readonly key: string;
  readonly note: Uint8Array;
  /** Undefined for ever. */
  readonly expiresAt: Instant | undefined;
}

export interface HeldClaim extends Claim {
  /** The head of the log as the commit that took it left it: 0 when the log was still empty. */
  readonly position: number;
}

export type Verdict = Appended | Conflict | Claimed;

export interface Appended {
  readonly kind: 'appended';
  /** Position of the commit's first record; its records stand next to each other in the order given. */
  readonly firstPosition: number;
  /** How many records the commit added, over all its streams. */
  readonly count: number;
  /** The version of each stream after the commit, in the order of `appends`. */
  readonly versions: readonly number[];
  readonly recordedAt: Instant;
}

/**
 * Nothing was written: a stream was not at the version expected. The first such stream is named; the first
 * of all, at whatever version, when what the commit stands on was refused.
 */
export interface Conflict {
  readonly kind: 'conflict';
  readonly stream: StreamId;
  readonly expected: Expectation;
  readonly actual: number;
}

/** Nothing was written: a claim's key is taken (checked before any stream). The first such is given. */
export interface Claimed {
  readonly kind: 'claimed';
  readonly held: HeldClaim;
}

export interface StoredRecord {
  readonly position: number;
  readonly stream: StreamId;
  readonly version: number;
  readonly schema: number;
  readonly recordedAt: Instant;
  readonly body: Uint8Array;
}

export interface LogQuery {
  /** Only positions greater than this; 0 reads from the beginning. */
  readonly after: number;
  /** At most this many records. */
  readonly limit: number;
  /** Only records with one of these schema ids. */
  readonly schemas?: readonly number[] | undefined;
  /** Only records with recordedAt >= since. */
  readonly since?: Instant | undefined;
  /** Only records with recordedAt < until. */
  readonly until?: Instant | undefined;
}

export interface LogPage {
  readonly records: readonly StoredRecord[];
  /**
   * Everything up to this position has been looked at: the `after` of the next page, and what a
   * subscription may remember as seen. Equal to the query's `after` when there was nothing beyond it.
   */
  readonly scannedTo: number;
  /** False when the page reached the head of the log (or `until`) as it stood when read. */
  readonly more: boolean;
}

export interface Head {
  readonly position: number;
  readonly recordedAt: Instant;
}

export interface Contradiction {
  /** Of the first record that it concerns; undefined when it can't be told. */
  readonly position: number | undefined;
  readonly what: string;
}

export interface SchemaDefinition {
  readonly type: string;
  readonly version: number;
  readonly avro: AvroSchema;
}

export interface RegisteredSchema extends SchemaDefinition {
  readonly id: number;
}

export interface Snapshot {
  /** The version of the stream that the state includes. */
  readonly version: number;
  /** Names the shape of the bytes; a snapshot in another format is not found. */
  readonly format: string;
  readonly bytes: Uint8Array;
}

/**
 * A write or read failed for a reason outside the caller's power. `final` means that this storage writes
 * no more (after a failed fsync the state of the disk is unknown): close it, and open it anew, which
 * recovers from what is on disk. Otherwise the same call may succeed later.
 */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly final: boolean;

  constructor(message: string, options: { readonly final: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.final = options.final;
  }
}

/** A type and version was registered before with another schema. */
export class SchemaConflict extends Error {
  override readonly name = 'SchemaConflict';
}
