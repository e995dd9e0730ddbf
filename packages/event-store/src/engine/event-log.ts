import type { RecordedEvent } from '../kernel/event.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Head } from '../storage/storage.ts';

/** The log as its readers see it: decoded events, old schemas already upcast. */
export interface EventLog {
  /** Events of one stream with version >= `from` (default 1), at most `limit` (default 1,000). */
  readStream(
    stream: StreamId,
    options?: { readonly from?: number; readonly limit?: number },
  ): Promise<readonly RecordedEvent[]>;

  /** Events of the whole log in order of position. */
  readAll(query: EventQuery): Promise<EventPage>;

  /** The last position and its recorded time. */
  head(): Promise<Head>;

  /** Calls the listener soon after the head moved; calls may be merged or spurious. Returns the end of it. */
  watch(listener: () => void): () => void;
}

export interface EventQuery {
  /** Only positions greater than this; 0 reads from the beginning. */
  readonly after: number;
  readonly limit: number;
  readonly types?: readonly string[] | undefined;
  /** Only events with recordedAt >= since. */
  readonly since?: Instant | undefined;
  /** Only events with recordedAt < until. */
  readonly until?: Instant | undefined;
}

export interface EventPage {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been looked at: the `after` of the next page. */
  readonly scannedTo: number;
  /** False when the page reached the head of the log, or `until`. */
  readonly more: boolean;
}
