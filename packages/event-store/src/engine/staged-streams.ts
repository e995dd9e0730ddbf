import { LRUCache } from 'lru-cache';
import type { Aggregate, SnapshotFormat } from '../kernel/aggregate.ts';
import type { DomainEvent } from '../kernel/event.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import type { Snapshot, Verdict } from '../storage/storage.ts';
import { avroCodec, type AvroCodec } from './avro-codec.ts';
import type { RawStore } from './event-store.ts';
import type { Pending } from './group-commit.ts';
import { createStreamLines } from './stream-lines.ts';

/**
 * A stream's state in memory. It is staged: it includes events that are still on their way to the disk, so
 * that the next command need not wait for the fsync of the one before. Each stands on the one before it:
 * when one is refused, those staged on it are refused with it and all decide again, and when its batch
 * fails, so do they.
 */
export interface StagedStream<State> {
  state: State;
  version: number;
  /** True when something staged has failed: nobody must decide on this state any more. */
  fallen: boolean;
  /** Resolves when a command that reads the stream's past has decided; nobody decides before. */
  turn: Promise<void> | undefined;
  snapshotVersion: number;
  /** What was staged last, unless it is durable: what is staged next stands on it. */
  last: Pending | undefined;
}

/** The states of streams, loaded when first asked for, kept while there is room. */
export interface StagedStreams<State, Event> {
  /** At once when the stream is in memory; else from the newest snapshot and the events behind it. */
  load(stream: StreamId): StagedStream<State> | Promise<StagedStream<State>>;
  /** The stream, if whoever comes now may decide at once: in memory, in nobody's turn, waited for by none. */
  free(stream: StreamId): StagedStream<State> | undefined;
  /**
   * A stream that is not in memory, taken for empty without looking. Nothing may be concluded from that but
   * what is appended at its version: if it is not empty, the storage says so, and it is loaded then.
   */
  presumedEmpty(stream: StreamId): StagedStream<State> | undefined;
  /**
   * Calls `decide` with the stream when all who asked before have decided, and it is in nobody's turn; lets
   * the next go on once the answer has resolved. Rejects when the stream can't be loaded: so it does for all
   * who wait for it then.
   */
  inOrder<Decided>(
    stream: StreamId,
    decide: (entry: StagedStream<State>) => Decided | Promise<Decided>,
  ): Promise<Decided>;
  /** The state of a stream that is in memory, if nothing is under way on it; others may have changed it. */
  peek(stream: StreamId): { readonly state: State } | undefined;
  /**
   * Takes events that are under way into the staged state, and resolves with what `conclude` makes of the
   * verdict on them, once that is known here. Rejects as the verdict does; what was refused at once changes
   * nothing here.
   */
  stage<Result>(
    stream: StreamId,
    entry: StagedStream<State>,
    events: readonly Event[],
    pending: Pending,
    conclude: (verdict: Verdict) => Result | Promise<Result>,
  ): Promise<Result>;
  /** Whether everything staged so far became durable, as soon as that is known; never rejects. */
  durable(entry: StagedStream<State>): Promise<boolean>;
  /**
   * Whether the stream stood at the version of the entry, given as it was when it was looked at, at some
   * moment since then. Other processes may have changed the stream, which nobody notices who adds nothing
   * to it: an entry that they have left behind is forgotten.
   */
  stood(stream: StreamId, entry: StagedStream<State>, version: number): Promise<boolean>;
  /** The version, if what it was staged with last became durable, and else that at which the stream is. */
  durableVersion(stream: StreamId, version: number, last: Pending | undefined): Promise<number>;
  /** The first events of a stream, up to a version. */
  history(stream: StreamId, upTo: number): Promise<readonly Event[]>;
}

export interface StagedStreamsOptions {
  /** Streams whose state is kept in memory, the least recently used going first. */
  readonly cachedStreamsMax?: number | undefined;
  /** A snapshot is taken whenever a stream has grown by this many events since the last. */
  readonly snapshotEvery?: number | undefined;
}

type Foldable<State, Event extends DomainEvent, Packed> = Pick<
  Aggregate<never, State, Event, unknown, Packed>,
  'initial' | 'evolve' | 'snapshot'
>;

