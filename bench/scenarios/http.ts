import path from 'node:path';
import { startHttpLoad, type HttpLoad } from '../load/http-load.ts';
import type { RequestKind } from '../load/http-requests.ts';
import { inTimeColumn } from '../measuring/open-loop.ts';
import { figuresOf, type RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { untilCaughtUp } from '../servers/caught-up.ts';
import { startEcho, type HttpServer } from '../servers/http-server.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';
import { startPrepared } from '../servers/prepared-server.ts';

/** Orders one by one over HTTP to the program as it is started, read models and all. */
export const http: Scenario = {
  title: 'Orders over HTTP, one by one, beside a bare Fastify',
  measure: async (bench) => {
    await using started = new AsyncDisposableStack();
    const postgres = await startPostgres();
    started.defer(postgres.stop);
    return await measureOn(bench, await postgres.createDatabase(), started);
  },
};

const connections = 64;

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
  const echo = await startEcho();
  started.defer(echo.stop);
  const loadOn = (
    { url, headers }: HttpServer,
    requests: RequestKind,
    status?: number,
  ): HttpLoad => {
    const load = startHttpLoad({ url, headers, connections, requests, status });
    started.defer(load.stop);
    return load;
  };
  const orders = { kind: 'orders', accounts } as const;
  const toSqlite = loadOn(sqlite, orders);
  const most = await interleave(
    [
      mostOf('Counterfoil, SQLite', toSqlite, {
        caughtUp: sqlite,
        targets: { 'the most': { atLeast: 10_000 } },
      }),
      mostOf(
        'Counterfoil, SQLite, each with an Idempotency-Key',
        loadOn(sqlite, { ...orders, idempotencyKeys: true }),
        { caughtUp: sqlite },
      ),
      mostOf('Counterfoil, PostgreSQL', loadOn(postgres, orders), { caughtUp: postgres }),
      mostOf('bare Fastify, echo', loadOn(echo, orders, 200)),
    ],
    { seconds: 5 },
    bench,
  );
  bench.say('offering 5,000/s for 30 s');
  const offered = await offeredTo(bench, toSqlite);
  return {
    conditions: {
      client: `${connections} connections, a process of its own on the same machine: autocannon for the most, an open loop for what is offered`,
      accounts: accounts.toLocaleString('en'),
      server: 'as `npm start` starts it: validation, risk checks, log, read models following',
      PostgreSQL: postgresConditions,
    },
    figures: [...most, ...offered],
  };
}

interface MostOptions extends Pick<RowOfFigures, 'targets'> {
  /** The server whose read models are to catch up before anybody else has his turn. */
  readonly caughtUp?: HttpServer;
}

function mostOf(row: string, load: HttpLoad, { caughtUp, targets }: MostOptions = {}): Contender {
  return {
    table: 'Orders answered',
    row,
    targets,
    measure: async (seconds) => {
      const [readings = []] = await load.run({ kind: 'most', seconds });
      if (caughtUp !== undefined) await untilCaughtUp(caughtUp.url);
      return readings;
    },
  };
}

async function offeredTo({ quick }: Bench, load: HttpLoad): Promise<readonly Figure[]> {
  const windows = await load.run({ kind: 'offer', perSecond: 5_000, seconds: quick ? 2 : 30 });
  return figuresOf(
    {
      table: 'Latency when offered',
      row: '5,000/s for 30 s, SQLite',
      targets: { p99: { below: 10 }, [inTimeColumn]: { atLeast: 99.9 } },
    },
    windows,
  );
}
