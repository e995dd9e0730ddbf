import type { RecordedEvent } from '@counterfoil/event-store';
import { accountDecider } from '../domain/accounts/account.ts';
import { accountEventTypes } from '../domain/accounts/events.ts';
import { instrumentEventTypes, pricesEventTypes } from '../domain/instruments/events.ts';
import { instrumentDecider } from '../domain/instruments/instrument.ts';
import { pricesDecider } from '../domain/instruments/prices.ts';
import { counted } from './terminal.ts';

/** The state of every aggregate, folded from events as commands are decided on it. */
export interface States {
  /** Takes the events of a stream in order, from its first on. */
  take(event: RecordedEvent): void;
  describe(): string;
}

export function createStates(): States {
  const accounts = foldOf(accountDecider);
  const instruments = foldOf(instrumentDecider);
  const prices = foldOf(pricesDecider);
  const folds = new Map<string, Fold>([
    ...accountEventTypes.map(({ type }) => [type, accounts] as const),
    ...instrumentEventTypes.map(({ type }) => [type, instruments] as const),
    ...pricesEventTypes.map(({ type }) => [type, prices] as const),
  ]);
  return {
    take: (event) => {
      const fold = folds.get(event.type);
      if (fold === undefined) throw new Error(`nothing folds events of type ${event.type}`);
      fold.take(event);
    },
    describe: () =>
      `${counted(accounts.states(), 'account')}, ${counted(instruments.states(), 'instrument')} ` +
      `and the prices of ${counted(prices.states(), 'symbol')}`,
  };
}

interface Fold {
  take(event: RecordedEvent): void;
  states(): number;
}

interface Folding<State> {
  readonly initial: State;
  evolve(state: State, event: never): State;
}

function foldOf<State>({ initial, evolve }: Folding<State>): Fold {
  const states = new Map<string, State>();
  return {
    take: (event) =>
      states.set(event.stream, evolve(states.get(event.stream) ?? initial, event as never)),
    states: () => states.size,
  };
}
