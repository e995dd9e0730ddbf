/** A message as the file has it. */
export interface StoredMessage {
  readonly partition: number;
  readonly key: string;
  /** As JSON; null for none. */
  readonly headers: string | null;
  readonly value: Uint8Array;
}

/** Puts a message behind the last of its partition, in the transaction at hand. */
export type Publish = (topic: number, atMs: number, message: StoredMessage) => void;
