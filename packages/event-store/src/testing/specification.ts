import { AssertionError, deepStrictEqual } from 'node:assert';
import { fold, type Decider } from '../kernel/decider.ts';
import type { DomainEvent } from '../kernel/event.ts';

/**
 * Describes a decider by examples: given events, when a command, then events or a rejection. It stands on
 * no test runner: what doesn't hold throws an AssertionError with the difference, which every runner shows.
 *
 *     const account = specificationFor(accountDecider);
 *     account.given(opened, deposited).when(withdraw).thenEvents(withdrawn);
 *     account.given(opened).when(withdraw).thenRejected({ code: 'INSUFFICIENT_CASH' });
 */
export interface Specification<Command, State, Event extends DomainEvent, Rejection> {
  given(...events: readonly Event[]): Given<Command, State, Event, Rejection>;
}

export interface Given<Command, State, Event extends DomainEvent, Rejection> {
  /** The state after the events is just this. */
  thenState(expected: State): void;
  when(command: Command): When<Event, Rejection>;
}

export interface When<Event extends DomainEvent, Rejection> {
  /** The command is accepted with just these events, in this order; none for "already so". */
  thenEvents(...expected: readonly Event[]): void;
  /** The command is rejected for just this reason; `recorded` are the events that keep the refusal. */
  thenRejected(reason: Rejection, ...recorded: readonly Event[]): void;
}

export function specificationFor<Command, State, Event extends DomainEvent, Rejection>(
  decider: Decider<Command, State, Event, Rejection>,
): Specification<Command, State, Event, Rejection> {
  return {
    given: (...events) => {
      const state = fold(decider, events);
      return {
        thenState: (expected) => deepStrictEqual(state, expected),
        when: (command) => {
          const { events: decided, rejection } = decider.decide(command, state);
          return {
            thenEvents: (...expected) => {
              if (rejection !== undefined) {
                throw new AssertionError({
                  message: 'the command was rejected',
                  actual: rejection,
                  expected,
                  operator: 'thenEvents',
                });
              }
              deepStrictEqual(decided, expected);
            },
            thenRejected: (reason, ...recorded) => {
              deepStrictEqual(rejection, reason);
              deepStrictEqual(decided, recorded);
            },
          };
        },
      };
    },
  };
}
