import type { Aggregate } from '../kernel/aggregate.ts';
import type { Decision } from '../kernel/decider.ts';
import type { DomainEvent } from '../kernel/event.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import {
  alreadyHandled,
  resultOf,
  type CommandResult,
  type DecidedOutcome,
} from './command-result.ts';
import { eventIdOf } from './envelope.ts';
import type { EventStore } from './event-store.ts';
import { triedAgain, claimsFor, handledBefore, type HandleOptions } from './handle-options.ts';
import {
  createStagedStreams,
  takeTurn,
  type StagedStream,
  type StagedStreams,
  type StagedStreamsOptions,
} from './staged-streams.ts';

/** The one write path: load, decide, append at the version decided on, decide again on a conflict. */
export interface CommandHandler<Command, State, Rejection> {
  /**
   * Resolves once the outcome is durable. Commands on one stream are decided in the order of the calls,
   * except those that must be decided again because others changed the stream. Rejects with a StoreOverloaded, a StorageFailure, or a
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

/** Other writers changed the stream again and again between reading and writing. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError';
}

export interface CommandHandlerOptions extends StagedStreamsOptions {
  /** How often a command is decided before giving up on a contended stream. */
  readonly attemptsMax?: number | undefined;
}

export function createCommandHandler<Command, State, Event extends DomainEvent, Rejection, Packed>(
  store: EventStore,
  aggregate: Aggregate<Command, State, Event, Rejection, Packed>,
  options: CommandHandlerOptions = {},
  streams: StagedStreams<State, Event> = createStagedStreams(store.raw, aggregate, options),
): CommandHandler<Command, State, Rejection> {
  const { attemptsMax = 20 } = options;
  const { raw } = store;

  /** The decision, or undefined when the stream moved on while its history was read. */
  const decideWithHistory = async (
    stream: StreamId,
    entry: StagedStream<State>,
    command: Command,
  ): Promise<Decision<Event, Rejection> | undefined> => {
    const { version } = entry;
    if (aggregate.history === undefined || !(await streams.durable(entry))) return undefined;
    const past = await streams.history(stream, version);
    if (entry.version !== version || entry.fallen) return undefined;
    return aggregate.decide(aggregate.history.supply(command, past), entry.state);
  };

  /** Appends what was decided, at once, and resolves when that is durable: undefined after a conflict. */
  const append = (
    stream: StreamId,
    entry: StagedStream<State>,
    { events, rejection }: Decision<Event, Rejection>,
    { cause, once }: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const { version, last } = entry;
    const records = events.map((event, index) =>
      raw.encode(event, cause, { stream, version: version + 1 + index }),
    );
    const outcome: DecidedOutcome<Rejection> = {
      eventIds: records.map(({ body }) => eventIdOf(body)),
      stream,
      version: version + records.length,
      rejection,
    };
    const commit = {
      appends: [{ stream, expected: version, records }],
      claims: once && claimsFor(outcome, once),
    };
    return streams.stage(stream, entry, events, raw.append(commit, last), (verdict) => {
      switch (verdict.kind) {
        case 'appended':
          return resultOf(outcome, verdict);
        case 'claimed':
          return alreadyHandled(streams.durableVersion(stream, version, last), verdict);
        case 'conflict':
          return undefined;
      }
    });
  };

  /** The outcome, when the stream is not at the version that the command expects. */
  const mismatch = async (
    stream: StreamId,
    entry: StagedStream<State>,
    expected: number,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const { version } = entry;
    if (!(await streams.stood(stream, entry, version))) return undefined;
    // A command that has taken effect may itself have moved the stream on from the version it expects.
    const before = await handledBefore(store, handleOptions.once ?? [], version);
    return before ?? { kind: 'version-mismatch', expected, actual: version };
  };

  /** The outcome, when nothing is appended: nothing else would tell that what was decided on does not hold. */
  const unappended = async (
    stream: StreamId,
    entry: StagedStream<State>,
    rejection: Rejection | undefined,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const { version } = entry;
    return (await streams.stood(stream, entry, version))
      ? resultOf({ eventIds: [], version, rejection }, undefined)
      : undefined;
  };

  const conclude = (
    stream: StreamId,
    entry: StagedStream<State>,
    decision: Decision<Event, Rejection>,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> =>
    decision.events.length === 0 && handleOptions.once === undefined
      ? unappended(stream, entry, decision.rejection)
      : append(stream, entry, decision, handleOptions);

  const attemptWithHistory = async (
    stream: StreamId,
    entry: StagedStream<State>,
    command: Command,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const { version } = entry;
    let concluded: Promise<CommandResult<Rejection> | undefined>;
    // Reading the past takes a while, in which newer commands would overtake this one again and again.
    const endTurn = takeTurn(entry);
    try {
      const decision = await decideWithHistory(stream, entry, command);
      if (decision === undefined || entry.version !== version || entry.fallen) return undefined;
      // Appended before this returns to the event loop, and so before the turn ends; the rest may wait.
      concluded = conclude(stream, entry, decision, handleOptions);
    } finally {
      endTurn();
    }
    return concluded;
  };

  /**
   * One try; undefined means that what it stood on fell, and it must be decided anew. A stream that is free
   * is decided on at once: a function that waits for nothing costs a fraction of one that may.
   */
  const attempt = (
    stream: StreamId,
    command: Command,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const entry = streams.free(stream);
    return entry === undefined
      ? attemptInOrder(stream, command, handleOptions)
      : attemptOn(stream, entry, command, handleOptions);
  };

  const attemptInOrder = async (
    stream: StreamId,
    command: Command,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    // The next in line need only wait until this is decided, not until it is durable.
    const { concluded } = await streams.inOrder(stream, (entry) => ({
      concluded: attemptOn(stream, entry, command, handleOptions),
    }));
    return concluded;
  };

  const attemptOn = (
    stream: StreamId,
    entry: StagedStream<State>,
    command: Command,
    handleOptions: HandleOptions<Rejection>,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const { expectedVersion } = handleOptions;
    if (expectedVersion !== undefined && expectedVersion !== entry.version) {
      return mismatch(stream, entry, expectedVersion, handleOptions);
    }
    return aggregate.history?.neededFor(command, entry.state) === true
      ? attemptWithHistory(stream, entry, command, handleOptions)
      : conclude(stream, entry, aggregate.decide(command, entry.state), handleOptions);
  };

  return {
    handle: async (stream, command, handleOptions) => {
      const first = await attempt(stream, command, handleOptions);
      if (first !== undefined) return first;
      const result = await triedAgain(store, stream, handleOptions.once, attemptsMax, () =>
        attempt(stream, command, handleOptions),
      );
      if (result !== undefined) return result;
      throw new ContentionError(
        `${stream} was changed by others ${attemptsMax} times in a row; try again`,
      );
    },
    load: async (stream) => {
      for (;;) {
        const entry = await streams.load(stream);
        const { state, version } = entry;
        if (await streams.stood(stream, entry, version)) return { state, version };
      }
    },
  };
}
