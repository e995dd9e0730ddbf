/** A store of events, as far as the append scenario is concerned. */
export interface Appender {
  /** Appends so many events to a stream that is at the version; resolves once they are durable. */
  append(stream: number, version: number, count: number): Promise<void>;
  close(): Promise<void>;
}
