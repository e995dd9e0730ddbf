import path from 'node:path';
import { startHttpLoad, type HttpLoad } from '../load/http-load.ts';
import type { RequestKind } from '../load/http-requests.ts';
import { configFor, openLedger } from '../load/ledger.ts';
import { prepareLedger } from '../load/prepare.ts';
import { inTimeColumn } from '../measuring/open-loop.ts';
import { figuresOf, type RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { startCounterfoil, startEcho, type HttpServer } from '../servers/http-server.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';

/** Orders one by one over HTTP to the program as it is started, read models and all. */
export const http: Scenario = {
  title: 'Orders over HTTP, one by one, beside a bare Fastify',
  measure: async (bench) => {
    const postgres = await startPostgres();
    try {
      return await measureOn(bench, await postgres.createDatabase());
    } finally {
      await postgres.stop();
    }
  },
};

const connections = 64;

async function measureOn(bench: Bench, database: string): Promise<Outcome> {
  const accounts = bench.quick ? 500 : 10_000;
  const started: { stop(): Promise<void> }[] = [];
  const load = (server: HttpServer, requests: RequestKind, status?: number): HttpLoad => {
    const one = startHttpLoad({ url: server.url, connections, requests, status });
    started.unshift(one);
    return one;
  };
  const serve = async (dataDirectory: string, connectionString?: string): Promise<HttpServer> => {
    const config = configFor(dataDirectory, connectionString);
    const { ledger, close } = await openLedger(config);
    await prepareLedger(ledger, accounts);
    await close();
    const server = await startCounterfoil(config);
    started.push(server);
    return server;
  };
  const sqlite = await serve(path.join(bench.directory, 'sqlite'));
  const postgres = await serve(path.join(bench.directory, 'postgres'), database);
  const echo = await startEcho();
  started.push(echo);
  const orders = { kind: 'orders', accounts } as const;
  const toSqlite = load(sqlite, orders);
  try {
    const most = await interleave(
      [
        mostOf('Counterfoil, SQLite', toSqlite, { 'the most': { atLeast: 10_000 } }),
        mostOf(
          'Counterfoil, SQLite, each with an Idempotency-Key',
          load(sqlite, { ...orders, idempotencyKeys: true }),
        ),
        mostOf('Counterfoil, PostgreSQL', load(postgres, orders)),
        mostOf('bare Fastify, echo', load(echo, orders, 200)),
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
  } finally {
    for (const one of started) await one.stop();
  }
}

function mostOf(row: string, load: HttpLoad, targets?: RowOfFigures['targets']): Contender {
  return {
    table: 'Orders answered',
    row,
    targets,
    measure: async (seconds) => (await load.run({ kind: 'most', seconds }))[0] ?? [],
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
