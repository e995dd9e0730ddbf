import type { DomainEvent, EventType, RecordedEvent } from '../kernel/event.ts';
import type { EventId, RandomBytes, StreamId } from '../kernel/identifiers.ts';
import type { Clock, Instant } from '../kernel/instant.ts';
import type {
  Claim,
  Claimed,
  Commit,
  Conflict,
  EventStorage,
  Expectation,
  HeldClaim,
  StoredRecord,
} from '../storage/storage.ts';
import type { StreamPlace } from './avro-codec.ts';
import { eventIdWriter, eventIdOf, type Cause } from './envelope.ts';
import { decodeEvent, decodeFact } from './event-decoder.ts';
import { eventEncoder, type EventEncoder } from './event-encoder.ts';
import type { EventLog } from './event-log.ts';
import { createGroupCommit, type GroupCommitOptions, type Pending } from './group-commit.ts';
import { openSchemaRegistry } from './schema-registry.ts';

/** A log of events in a storage, with what is needed to write and read it. */
export interface EventStore extends EventLog {
  /**
   * Appends events to one stream or several, all or nothing, and resolves once they are durable. A
   * conflict or a taken claim is a value; rejects with a SchemaMismatch or an UnknownEventType before
   * anything is written, a StoreOverloaded, or a StorageFailure. Events with sensitive fields need an exact
   * expectation (TypeError).
   */
  append(commit: EventCommit): Promise<AppendResult>;

  /** What holds a claim's key, unless it has expired. */
  findClaim(key: string): Promise<HeldClaim | undefined>;

  /** For the engine's own parts: encoded events in, verdicts out. */
  readonly raw: RawStore;

  /** Waits for what is under way, then closes the storage. */
  close(): Promise<void>;
}

export interface EventCommit {
  readonly appends: readonly EventAppend[];
  readonly cause: Cause;
  readonly claims?: readonly Claim[] | undefined;
}

export interface EventAppend {
  readonly stream: StreamId;
  readonly expected: Expectation;
  readonly events: readonly DomainEvent[];
}

export type AppendResult = EventsAppended | Conflict | Claimed;

export interface EventsAppended {
  readonly kind: 'appended';
  /** Ids of the events, in the order in which they were given. */
  readonly eventIds: readonly EventId[];
  /** The version of each stream afterwards, in the order of `appends`. */
  readonly versions: readonly number[];
  /** Position of the last event. */
  readonly position: number;
  readonly recordedAt: Instant;
}

/** The store below the events: for command handlers and replays, which have no use for whole envelopes. */
export interface RawStore {
  readonly storage: EventStorage;
  readonly encode: EventEncoder;
  fact(record: StoredRecord): { readonly type: string; readonly data: unknown };
  event(record: StoredRecord): RecordedEvent;
  schemaIds(types: readonly string[]): readonly number[];
  append(commit: Commit, standsOn?: Pending): Pending;
}

export interface EventStoreOptions {
  readonly storage: EventStorage;
  /** Every event type of the log, with all its versions. */
  readonly eventTypes: readonly EventType[];
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly groupCommit?: GroupCommitOptions | undefined;
}

/**
 * Opens the log: registers the schemas, and refuses to go on when they can't read what is in it
 * (BreakingSchemaChange, SchemaConflict).
 */
export async function openEventStore(options: EventStoreOptions): Promise<EventStore> {
  const { storage, eventTypes, clock, randomBytes } = options;
  const registry = await openSchemaRegistry(storage, eventTypes);
  const encode = eventEncoder(registry, eventIdWriter(clock, randomBytes));
  const groupCommit = createGroupCommit(storage, clock, options.groupCommit);
  return {
    append: async ({ appends, cause, claims }) => {
      const encoded = appends.map(({ stream, expected, events }) => ({
        stream,
        expected,
        records: events.map((event, index) =>
          encode(event, cause, placeOf(stream, expected, index)),
        ),
      }));
      const verdict = await groupCommit.append({ appends: encoded, claims }).verdict;
      if (verdict.kind !== 'appended') return verdict;
      return {
        kind: 'appended',
        eventIds: encoded.flatMap(({ records }) => records.map(({ body }) => eventIdOf(body))),
        versions: verdict.versions,
        position: verdict.firstPosition + verdict.count - 1,
        recordedAt: verdict.recordedAt,
      };
    },
    findClaim: (key) => storage.findClaim(key, clock()),
    readStream: async (stream, { from = 1, limit = 1_000 } = {}) => {
      const records = await storage.readStream(stream, from, limit);
      return records.map((record) => decodeEvent(registry, record));
    },
    readAll: async ({ after, limit, types, since, until }) => {
      const schemas = types && registry.schemaIds(types);
      const page = await storage.readAll({ after, limit, schemas, since, until });
      return {
        events: page.records.map((record) => decodeEvent(registry, record)),
        scannedTo: page.scannedTo,
        more: page.more,
      };
    },
    head: () => storage.head(),
    watch: (listener) => storage.watch(listener),
    raw: {
      storage,
      encode,
      fact: (record) => decodeFact(registry, record),
      event: (record) => decodeEvent(registry, record),
      schemaIds: registry.schemaIds,
      append: groupCommit.append,
    },
    close: async () => {
      await groupCommit.drain();
      await storage.close();
    },
  };
}

/** Where an event will stand; undefined when nobody can know. */
function placeOf(stream: StreamId, expected: Expectation, index: number): StreamPlace | undefined {
  if (expected === 'any') return undefined;
  return { stream, version: (expected === 'none' ? 0 : expected) + 1 + index };
}
