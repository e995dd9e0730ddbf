import type { Decider, Decision } from '../kernel/decider.ts';
import type { DomainEvent } from '../kernel/event.ts';
import type { Field } from '../kernel/fields.ts';
import type { EventId, StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Claim, Verdict } from '../storage/storage.ts';
import { avroCodec, type AvroCodec } from './avro-codec.ts';
import { formatUuid, type Cause } from './envelope.ts';
import type { EventStore } from './event-store.ts';

/** A decider, with what the engine needs to run it on streams. */
export interface Aggregate<
  Command,
  State,
  Event extends DomainEvent,
  Rejection,
  Packed = unknown,
> extends Decider<Command, State, Event, Rejection> {
  /** How states are kept in snapshots; without it every load folds the whole stream. */
  readonly snapshot?: SnapshotFormat<State, Packed> | undefined;
  /** For the few commands that can only be decided with the stream's past at hand. */
  readonly history?: HistoryNeed<Command, State, Event> | undefined;
}

export interface SnapshotFormat<State, Packed> {
  /** Change it whenever the shape or the meaning of the state changes: older snapshots then go unused. */
  readonly format: string;
  readonly field: Field<Packed>;
  pack(state: State): Packed;
  unpack(packed: Packed): State;
}

export interface HistoryNeed<Command, State, Event> {
  neededFor(command: Command, state: State): boolean;
  supply(command: Command, events: readonly Event[]): Command;
}

/** The one write path: load, decide, append at the version decided on, decide again on a conflict. */
export interface CommandHandler<Command, State, Rejection> {
  /**
   * Resolves once the outcome is durable. Rejects with a StoreOverloaded, a StorageFailure, or a
   * ContentionError when others kept changing the stream.
   */
  handle(
    stream: StreamId,
    command: Command,
    options: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection>>;

  /** The durable state of a stream and its version. */
  load(stream: StreamId): Promise<{ readonly state: State; readonly version: number }>;
}

export interface HandleOptions<Rejection> {
  readonly cause: Cause;
  /** Refuse the command unless the stream is at this version. */
  readonly expectedVersion?: number | undefined;
  /**
   * Lets the command take effect once for each key; `note` makes of the outcome what a repetition is
   * answered with. It is kept in the same transaction as the effect.
   */
  readonly once?: OnceOptions<Rejection> | undefined;
}

export interface OnceOptions<Rejection> {
  readonly key: string;
  readonly expiresAt: Instant;
  note(outcome: DecidedOutcome<Rejection>): Uint8Array;
}

/** An outcome as far as it is known before it is written: everything but position and time. */
export interface DecidedOutcome<Rejection> {
  readonly eventIds: readonly EventId[];
  readonly stream: StreamId;
  /** The stream's version with these events. */
  readonly version: number;
  readonly rejection: Rejection | undefined;
}

export type CommandResult<Rejection> =
  | CommandAccepted
  | CommandRejected<Rejection>
  | VersionMismatch
  | AlreadyHandled;

export interface CommandAccepted {
  readonly kind: 'accepted';
  /** Empty when things were already so. */
  readonly eventIds: readonly EventId[];
  /** The stream's version afterwards. */
  readonly version: number;
  /** Position of the command's last event; undefined when it made none. */
  readonly position: number | undefined;
  readonly recordedAt: Instant | undefined;
}

export interface CommandRejected<Rejection> extends Omit<CommandAccepted, 'kind'> {
  readonly kind: 'rejected';
  readonly rejection: Rejection;
}

export interface VersionMismatch {
  readonly kind: 'version-mismatch';
  readonly expected: number;
  readonly actual: number;
}

/** The key of `once` was taken before: nothing was done now. */
export interface AlreadyHandled {
  readonly kind: 'already-handled';
  readonly note: Uint8Array;
}

/** Other writers changed the stream again and again between reading and writing. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError';
}

export interface CommandHandlerOptions {
  /** Streams whose state is kept in memory, the least recently used going first. */
  readonly cachedStreamsMax?: number | undefined;
  /** A snapshot is taken whenever a stream has grown by this many events since the last. */
  readonly snapshotEvery?: number | undefined;
  /** How often a command is decided before giving up on a contended stream. */
  readonly attemptsMax?: number | undefined;
}

/**
 * A stream's state in memory. It is staged: it includes events that are still on their way to the disk, so
 * that the next command need not wait for the fsync of the one before. Each is appended at the exact
 * version it was decided on, so when one fails, those staged on it fail with it, and all decide again.
 */
