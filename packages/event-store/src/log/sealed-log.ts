import type { AvroSchema } from '../kernel/fields.ts';
import type { StoredRecord } from '../storage/storage.ts';

/**
 * The log with its proof: what the sealer has signed, and what follows from it. Formats:
 * docs/record-format.md. Everything that is handed out has been held against the signed tree; methods
 * reject with a RecordAltered where the record, or the tree, is not what was signed, and with a
 * StorageFailure when a store can't be read.
 */
export interface SealedLog {
  /** How far the log is sealed, as this process knows it: size 0 and no note before the first seal. */
  sealedUpTo(): SealedUpTo;

  /**
   * The newest checkpoint, a signed note, once it covers `minSize` entries (0 by default). Rejects with a
   * NotSealedYet when that takes longer than a few seconds, or when nothing was ever sealed.
   */
  checkpoint(minSize?: number): Promise<string>;

  /**
   * Proves that the entry at a position is in the tree of a size, that of the newest checkpoint unless
   * given. Rejects with a NotSealedYet when the position is 0 or beyond the size, or the size beyond what
   * is sealed.
   */
  proof(position: number, size?: number): Promise<EntryProof>;

  /**
   * The consistency proof of RFC 6962, section 2.1.2, between the trees of two sizes, 1 <= from <= to.
   * Rejects with a NotSealedYet for a size beyond what is sealed.
   */
  consistency(from: number, to: number): Promise<readonly Uint8Array[]>;

  /** The roots of the whole subtrees of a size, the largest first: what an export from there begins with. */
  frontier(size: number): Promise<readonly Uint8Array[]>;

  /** The entries behind a position, at most `limit`, up to where the log is sealed; fewer at the end. */
  entries(after: number, limit: number): Promise<readonly SealedEntry[]>;

  /** The keys that checkpoints were ever signed with, as verifier keys of C2SP notes; the newest first. */
  publicKeys(): readonly string[];

  /** The log's name, which is the first line of its checkpoints. */
  readonly origin: string;

  /** Signs another note with the log's newest key. The text ends with a newline. */
  signNote(text: string): Promise<string>;
}

export interface SealedUpTo {
  readonly size: number;
  /** The checkpoint; undefined before the first. */
  readonly note: string | undefined;
}

export interface SealedEntry {
  readonly record: StoredRecord;
  readonly type: string;
  readonly schemaVersion: number;
  readonly avro: AvroSchema;
  /** As docs/record-format.md has it. */
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
  /** Of the entry before; zeros for the first. */
  readonly previousHash: Uint8Array;
}

export interface EntryProof {
  readonly position: number;
  /** Of the tree. */
  readonly size: number;
  readonly leaf: Uint8Array;
  /** The inclusion proof of RFC 6962, section 2.1.1, from the leaf up. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note of the tree. */
  readonly checkpoint: string;
  /** All of it but the leaf, as a C2SP tlog-proof. */
  readonly text: string;
}

/** The record is not what was sealed: bytes were changed behind the program's back. */
export class RecordAltered extends Error {
  override readonly name = 'RecordAltered';
  /** Of the first entry that is not as it was sealed, so far as it can be told. */
  readonly position: number;

  constructor(position: number, what: string) {
    super(`entry ${position}: ${what}`);
    this.position = position;
  }
}

/** What was asked for is not sealed yet: ask again. */
export class NotSealedYet extends Error {
  override readonly name = 'NotSealedYet';
}
