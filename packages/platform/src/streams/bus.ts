/**
 * The bus: durable messages from one part of the program to another, at least once and in order within a
 * partition. A topic has partitions; a message's key chooses its own (see `partition-of.ts`), so that
 * messages of one key stay in order. A group of subscribers shares a topic's partitions, each of which one
 * of them has at a time; every group gets every message.
 */
export interface Bus {
  /** Makes the topics that are missing. Rejects with a TopicMismatch when one has other partitions. */
  ensureTopics(topics: readonly TopicDefinition[]): Promise<void>;

  /**
   * Resolves once every message is durable. Messages of one call, and of calls that follow each other, keep
   * their order within a partition. Rejects with an UnknownTopic, or with a BusFailure when it can't be told
   * whether they were taken: then they may be published again, as consumers drop what they have seen.
   */
  publish(topic: string, messages: readonly NewMessage[]): Promise<void>;

  /** Joins a group, which begins at the first message that is kept if it is new. */
  subscribe(subscription: Subscription): Promise<Subscriber>;

  /** Messages of one partition with offset >= `from`, in order, at most `limit`; no group is concerned. */
  read(
    topic: string,
    partition: number,
    query: { readonly from: number; readonly limit: number },
  ): Promise<readonly Message[]>;

  /** How far a group has come in each partition of a topic. */
  progress(topic: string, group: string): Promise<readonly PartitionProgress[]>;

  /** Ends every subscriber after the batch at hand, and waits for what is being published. */
  close(): Promise<void>;
}

export interface TopicDefinition {
  readonly name: string;
  /** At least one; for ever. */
  readonly partitions: number;
}

export interface NewMessage {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Message {
  readonly topic: string;
  readonly partition: number;
  /** Its place in the partition: ascending, perhaps with gaps. */
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Subscription {
  readonly topic: string;
  readonly group: string;
  /** Most messages handed over at once. */
  readonly batchSizeMax: number;
  /**
   * Takes a batch: of each partition in it, the messages that follow what was taken before. Once it resolves
   * they count as taken, and are not handed over again unless the program ends before that is kept. When it
   * rejects, the same messages come again after a pause, and nothing behind them comes before.
   */
  handle(batch: readonly Message[]): Promise<void>;
  /** Called when `handle` has rejected, and when the bus itself can't be reached: both are tried again. */
  readonly onFailure?: ((failure: unknown) => void) | undefined;
}

export interface Subscriber {
  /** Leaves the group after the batch at hand; what others of the group then get begins behind it. */
  close(): Promise<void>;
}

export interface PartitionProgress {
  readonly partition: number;
  /** The offset that the next message of the partition will have. */
  readonly end: number;
  /** The offset from which on the group has not taken messages yet; at most `end`. */
  readonly next: number;
}

/** A topic was never made: publish to one that `ensureTopics` has made. */
export class UnknownTopic extends Error {
  override readonly name = 'UnknownTopic';
}

/** A topic exists with another number of partitions, on which the order of its keys rests. */
export class TopicMismatch extends Error {
  override readonly name = 'TopicMismatch';
}

/** The bus can't be reached, or could not keep what it was given. */
export class BusFailure extends Error {
  override readonly name = 'BusFailure';
}
