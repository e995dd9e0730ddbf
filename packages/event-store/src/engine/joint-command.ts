import type { DomainEvent } from '../kernel/event.ts';
import type { StreamId } from '../kernel/identifiers.ts';
import { ContentionError } from './command-handler.ts';
import {
  alreadyHandled,
  resultOf,
  type CommandResult,
  type DecidedOutcome,
} from './command-result.ts';
import { eventIdOf } from './envelope.ts';
import type { EventStore } from './event-store.ts';
import type { Pending } from './group-commit.ts';
import { triedAgain, claimsFor, type HandleOptions } from './handle-options.ts';
import { takeTurn, type StagedStream, type StagedStreams } from './staged-streams.ts';

/**
 * A decider of commands that concern one stream, which leads, and some of another kind: all of them are
 * appended to in one commit, or none is. Pure, as any decider.
 */
export interface JointDecider<
  Command,
  Lead,
  LeadEvent extends DomainEvent,
  Other,
  OtherEvent extends DomainEvent,
  Rejection,
> {
  /** Whether a command is most likely the first on its stream, so that looking for more would be in vain. */
  isLikelyFirst?(command: Command): boolean;
  /** The other streams that a command concerns, each once, given the state of the leading one. */
  others(command: Command, lead: Lead): readonly StreamId[];
  /** Whether it takes the past of one of them to decide. */
  needsPast(command: Command, lead: Lead, stream: StreamId, other: Other): boolean;
  decide(
    command: Command,
    lead: Lead,
    others: ReadonlyMap<StreamId, Beside<Other, OtherEvent>>,
  ): JointDecision<LeadEvent, OtherEvent, Rejection>;
}

/** A stream beside the leading one, as it is. */
export interface Beside<Other, OtherEvent> {
  readonly state: Other;
  /** Every event so far, where `needsPast` asked for them. */
  readonly past: readonly OtherEvent[] | undefined;
}

export interface JointDecision<LeadEvent, OtherEvent, Rejection> {
  readonly events: readonly LeadEvent[];
  /** By stream; one that is left out is not added to, but must not have changed either. */
  readonly others: ReadonlyMap<StreamId, readonly OtherEvent[]>;
  readonly rejection: Rejection | undefined;
}

export interface JointHandler<Command, Rejection> {
  /**
   * Resolves once the outcome is durable, with the version of the leading stream. Rejects as a
   * CommandHandler does, and as there, commands with one leading stream are decided in the order of the
   * calls. `expectedVersion` is not for joint commands.
   */
  handle(
    stream: StreamId,
    command: Command,
    options: Omit<HandleOptions<Rejection>, 'expectedVersion'>,
  ): Promise<CommandResult<Rejection>>;
}

export interface JointHandlerParts<
  Command,
  Lead,
  LeadEvent extends DomainEvent,
  Other,
  OtherEvent extends DomainEvent,
  Rejection,
> {
  readonly store: EventStore;
  readonly leading: StagedStreams<Lead, LeadEvent>;
  /** Shared with the handler of their own commands, so that both decide on the same. */
  readonly beside: StagedStreams<Other, OtherEvent>;
  readonly decider: JointDecider<Command, Lead, LeadEvent, Other, OtherEvent, Rejection>;
  /** How often a command is decided before giving up on contended streams. */
  readonly attemptsMax?: number | undefined;
}

export function createJointHandler<
  Command,
  Lead,
  LeadEvent extends DomainEvent,
  Other,
  OtherEvent extends DomainEvent,
  Rejection,
>({
  store,
  leading,
  beside,
  decider,
  attemptsMax = 20,
}: JointHandlerParts<Command, Lead, LeadEvent, Other, OtherEvent, Rejection>): JointHandler<
  Command,
  Rejection
