import {
  createCommandHandler,
  openEventStore,
  subscribe,
  type CommandHandler,
  type EventStorage,
  type EventStore,
} from '@counterfoil/event-store';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import type { AccountCommand } from '../../packages/platform/src/domain/accounts/commands.ts';
import { accountEventTypes } from '../../packages/platform/src/domain/accounts/events.ts';
import type { AccountRejection } from '../../packages/platform/src/domain/accounts/rejections.ts';
import type { AccountState } from '../../packages/platform/src/domain/accounts/state.ts';
import { connect, type Faults, type Weather } from './faulty-storage.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Accounts = CommandHandler<AccountCommand, AccountState, AccountRejection>;

/** One simulated process: a command handler with its memory, and a subscriber, on a connection. */
export interface Process {
  readonly accounts: Accounts;
  readonly store: Pick<EventStore, 'findClaim'>;
  /** The positions that its subscriber was given, in the order in which they came. */
  readonly seen: readonly number[];
  /** Rejects when the process is killed; never resolves. */
  readonly death: Promise<never>;
  kill(): void;
  heal(): void;
  /** Whether only a restart helps. */
  isBroken(): boolean;
}

export class Killed extends Error {
  override readonly name = 'Killed';
}

export interface ProcessOptions {
  readonly log: EventStorage;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly weather: Weather;
  readonly faults: Faults;
}

export async function startProcess(options: ProcessOptions): Promise<Process> {
  const { log, time, random, weather, faults } = options;
  const connection = connect(log, time, random, weather, faults);
  const store = await openEventStore({
    storage: connection.storage,
    eventTypes: accountEventTypes,
    clock: time.clock,
    randomBytes: random.bytes,
    groupCommit: {
      batchSizeMax: random.pick([1, 2, 5, 1_000]),
      batchesInFlightMax: random.pick([1, 2, 2, 4]),
      waitingMax: random.pick([3, 100_000, 100_000]),
    },
  });
  const accounts = createCommandHandler(store, accountDecider, {
    cachedStreamsMax: random.pick([0, 1, 2, 1_000]),
    snapshotEvery: random.pick([1, 3, 10, 1_000]),
  });
  const seen: number[] = [];
  const ended = new AbortController();
  const follow = async (): Promise<void> => {
    const { signal } = ended;
    const pages = subscribe(store, { after: 0, pageSize: 7, signal, pause: time.sleep });
    for await (const page of pages) {
      for (const { position } of page.events) seen.push(position);
    }
  };
  const following = follow();
  const death = Promise.withResolvers<never>();
  following.catch(death.reject);
  // Whoever works with the process learns of its death; if nobody does, it is no news.
  death.promise.catch(() => undefined);
  return {
    accounts,
    store,
    seen,
    death: death.promise,
    kill: () => {
      connection.cut();
      ended.abort();
      death.reject(new Killed('the process was killed'));
    },
    heal: connection.heal,
    isBroken: connection.isBroken,
  };
}
