import type { RecordedEvent } from '@counterfoil/event-store';
import { accountDecider } from '../domain/accounts/account.ts';
import { accountEventTypes } from '../domain/accounts/events.ts';
import { corporateActionDecider } from '../domain/corporate-actions/corporate-action.ts';
import { corporateActionEventTypes } from '../domain/corporate-actions/events.ts';
import { instrumentEventTypes, pricesEventTypes } from '../domain/instruments/events.ts';
import { instrumentDecider } from '../domain/instruments/instrument.ts';
import { pricesDecider } from '../domain/instruments/prices.ts';
import { tradeRecordEventTypes } from '../domain/trade-records/events.ts';
import { tradeRecordAggregate } from '../domain/trade-records/trade-record.ts';
import { eventTypes } from '../ledger/event-types.ts';
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
  const records = foldOf(tradeRecordAggregate);
  const actions = foldOf(corporateActionDecider);
  const folds = new Map<string, Fold>([
    // Bookmarks and what operators did about messages are the state of nothing.
    ...eventTypes.map(({ type }) => [type, unfolded] as const),
    ...accountEventTypes.map(({ type }) => [type, accounts] as const),
    ...instrumentEventTypes.map(({ type }) => [type, instruments] as const),
    ...pricesEventTypes.map(({ type }) => [type, prices] as const),
    ...tradeRecordEventTypes.map(({ type }) => [type, records] as const),
    ...corporateActionEventTypes.map(({ type }) => [type, actions] as const),
  ]);
  return {
    take: (event) => {
      const fold = folds.get(event.type);
      if (fold === undefined) throw new Error(`nothing folds events of type ${event.type}`);
      fold.take(event);
    },
    describe: () => {
      const seldom = [
        records.states() === 0 ? '' : `, ${counted(records.states(), 'trade record')}`,
        actions.states() === 0 ? '' : `, ${counted(actions.states(), 'corporate action')}`,
      ].join('');
      return (
        `${counted(accounts.states(), 'account')}, ${counted(instruments.states(), 'instrument')}` +
        `${seldom} and the prices of ${counted(prices.states(), 'symbol')}`
      );
    },
  };
}

interface Fold {
  take(event: RecordedEvent): void;
  states(): number;
}

const unfolded: Fold = { take: () => undefined, states: () => 0 };

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
