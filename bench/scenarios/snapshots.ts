import path from 'node:path';
import {
  createCommandHandler,
  type CommandHandler,
  type CommandHandlerOptions,
  type EventStore,
} from '@counterfoil/event-store';
import { accountDecider } from '@counterfoil/platform/src/domain/accounts/account.ts';
import type { AccountCommand } from '@counterfoil/platform/src/domain/accounts/commands.ts';
import { accountStream, type AccountId } from '@counterfoil/platform/src/domain/accounts/events.ts';
import type { AccountRejection } from '@counterfoil/platform/src/domain/accounts/rejections.ts';
import type { AccountState } from '@counterfoil/platform/src/domain/accounts/state.ts';
import { openKeys } from '@counterfoil/platform/src/key-stores.ts';
import { createLedger, type Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import type { MarketBook } from '@counterfoil/platform/src/ledger/market-book.ts';
import { openMarket } from '@counterfoil/platform/src/platform.ts';
import { openLog } from '@counterfoil/platform/src/stores.ts';
import { bookOrder } from '../load/book-order.ts';
import { bookOrders } from '../load/fill.ts';
import { configFor } from '../load/ledger.ts';
import { accountName, orderSource, type Order } from '../load/orders.ts';
import { prepareLedger } from '../load/prepare.ts';
import { callsPerSecond } from '../measuring/closed-loop.ts';
import { createLatencies } from '../measuring/latencies.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Outcome, Scenario } from '../scenario.ts';

/** What snapshots cost those who write, and save those who load an account that is not in memory. */
export const snapshots: Scenario = {
  title: 'Commands and loads with and without snapshots',
  measure: async (bench): Promise<Outcome> => {
    await using started = new AsyncDisposableStack();
    const open = async (name: string, accounts: number): Promise<Log> => {
      const log = await openPrepared(path.join(bench.directory, name), accounts);
      started.defer(log.close);
      return log;
    };
    const longest = bench.quick ? 2_000 : 20_000;
    bench.say(`booking ${longest} trades of one account`);
    const long = await open('long', 1);
    await bookOrders(ledgerOf(long, handlerOf(long, { snapshotEvery })), orderSource(1), longest);
    const contenders = [
      writing('without snapshots', await open('without', accountsWritten), withoutSnapshots),
      writing('one every 500 events', await open('every-500', accountsWritten), { snapshotEvery }),
      writing('one every 50 events', await open('every-50', accountsWritten), {
        snapshotEvery: 50,
      }),
      loading('without snapshots', long, withoutSnapshots),
      loading('one every 500 events', long, { snapshotEvery }),
    ];
    return {
      conditions: {
        commands: `trades of ${accountsWritten.toLocaleString('en')} accounts on SQLite, ${callers.toLocaleString('en')} callers`,
        loads: `an account with ${longest.toLocaleString('en')} trades, not in memory, one load after the other`,
      },
      figures: await interleave(contenders, { seconds: 3 }, bench),
    };
  },
};

/** What the ledger does when it is not told otherwise. */
const snapshotEvery = 500;
const accountsWritten = 500;
const callers = 1_000;

interface Log {
  readonly store: EventStore;
  readonly market: MarketBook;
  readonly nextOrder: () => Order;
  close(): Promise<void>;
}

async function openPrepared(directory: string, accounts: number): Promise<Log> {
  const config = configFor(directory);
  const store = await openLog(config);
  const market = await openMarket(config, store);
  const keys = await openKeys(config);
  await prepareLedger(createLedger(store, market, keys.vault), accounts);
  await keys.close();
  return {
    store,
    market,
    nextOrder: orderSource(accounts),
    close: async () => {
      await market.close();
      await store.close();
    },
  };
}

type Accounts = CommandHandler<AccountCommand, AccountState, AccountRejection>;
type Snapshots = Pick<CommandHandlerOptions, 'snapshotEvery'> | typeof withoutSnapshots;

const withoutSnapshots = 'without';

function handlerOf({ store }: Log, how: Snapshots): Accounts {
  return how === withoutSnapshots
    ? createCommandHandler(store, { ...accountDecider, snapshot: undefined })
    : createCommandHandler(store, accountDecider, how);
}

/** As the ledger does it, over a handler of one's own. */
function ledgerOf({ market }: Log, accounts: Accounts): Pick<Ledger, 'account' | 'market'> {
  return {
    market,
    account: (id, instruction, options) =>
      accounts.handle(
        accountStream(id),
        { ...instruction, market: market.view() } as AccountCommand,
        options,
      ),
  };
}

function writing(row: string, log: Log, how: Snapshots): Contender {
  const ledger = ledgerOf(log, handlerOf(log, how));
  return {
    table: 'Commands confirmed',
    row,
    measure: async (seconds) => {
      const value = await callsPerSecond(seconds, callers, () =>
        bookOrder(ledger, log.nextOrder()),
      );
      return [{ column: 'the most', unit: 'commands/s', value }];
    },
  };
}

function loading(row: string, log: Log, how: Snapshots): Contender {
  const stream = accountStream(accountName(0) as AccountId);
  return {
    table: 'Load of a long account',
    row,
    measure: async (seconds) => {
      const latencies = createLatencies();
      const endMs = performance.now() + seconds * 1_000;
      for (let startedMs = performance.now(); startedMs < endMs; startedMs = performance.now()) {
        // A new handler has nothing in memory.
        await handlerOf(log, how).load(stream);
        latencies.record(performance.now() - startedMs);
      }
      return latencies.readings();
    },
  };
}
