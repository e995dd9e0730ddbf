import path from 'node:path';
import { startBulkLoad, type BulkLoad } from '../load/http-load.ts';
import type { RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';
import { untilCaughtUp } from '../servers/caught-up.ts';
import type { HttpServer } from '../servers/http-server.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';
import { startPrepared } from '../servers/prepared-server.ts';

/** Orders as one stream of lines (NDJSON) to the program as it is started. */
export const bulk: Scenario = {
  title: 'Orders over HTTP, in bulk',
  measure: async (bench) => {
    await using started = new AsyncDisposableStack();
    const postgres = await startPostgres();
    started.defer(postgres.stop);
    return await measureOn(bench, await postgres.createDatabase(), started);
  },
};

async function measureOn(
  bench: Bench,
  database: string,
  started: AsyncDisposableStack,
): Promise<Outcome> {
  const accounts = bench.quick ? 500 : 10_000;
  const sqlite = await startPrepared(accounts, path.join(bench.directory, 'sqlite'));
  started.defer(sqlite.stop);
  const postgres = await startPrepared(accounts, path.join(bench.directory, 'postgres'), database);
  started.defer(postgres.stop);
  const lines = (
    row: string,
    { url, headers }: HttpServer,
    { tradeIds = false, targets }: LineOptions = {},
  ): Contender => {
    const load = startBulkLoad({ url, headers, accounts, tradeIds });
    started.defer(load.stop);
    return linesOf({ table: 'Lines a second', row, targets }, load, url);
  };
  const figures = await interleave(
    [
      lines('SQLite', sqlite, { targets: { [answeredColumn]: { atLeast: 50_000 } } }),
      lines('SQLite, trade ids of the client', sqlite, { tradeIds: true }),
      lines('PostgreSQL', postgres),
    ],
    { seconds: 6 },
    bench,
  );
  return {
    conditions: {
      client:
        'one stream, from a process of its own on the same machine; from the first line sent to the last answer',
      accounts: accounts.toLocaleString('en'),
      server: 'as `npm start` starts it: validation, risk checks, log, read models following',
      PostgreSQL: postgresConditions,
    },
    figures,
  };
}

interface LineOptions extends Pick<RowOfFigures, 'targets'> {
  /** Whether each line names its trade. */
  readonly tradeIds?: boolean;
}

const answeredColumn = 'answered';

function linesOf(row: RowOfFigures, load: BulkLoad, url: string): Contender {
  return {
    ...row,
    measure: async (seconds) => {
      const startedMs = performance.now();
      const answer = await load.run(seconds);
      await untilCaughtUp(url);
      const shownSeconds = (performance.now() - startedMs) / 1_000;
      return [
        { column: answeredColumn, unit: 'lines/s', value: answer.lines / answer.seconds },
        { column: 'shown by the read models', unit: 'lines/s', value: answer.lines / shownSeconds },
      ];
    },
  };
}