interface StagedStream<State> {
  state: State;
  version: number;
  /** Settles (never rejects) with whether everything staged so far became durable. */
  durable: Promise<boolean>;
  /** True when something staged has failed: nobody must decide on this state any more. */
  fallen: boolean;
  snapshotVersion: number;
}

export function createCommandHandler<Command, State, Event extends DomainEvent, Rejection, Packed>(
  store: EventStore,
  aggregate: Aggregate<Command, State, Event, Rejection, Packed>,
  options: CommandHandlerOptions = {},
): CommandHandler<Command, State, Rejection> {
  const { cachedStreamsMax = 50_000, snapshotEvery = 500, attemptsMax = 20 } = options;
  const { raw } = store;
  const snapshots = aggregate.snapshot && snapshotCodec(aggregate.snapshot);
  const staged = new Map<StreamId, StagedStream<State>>();
  const loading = new Map<StreamId, Promise<StagedStream<State>>>();

  const load = (stream: StreamId): StagedStream<State> | Promise<StagedStream<State>> => {
    const known = staged.get(stream);
    if (known !== undefined) {
      // Map keeps insertion order: taking out and putting in again marks it as used last.
      staged.delete(stream);
      staged.set(stream, known);
      return known;
    }
    const underWay = loading.get(stream);
    if (underWay !== undefined) return underWay;
    const begun = read(stream).finally(() => loading.delete(stream));
    loading.set(stream, begun);
    return begun;
  };

  const read = async (stream: StreamId): Promise<StagedStream<State>> => {
    const snapshot = snapshots && (await raw.storage.loadSnapshot(stream, snapshots.format));
    let state = snapshots && snapshot ? snapshots.decode(snapshot.bytes) : aggregate.initial;
    let version = snapshot?.version ?? 0;
    for (;;) {
      const records = await raw.storage.readStream(stream, version + 1, pageSize);
      for (const record of records) {
        state = aggregate.evolve(state, raw.fact(record) as Event);
        version = record.version;
      }
      if (records.length < pageSize) break;
    }
    const entry: StagedStream<State> = {
      state,
      version,
      durable: Promise.resolve(true),
      fallen: false,
      snapshotVersion: snapshot?.version ?? 0,
    };
    staged.set(stream, entry);
    evictOldest();
    return entry;
  };

  const evictOldest = (): void => {
    for (const stream of staged.keys()) {
      if (staged.size <= cachedStreamsMax) return;
      staged.delete(stream);
    }
  };

  const fell = (stream: StreamId, entry: StagedStream<State>): void => {
    entry.fallen = true;
    if (staged.get(stream) === entry) staged.delete(stream);
  };

  const readHistory = async (stream: StreamId, upTo: number): Promise<Event[]> => {
    const events: Event[] = [];
    while (events.length < upTo) {
      const limit = Math.min(pageSize, upTo - events.length);
      const records = await raw.storage.readStream(stream, events.length + 1, limit);
      if (records.length === 0) break;
      for (const record of records) events.push(raw.fact(record) as Event);
    }
    return events;
  };

  /** The decision, or undefined when the stream moved on while its history was read. */
  const decide = async (
    stream: StreamId,
    entry: StagedStream<State>,
    command: Command,
  ): Promise<Decision<Event, Rejection> | undefined> => {
    const { history } = aggregate;
    if (history === undefined) return undefined;
    const version = entry.version;
    if (!(await entry.durable)) return undefined;
    const past = await readHistory(stream, version);
    if (entry.version !== version || entry.fallen) return undefined;
    return aggregate.decide(history.supply(command, past), entry.state);
  };

  const stage = (
    stream: StreamId,
    entry: StagedStream<State>,
    decision: Decision<Event, Rejection>,
    { cause, once }: HandleOptions<Rejection>,
  ): { readonly outcome: DecidedOutcome<Rejection>; readonly verdict: Promise<Verdict> } => {
    const records = decision.events.map((event) => raw.encode(event, cause));
    const outcome: DecidedOutcome<Rejection> = {
      eventIds: records.map(({ id }) => formatUuid(id, 0) as EventId),
      stream,
      version: entry.version + records.length,
      rejection: decision.rejection,
    };
    const claim = once && claimFor(once, outcome);
    const verdict = raw.append({ appends: [{ stream, expected: entry.version, records }], claim });
    for (const event of decision.events) entry.state = aggregate.evolve(entry.state, event);
    entry.version = outcome.version;
    const before = entry.durable;
    entry.durable = verdict.then(
      async ({ kind }) => {
        if (kind !== 'appended') fell(stream, entry);
        return (await before) && kind === 'appended';
      },
      () => {
        fell(stream, entry);
        return false;
      },
    );
    return { outcome, verdict };
  };

  const takeSnapshot = (
    stream: StreamId,
    entry: StagedStream<State>,
    verdict: Promise<Verdict>,
  ): void => {
    if (snapshots === undefined || entry.version - entry.snapshotVersion < snapshotEvery) return;
    entry.snapshotVersion = entry.version;
    const { version, state } = entry;
    const save = async (): Promise<void> => {
      const { kind } = await verdict;
      if (kind !== 'appended') return;
      const bytes = snapshots.encode(state);
      await raw.storage.saveSnapshot(stream, { version, format: snapshots.format, bytes });
    };
    // A snapshot that could not be kept costs the next load some time, and nothing else.
    save().catch(() => undefined);
  };

  const attempt = async (
    stream: StreamId,
    command: Command,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const loaded = load(stream);
    const entry = loaded instanceof Promise ? await loaded : loaded;
    if (entry.fallen) return undefined;
    const { expectedVersion, once } = handleOptions;
    if (expectedVersion !== undefined && expectedVersion !== entry.version) {
      const actual = entry.version;
      return (await entry.durable)
        ? { kind: 'version-mismatch', expected: expectedVersion, actual }
        : undefined;
    }
    const decision = aggregate.history?.neededFor(command, entry.state)
      ? await decide(stream, entry, command)
      : aggregate.decide(command, entry.state);
    if (decision === undefined) return undefined;
    if (decision.events.length === 0 && once === undefined) {
      const { version } = entry;
      // The answer stands on staged events: it holds only when they do.
      return (await entry.durable)
        ? resultOf(decision.rejection, [], version, undefined)
        : undefined;
    }
    const { outcome, verdict } = stage(stream, entry, decision, handleOptions);
    takeSnapshot(stream, entry, verdict);
    const settled = await verdict;
    switch (settled.kind) {
      case 'appended':
        return resultOf(decision.rejection, outcome.eventIds, outcome.version, settled);
      case 'claimed':
        return { kind: 'already-handled', note: settled.note };
      case 'conflict':
        return undefined;
    }
  };

  return {
    handle: async (stream, command, handleOptions) => {
      for (let attempts = 0; attempts < attemptsMax; attempts += 1) {
        const result = await attempt(stream, command, handleOptions);
        if (result !== undefined) return result;
      }
      throw new ContentionError(
        `${stream} was changed by others ${attemptsMax} times in a row; try again`,
      );
    },
    load: async (stream) => {
      for (;;) {
        const entry = await load(stream);
        const { state, version } = entry;
        if (await entry.durable) return { state, version };
      }
    },
  };
}

