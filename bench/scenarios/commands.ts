import path from 'node:path';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { startPlatform } from '@counterfoil/platform/src/platform.ts';
import { bookOrder, tryToBook } from '../load/book-order.ts';
import { configFor, openLedger, type OpenLedger } from '../load/ledger.ts';
import { orderSource, type Order } from '../load/orders.ts';
import { prepareLedger } from '../load/prepare.ts';
import { callsPerSecond } from '../measuring/closed-loop.ts';
import { inTimeColumn, offer } from '../measuring/open-loop.ts';
import { figuresOf, type RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';

/** Trades booked through the whole ledger in one process: risk checks, lots, log and confirmation. */
export const commands: Scenario = {
  title: 'Commands through the ledger, in one process',
  measure: async (bench) => {
    const postgres = await startPostgres();
    try {
      return await measureOn(bench, () => postgres.createDatabase());
    } finally {
      await postgres.stop();
    }
  },
};

const callers = 2_000;

async function measureOn(bench: Bench, database: () => Promise<string>): Promise<Outcome> {
  const accounts = bench.quick ? 2_000 : 10_000;
  const directory = (name: string): string => path.join(bench.directory, name);
  const sqlite = await openBook(configFor(directory('sqlite')), accounts);
  const postgres = await openBook(configFor(directory('postgres'), await database()), accounts);
  const followed = await openFollowedBook(configFor(directory('followed')), accounts);
  const most = await interleave(
    [
      mostOf('SQLite', sqlite, { targets: { [mostColumn]: { atLeast: 100_000 } } }),
      mostOf('SQLite, trade ids of the client', sqlite, { tradeIdOfClient: true }),
      mostOf('SQLite, read models following', followed),
      mostOf('PostgreSQL', postgres, { targets: { [mostColumn]: { atLeast: 40_000 } } }),
      mostOf('PostgreSQL, trade ids of the client', postgres, { tradeIdOfClient: true }),
    ],
    { seconds: 4 },
    bench,
  );
  await followed.close();
  const offered = [
    ...(await offeredTo(sqlite, bench, {
      row: '50,000/s for 60 s, SQLite',
      perSecond: 50_000,
      seconds: 60,
      targets: { p99: { below: 10 }, [inTimeColumn]: { atLeast: 99.9 } },
    })),
    ...(await offeredTo(postgres, bench, {
      row: '20,000/s for 20 s, PostgreSQL',
      perSecond: 20_000,
      seconds: 20,
    })),
    ...(await offeredTo(postgres, bench, {
      row: '50,000/s for 60 s, PostgreSQL',
      perSecond: 50_000,
      seconds: 60,
    })),
  ];
  await sqlite.close();
  await postgres.close();
  return {
    conditions: {
      accounts: `${accounts.toLocaleString('en')}, each trading in four of 100 instruments, about ten lots a position`,
      'most that it takes': `${callers.toLocaleString('en')} callers, each waiting for its confirmation`,
      offered:
        'an open loop: latency counts from when an order was due; three windows of equal length',
      SQLite: 'WAL, synchronous = FULL',
      PostgreSQL: postgresConditions,
    },
    figures: [...most, ...offered],
  };
}

/** A ledger with its accounts, and orders for it. */
interface Book extends OpenLedger {
  readonly nextOrder: () => Order;
  /** Resolves once the read models that follow, if any do, show what was booked. */
  readonly caughtUp: () => Promise<unknown>;
}

async function openBook(config: Config, accounts: number): Promise<Book> {
  const { ledger, close } = await openLedger(config);
  await prepareLedger(ledger, accounts);
  return { ledger, close, nextOrder: orderSource(accounts), caughtUp: async () => undefined };
}

/** With everything else that the program runs. */
async function openFollowedBook(config: Config, accounts: number): Promise<Book> {
  const { ledger, store, projector, close } = await startPlatform(config);
  await prepareLedger(ledger, accounts);
  return {
    ledger,
    close,
    nextOrder: orderSource(accounts),
    caughtUp: async () => projector.waitFor((await store.head()).position, 60_000),
  };
}

const mostColumn = 'the most';

function mostOf(
  row: string,
  { ledger, nextOrder, caughtUp }: Book,
  {
    targets,
    tradeIdOfClient,
  }: Pick<RowOfFigures, 'targets'> & { readonly tradeIdOfClient?: boolean } = {},
): Contender {
  return {
    table: 'Commands confirmed',
    row,
    targets,
    measure: async (seconds) => {
      const value = await callsPerSecond(seconds, callers, () =>
        bookOrder(ledger, nextOrder(), { tradeIdOfClient }),
      );
      // Before anybody else has his turn.
      await caughtUp();
      return [{ column: mostColumn, unit: 'commands/s', value }];
    },
  };
}

async function offeredTo(
  { ledger, nextOrder }: Book,
  { quick, say }: Bench,
  {
    row,
    targets,
    perSecond,
    seconds,
  }: Omit<RowOfFigures, 'table'> & { readonly perSecond: number; readonly seconds: number },
): Promise<readonly Figure[]> {
  say(`offering ${row}`);
  const windows = await offer({ perSecond, seconds: quick ? seconds / 20 : seconds }, () =>
    tryToBook(ledger, nextOrder()),
  );
  return figuresOf({ table: 'Latency when offered', row, targets }, windows);
}