export function createStagedStreams<State, Event extends DomainEvent, Packed>(
  store: RawStore,
  aggregate: Foldable<State, Event, Packed>,
  { cachedStreamsMax = 50_000, snapshotEvery = 500 }: StagedStreamsOptions,
): StagedStreams<State, Event> {
  const { storage } = store;
  const snapshots = aggregate.snapshot && snapshotCodec(aggregate.snapshot);
  const cached =
    cachedStreamsMax > 0
      ? new LRUCache<StreamId, StagedStream<State>>({ max: cachedStreamsMax })
      : undefined;
  // Who needs the past of a stream once will need it again: what is new since is then all there is to read.
  const histories = new LRUCache<StreamId, readonly Event[]>({
    maxSize: rememberedEventsMax,
    sizeCalculation: ({ length }) => length || 1,
  });
  const loading = new Map<StreamId, Promise<StagedStream<State>>>();

  const read = async (stream: StreamId): Promise<StagedStream<State>> => {
    const snapshot = snapshots && (await storage.loadSnapshot(stream, snapshots.format));
    const kept = snapshots && snapshot && snapshots.decode(snapshot);
    const beginning = kept ?? { state: aggregate.initial, version: 0 };
    let { state, version } = beginning;
    for (;;) {
      const records = await storage.readStream(stream, version + 1, pageSize);
      for (const record of records) {
        state = aggregate.evolve(state, store.fact(record) as Event);
        version = record.version;
      }
      if (records.length < pageSize) break;
    }
    return keep(stream, { state, version }, beginning.version);
  };

  const keep = (
    stream: StreamId,
    { state, version }: Pick<StagedStream<State>, 'state' | 'version'>,
    snapshotVersion: number,
  ): StagedStream<State> => {
    const entry: StagedStream<State> = {
      state,
      version,
      fallen: false,
      turn: undefined,
      snapshotVersion,
      last: undefined,
    };
    // Evicting a stream whose events are still under way is safe: whoever loads it too early decides on an
    // old version, and the storage says so.
    cached?.set(stream, entry);
    return entry;
  };

  const fell = (stream: StreamId, entry: StagedStream<State>): void => {
    entry.fallen = true;
    if (cached?.peek(stream) === entry) cached.delete(stream);
  };

  const load = (stream: StreamId): StagedStream<State> | Promise<StagedStream<State>> => {
    const known = cached?.get(stream);
    if (known !== undefined) return known;
    const underWay = loading.get(stream);
    if (underWay !== undefined) return underWay;
    const begun = read(stream).finally(() => loading.delete(stream));
    loading.set(stream, begun);
    return begun;
  };

  // Whatever is staged stands on what was staged before, so that the last of it speaks for all.
  const durable = async ({ fallen, last }: StagedStream<State>): Promise<boolean> =>
    !fallen && (last === undefined || (await becameDurable(last)));

  const lines = createStreamLines(load);

  const takeSnapshot = async (stream: StreamId, entry: StagedStream<State>): Promise<void> => {
    entry.snapshotVersion = entry.version;
    const { version, state } = entry;
    if (snapshots === undefined || !(await durable(entry))) return;
    const bytes = snapshots.encode(state);
    await storage.saveSnapshot(stream, { version, format: snapshots.format, bytes });
  };

  return {
    load,
    free: (stream) => {
      if (!lines.isEmpty(stream)) return undefined;
      const entry = cached?.get(stream);
      return entry?.turn === undefined ? entry : undefined;
    },
    presumedEmpty: (stream) =>
      cached === undefined || cached.has(stream) || loading.has(stream) || !lines.isEmpty(stream)
        ? undefined
        : keep(stream, { state: aggregate.initial, version: 0 }, 0),
    inOrder: lines.inOrder,
    peek: (stream) => {
      const entry = cached?.peek(stream);
      return entry === undefined || entry.last !== undefined ? undefined : entry;
    },
    durable,
    stage: (stream, entry, events, pending, conclude) => {
      // It never was under way: nobody who comes behind it may stand on it.
      if (pending.refusedAtOnce) return pending.verdict.then(conclude);
      for (const event of events) entry.state = aggregate.evolve(entry.state, event);
      entry.version += events.length;
      entry.last = pending;
      if (snapshots !== undefined && entry.version - entry.snapshotVersion >= snapshotEvery) {
        // A snapshot that could not be kept costs the next load some time, and nothing else.
        takeSnapshot(stream, entry).catch(() => undefined);
      }
      return pending.verdict.then(
        (verdict) => {
          if (verdict.kind !== 'appended') fell(stream, entry);
          // What is durable needs no asking; it would only keep its records in memory.
          else if (entry.last === pending) entry.last = undefined;
          return conclude(verdict);
        },
        (failure: unknown) => {
          fell(stream, entry);
          throw failure;
        },
      );
    },
    stood: async (stream, entry, version) => {
      if (!(await durable(entry))) return false;
      const now = await storage.streamVersion(stream);
      if (now === version) return true;
      // What was staged here since was appended at this very version, so the stream stood at it then.
      if (now > version && now <= entry.version && (await durable(entry))) return true;
      fell(stream, entry);
      return false;
    },
    durableVersion: async (stream, version, last) =>
      last === undefined || (await becameDurable(last)) ? version : storage.streamVersion(stream),
    history: async (stream, upTo) => {
      const known = histories.get(stream) ?? [];
      const events = known.length > upTo ? known.slice(0, upTo) : [...known];
      while (events.length < upTo) {
        const limit = Math.min(pageSize, upTo - events.length);
        const records = await storage.readStream(stream, events.length + 1, limit);
        if (records.length === 0) break;
        for (const record of records) events.push(store.fact(record) as Event);
      }
      if (events.length > known.length) histories.set(stream, events);
      return events;
    },
  };
}

async function becameDurable({ verdict }: Pending): Promise<boolean> {
  try {
    return (await verdict).kind === 'appended';
  } catch {
    return false;
  }
}

/** Lets nobody else decide on the stream, in this process, until the function answered is called. */
export function takeTurn(entry: StagedStream<unknown>): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  entry.turn = promise;
  return () => {
    entry.turn = undefined;
    resolve();
  };
}

const pageSize = 1_000;
/** Of all histories together: some tens of megabytes. */
const rememberedEventsMax = 200_000;

interface SnapshotCodec<State> {
  readonly format: string;
  encode(state: State): Uint8Array;
  /** Undefined when it is damaged: the events tell the same, only slower. */
  decode(snapshot: Snapshot): Pick<StagedStream<State>, 'state' | 'version'> | undefined;
}

function snapshotCodec<State, Packed>(format: SnapshotFormat<State, Packed>): SnapshotCodec<State> {
  const codec: AvroCodec = avroCodec(format.field.avro);
  return {
    format: format.format,
    encode: (state) => codec.encode(format.pack(state)),
    decode: ({ version, bytes }) => {
      try {
        return { state: format.unpack(codec.decode(bytes) as Packed), version };
      } catch {
        return undefined;
      }
    },
  };
}
