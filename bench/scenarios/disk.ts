import { statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { openLog } from '@counterfoil/platform/src/stores.ts';
import type { BookOptions } from '../load/book-order.ts';
import { bookOrders } from '../load/fill.ts';
import { configFor, openLedger } from '../load/ledger.ts';
import { orderSource } from '../load/orders.ts';
import { prepareLedger } from '../load/prepare.ts';
import type { Appender } from '../rivals/appender.ts';
import { emmettPostgresAppender, emmettSqliteAppender } from '../rivals/emmett.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../scenario.ts';
import { bytesOfDatabase, postgresConditions, startPostgres } from '../servers/postgres.ts';

/** What an event takes on the disk, everything that is kept for it included. */
export const disk: Scenario = {
  title: 'Bytes on disk for each event',
  measure: async (bench): Promise<Outcome> => {
    await using started = new AsyncDisposableStack();
    const postgres = await startPostgres();
    started.defer(postgres.stop);
    const database = (): Promise<string> => postgres.createDatabase();
    return {
      conditions: {
        events: `${eventsIn(bench).toLocaleString('en')}, nearly all of them trades as the API books them: ids and names of 36 characters, who caused it, correlation`,
        counted:
          'SQLite: the file once closed; PostgreSQL: the database after VACUUM less an empty one; indexes, streams and snapshots included, write-ahead logs not',
        Emmett: 'the same trades as JSON, with the same user and correlation in their metadata',
        PostgreSQL: postgresConditions,
      },
      figures: [
        await counterfoilOnSqlite(bench, 'Counterfoil, SQLite', {}),
        await counterfoilOnSqlite(bench, claimedRow('SQLite'), { tradeIdOfClient: true }),
        await counterfoilOnPostgres(bench, 'Counterfoil, PostgreSQL', await database(), {}),
        await counterfoilOnPostgres(bench, claimedRow('PostgreSQL'), await database(), {
          tradeIdOfClient: true,
        }),
        await emmettOnSqlite(bench),
        await emmettOnPostgres(bench, await database()),
      ],
    };
  },
};

function eventsIn({ quick }: Bench): number {
  return quick ? 20_000 : 200_000;
}

function claimedRow(store: string): string {
  return `Counterfoil, ${store}, with claims on trade ids of the client`;
}

const accounts = 1_000;
const target: Target = { below: 250 };

async function counterfoilOnSqlite(
  bench: Bench,
  row: string,
  options: BookOptions,
): Promise<Figure> {
  const config = configFor(path.join(bench.directory, row));
  const events = await fill(bench, config, options);
  const bytes = statSync(path.join(config.dataDirectory, 'log.sqlite')).size;
  return figureOf(row, bytes / events, target);
}

async function counterfoilOnPostgres(
  bench: Bench,
  row: string,
  database: string,
  options: BookOptions,
): Promise<Figure> {
  const events = await fill(bench, configFor(bench.directory, database), options);
  return figureOf(row, (await bytesOfDatabase(database)) / events, target);
}

/** Answers how many events there are then. */
async function fill(bench: Bench, config: Config, options: BookOptions): Promise<number> {
  const { ledger, close } = await openLedger(config);
  await prepareLedger(ledger, accounts);
  await bookOrders(ledger, orderSource(accounts), eventsIn(bench), options);
  await close();
  const log = await openLog(config);
  const { position } = await log.head();
  await log.close();
  return position;
}

async function emmettOnSqlite(bench: Bench): Promise<Figure> {
  const file = path.join(bench.directory, 'emmett.sqlite');
  await fillEmmett(bench, await emmettSqliteAppender(file));
  return figureOf('Emmett, SQLite', statSync(file).size / eventsIn(bench));
}

async function emmettOnPostgres(bench: Bench, database: string): Promise<Figure> {
  await fillEmmett(bench, await emmettPostgresAppender(database));
  return figureOf('Emmett, PostgreSQL', (await bytesOfDatabase(database)) / eventsIn(bench));
}

async function fillEmmett(bench: Bench, appender: Appender): Promise<void> {
  // By the hundred, for speed: it takes the same space.
  const size = 100;
  for (let done = 0; done < eventsIn(bench); done += size) {
    const turn = done / size;
    await appender.append(turn % accounts, Math.floor(turn / accounts) * size, size);
  }
  await appender.close();
}

function figureOf(row: string, value: number, below?: Target): Figure {
  return {
    table: 'On disk',
    row,
    column: 'all told',
    unit: 'bytes/event',
    rounds: [value],
    target: below,
  };
}