> {
  const { raw } = store;
  type Options = Omit<HandleOptions<Rejection>, 'expectedVersion'>;
  type Pasts = ReadonlyMap<StreamId, readonly OtherEvent[]>;
  type Entries = ReadonlyMap<StreamId, StagedStream<Other>>;
  type Loaded = { readonly version: number; readonly entries: Entries };
  /** In a box, as whoever waits for the decision need not wait until it is durable. */
  type Concluded = { readonly concluded: Promise<CommandResult<Rejection> | undefined> };

  /** Undefined: what it stood on fell. Runs to its append without waiting. */
  const decideAndAppend = (
    stream: StreamId,
    command: Command,
    lead: StagedStream<Lead>,
    entries: Entries,
    pasts: Pasts,
    { cause, once }: Options,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const sides = new Map(
      Array.from(entries, ([name, { state }]) => [name, { state, past: pasts.get(name) }]),
    );
    const { version, last } = lead;
    const { events, others, rejection } = decider.decide(command, lead.state, sides);
    const records = events.map((event, index) =>
      raw.encode(event, cause, { stream, version: version + 1 + index }),
    );
    const appends = [{ stream, expected: version, records }];
    for (const [name, entry] of entries) {
      const added = others.get(name) ?? [];
      const encoded = added.map((event, index) =>
        raw.encode(event, cause, { stream: name, version: entry.version + 1 + index }),
      );
      appends.push({ stream: name, expected: entry.version, records: encoded });
    }
    const outcome: DecidedOutcome<Rejection> = {
      eventIds: records.map(({ body }) => eventIdOf(body)),
      stream,
      version: version + records.length,
      rejection,
    };
    const [standsOn] = underWay([lead, ...entries.values()]);
    const claims = once && claimsFor(outcome, once);
    const pending = raw.append({ appends, claims }, standsOn);
    for (const [name, entry] of entries) {
      // What becomes of it is the leading stream's to say.
      beside.stage(name, entry, others.get(name) ?? [], pending, () => {}).catch(() => undefined);
    }
    return leading.stage(stream, lead, events, pending, (verdict) => {
      switch (verdict.kind) {
        case 'appended':
          return resultOf(outcome, verdict);
        case 'claimed':
          return alreadyHandled(leading.durableVersion(stream, version, last), verdict);
        case 'conflict':
          return undefined;
      }
    });
  };

  /** Whether all is at hand, and at most one commit is under way that a commit on it would stand on. */
  const ready = (
    command: Command,
    lead: StagedStream<Lead>,
    { version, entries }: Loaded,
  ): boolean => {
    // Whoever came in between may have made it concern other streams.
    if (lead.version !== version) return false;
    const all: readonly StagedStream<unknown>[] = [lead, ...entries.values()];
    if (all.some(({ fallen, turn }) => fallen || turn !== undefined)) return false;
    if (underWay(all).length > 1) return false;
    for (const [name, { state }] of entries) {
      if (decider.needsPast(command, lead.state, name, state)) return false;
    }
    return true;
  };

  /** The streams beside the leading one as it is at present, loaded. */
  const load = async (command: Command, lead: StagedStream<Lead>): Promise<Loaded> => {
    const { version } = lead;
    const entries = new Map<StreamId, StagedStream<Other>>();
    for (const name of decider.others(command, lead.state)) {
      const loading = beside.load(name);
      entries.set(name, loading instanceof Promise ? await loading : loading);
    }
    return { version, entries };
  };

  /** As `load`, at once; undefined when one of them is not free. */
  const loaded = (command: Command, lead: StagedStream<Lead>): Loaded | undefined => {
    const entries = new Map<StreamId, StagedStream<Other>>();
    for (const name of decider.others(command, lead.state)) {
      const entry = beside.free(name);
      if (entry === undefined) return undefined;
      entries.set(name, entry);
    }
    return { version: lead.version, entries };
  };

  /**
   * Holds everybody else off all the streams until nothing is under way on them, and their pasts are read.
   * Turns are taken in one order, so that no two commands wait for each other.
   */
  const attemptAlone = async (
    stream: StreamId,
    command: Command,
    lead: StagedStream<Lead>,
    options: Options,
  ): Promise<Concluded | undefined> => {
    const ends: (() => void)[] = [];
    const hold = async (entry: StagedStream<unknown>): Promise<boolean> => {
      while (entry.turn !== undefined) await entry.turn;
      ends.push(takeTurn(entry));
      return !entry.fallen;
    };
    try {
      if (!(await hold(lead)) || !(await leading.durable(lead))) return undefined;
      const { entries } = await load(command, lead);
      const pasts = new Map<StreamId, readonly OtherEvent[]>();
      for (const [name, entry] of [...entries].toSorted(byName)) {
        if (!(await hold(entry)) || !(await beside.durable(entry))) return undefined;
        if (!decider.needsPast(command, lead.state, name, entry.state)) continue;
        pasts.set(name, await beside.history(name, entry.version));
      }
      if ([lead, ...entries.values()].some(({ fallen }) => fallen)) return undefined;
      // Appended before this returns to the event loop, and so before the turns end; the rest may wait.
      return { concluded: decideAndAppend(stream, command, lead, entries, pasts, options) };
    } finally {
      for (const end of ends) end();
    }
  };

  const attemptInOrder = async (
    stream: StreamId,
    command: Command,
    options: Options,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const decided = await leading.inOrder(stream, async (lead): Promise<Concluded | undefined> => {
      const all = await load(command, lead);
      return ready(command, lead, all)
        ? { concluded: decideAndAppend(stream, command, lead, all.entries, noPasts, options) }
        : attemptAlone(stream, command, lead, options);
    });
    return decided?.concluded;
  };

  const attempt = (
    stream: StreamId,
    command: Command,
    options: Options,
    guessing: boolean,
  ): Promise<CommandResult<Rejection> | undefined> => {
    const lead =
      leading.free(stream) ??
      (guessing && decider.isLikelyFirst?.(command) === true
        ? leading.presumedEmpty(stream)
        : undefined);
    const all = lead && loaded(command, lead);
    return lead !== undefined && all !== undefined && ready(command, lead, all)
      ? decideAndAppend(stream, command, lead, all.entries, noPasts, options)
      : attemptInOrder(stream, command, options);
  };

  const noPasts: Pasts = new Map();

  return {
    handle: async (stream, command, options) => {
      const first = await attempt(stream, command, options, true);
      if (first !== undefined) return first;
      const result = await triedAgain(store, stream, options.once, attemptsMax, () =>
        attempt(stream, command, options, false),
      );
      if (result !== undefined) return result;
      throw new ContentionError(
        `${stream}, or what goes with it, was changed by others ${attemptsMax} times in a row; try again`,
      );
    },
  };
}

/** The commits under way that something decided on these streams would stand on. */
function underWay(entries: readonly StagedStream<unknown>[]): readonly Pending[] {
  return [...new Set(entries.flatMap(({ last }) => last ?? []))];
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