const pageSize = 1_000;

function claimFor<Rejection>(
  once: OnceOptions<Rejection>,
  outcome: DecidedOutcome<Rejection>,
): Claim {
  return { key: once.key, expiresAt: once.expiresAt, note: once.note(outcome) };
}

function resultOf<Rejection>(
  rejection: Rejection | undefined,
  eventIds: readonly EventId[],
  version: number,
  verdict: Extract<Verdict, { kind: 'appended' }> | undefined,
): CommandResult<Rejection> {
  const confirmation = {
    eventIds,
    version,
    position:
      verdict === undefined || verdict.count === 0
        ? undefined
        : verdict.firstPosition + verdict.count - 1,
    recordedAt: verdict?.recordedAt,
  };
  return rejection === undefined
    ? { kind: 'accepted', ...confirmation }
    : { kind: 'rejected', rejection, ...confirmation };
}

interface SnapshotCodec<State> {
  readonly format: string;
  encode(state: State): Uint8Array;
  decode(bytes: Uint8Array): State;
}

function snapshotCodec<State, Packed>(format: SnapshotFormat<State, Packed>): SnapshotCodec<State> {
  const codec: AvroCodec = avroCodec(format.field.avro);
  return {
    format: format.format,
    encode: (state) => codec.encode(format.pack(state)),
    decode: (bytes) => format.unpack(codec.decode(bytes) as Packed),
  };
}
