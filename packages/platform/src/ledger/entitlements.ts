import {
  createCommandHandler,
  createStagedStreams,
  type Aggregate,
  type Cause,
  type CommandResult,
  type EventStore,
} from '@counterfoil/event-store';
import { accountDecider } from '../domain/accounts/account.ts';
import type {
  AccountCommand,
  EntitlementCommand,
  PostEntitlement,
  ReverseEntitlement,
} from '../domain/accounts/commands.ts';
import {
  accountStream,
  type AccountEvent,
  type AccountId,
  type EntitledAction,
} from '../domain/accounts/events.ts';
import type { AccountRejection } from '../domain/accounts/rejections.ts';
import type { AccountState } from '../domain/accounts/state.ts';
import type { MarketBook } from './market-book.ts';

/** Posts corporate actions to accounts. What comes back is durable. */
export interface EntitlementLedger {
  /** Gives an account what the action entitles it to; nothing when that is so already. */
  post(id: AccountId, action: EntitledAction, cause: Cause): Promise<EntitlementOutcome>;
  /** Takes back what was posted of an action; nothing when nothing is. */
  reverse(id: AccountId, action: ReversedAction, cause: Cause): Promise<EntitlementOutcome>;
  /** The events that `post` would record if it were called now: nothing is recorded. */
  preview(id: AccountId, action: EntitledAction): Promise<readonly AccountEvent[]>;
  /** As `preview`, of what `reverse` would record. */
  previewReversal(id: AccountId, action: ReversedAction): Promise<readonly AccountEvent[]>;
}

export type ReversedAction = Pick<ReverseEntitlement, 'actionId' | 'symbol' | 'reason'>;

export interface EntitlementOutcome {
  /** What was recorded. */
  readonly events: readonly AccountEvent[];
  /** Undefined when nothing was. */
  readonly position: number | undefined;
}

export interface EntitlementLedgerParts {
  readonly store: EventStore;
  readonly market: MarketBook;
}

/**
 * An action comes by every holder once. Kept apart from the accounts that business is done with, it does not
 * drive those out of memory; where both are at one account, the storage tells them of each other.
 */
const cachedStreamsMax = 2_000;

export function createEntitlementLedger({
  store,
  market,
}: EntitlementLedgerParts): EntitlementLedger {
  const accounts = createStagedStreams(store.raw, accountDecider, { cachedStreamsMax });
  const handler = createCommandHandler(store, telling, {}, accounts);

  const run = async (
    id: AccountId,
    command: EntitlementCommand,
    cause: Cause,
  ): Promise<EntitlementOutcome> => {
    let events: readonly AccountEvent[] = [];
    const told: Told = {
      command,
      decided: (decision) => {
        events = decision;
      },
    };
    const result = await handler.handle(accountStream(id), told, { cause });
    // An account that never was opened holds nothing.
    if (result.kind === 'rejected' && result.rejection.code === 'ACCOUNT_UNKNOWN') {
      return { events: [], position: undefined };
    }
    return { events, position: positionOf(id, result) };
  };

  const posting = (action: EntitledAction): PostEntitlement => ({
    type: 'PostEntitlement',
    action,
    settlementDate: market.view().settlementDate,
  });

  const decided = async (
    id: AccountId,
    command: EntitlementCommand,
  ): Promise<readonly AccountEvent[]> => {
    const stream = accountStream(id);
    const { state, version } = await handler.load(stream);
    const supplied =
      history?.neededFor(command, state) === true
        ? history.supply(command, await accounts.history(stream, version))
        : command;
    return accountDecider.decide(supplied, state).events;
  };

  return {
    post: (id, action, cause) => run(id, posting(action), cause),
    reverse: (id, action, cause) => run(id, { type: 'ReverseEntitlement', ...action }, cause),
    preview: (id, action) => decided(id, posting(action)),
    previewReversal: (id, action) => decided(id, { type: 'ReverseEntitlement', ...action }),
  };
}

/** A command, and whom to tell what was decided on it: the last time counts. */
interface Told {
  readonly command: AccountCommand;
  readonly decided: (events: readonly AccountEvent[]) => void;
}

const { history } = accountDecider;

const telling: Aggregate<Told, AccountState, AccountEvent, AccountRejection> = {
  initial: accountDecider.initial,
  evolve: accountDecider.evolve,
  decide: ({ command, decided }, account) => {
    const decision = accountDecider.decide(command, account);
    decided(decision.events);
    return decision;
  },
  ...(history === undefined
    ? {}
    : {
        history: {
          neededFor: ({ command }, account) => history.neededFor(command, account),
          supply: (told, past) => ({ ...told, command: history.supply(told.command, past) }),
        },
      }),
};

function positionOf(id: AccountId, result: CommandResult<AccountRejection>): number | undefined {
  if (result.kind === 'accepted') return result.position;
  throw new Error(`an entitlement of account ${id} was not taken: ${result.kind}`);
}
