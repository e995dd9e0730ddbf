import type { Decider } from './decider.ts';
import type { DomainEvent } from './event.ts';
import type { Field } from './fields.ts';

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
