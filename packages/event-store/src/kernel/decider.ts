import type { DomainEvent } from './event.ts';

/**
 * What a decider answers to a command. No events and no rejection means that things were already so. A
 * rejection may come with events: those that record the refusal itself.
 */
export interface Decision<Event extends DomainEvent, Rejection> {
  readonly events: readonly Event[];
  readonly rejection: Rejection | undefined;
}

/**
 * An aggregate as three pure functions (Chassaing's decider pattern). Time, ids, prices and other
 * reference data arrive inside the command, so that deciding again, and folding again, give the same.
 */
export interface Decider<Command, State, Event extends DomainEvent, Rejection> {
  readonly initial: State;
  decide(command: Command, state: State): Decision<Event, Rejection>;
  /** Takes any state and event that the log can hold; never refuses, never reads a clock. */
  evolve(state: State, event: Event): State;
}

export function accept<Event extends DomainEvent>(
  ...events: readonly Event[]
): Decision<Event, never> {
  return { events, rejection: undefined };
}

/** Refuses a command; `record` are the events that keep the refusal itself. */
export function refuse<Rejection, Event extends DomainEvent = never>(
  rejection: Rejection,
  ...record: readonly Event[]
): Decision<Event, Rejection> {
  return { events: record, rejection };
}

/** The state after a list of events. */
export function fold<State, Event extends DomainEvent>(
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  events: Iterable<Event>,
): State {
  let state = decider.initial;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
