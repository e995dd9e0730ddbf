import path from 'node:path';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { startPlatform } from '@counterfoil/platform/src/platform.ts';
import { listPositions } from '@counterfoil/platform/src/queries/positions.ts';
import { viewsOf, type ViewDatabase } from '@counterfoil/platform/src/queries/views.ts';
import { describeHistory, historyOf, writeHistory } from '../load/history.ts';
import { startHttpLoad, type HttpLoad } from '../load/http-load.ts';
import { configFor } from '../load/ledger.ts';
import { accountName, symbolsPerAccount } from '../load/orders.ts';
import { createLatencies } from '../measuring/latencies.ts';
import { figuresOf, type RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { untilCaughtUp } from '../servers/caught-up.ts';
import { startCounterfoil } from '../servers/http-server.ts';

/** The positions of an account with their market values, asked for when there have been many trades. */
export const portfolio: Scenario = {
  title: 'Portfolio query after a million trades',
  measure: async (bench): Promise<Outcome> => {
    const history = historyOf(bench);
    const { accounts } = history;
    const config = configFor(path.join(bench.directory, 'data'));
    bench.say(`writing ${describeHistory(history)}`);
    await writeHistory(config, history);
    return {
      conditions: {
        data: `${describeHistory(history)}, ${symbolsPerAccount} positions each; accounts drawn at random; SQLite`,
        'in process': 'the query of the API, one after the other',
        'over HTTP': `an open loop over ${connections} connections from a process of its own: latency counts from when a query was due`,
      },
      figures: [
        ...(await projected(bench, config)),
        ...(await inProcess(bench, config, accounts)),
        ...(await overHttp(bench, config, accounts)),
      ],
    };
  },
};

const connections = 32;

/** How fast the read models took the log in, from its beginning. */
async function projected({ say }: Bench, config: Config): Promise<readonly Figure[]> {
  const startedMs = performance.now();
  const { store, projector, close } = await startPlatform(config);
  const { position } = await store.head();
  await projector.waitFor(position, 600_000);
  const value = position / ((performance.now() - startedMs) / 1_000);
  await close();
  say(`the read models took in ${position} events`);
  return figuresOf({ table: 'Read models built from the log', row: 'SQLite' }, [
    [{ column: 'all of them', unit: 'events/s', value }],
  ]);
}

async function inProcess(
  bench: Bench,
  config: Config,
  accounts: number,
): Promise<readonly Figure[]> {
  const { readModels, close } = await startPlatform(config);
  const views = viewsOf(readModels);
  const figures = await interleave([queriesOf(views, accounts)], { seconds: 5 }, bench);
  await close();
  return figures;
}

const latencyTable = 'Latency of a portfolio query';

function alone(row: string): RowOfFigures {
  return { table: latencyTable, row, targets: { p99: { below: 5 } } };
}

function queriesOf(views: ViewDatabase, accounts: number): Contender {
  return {
    ...alone('in process'),
    measure: async (seconds) => {
      const latencies = createLatencies();
      const endMs = performance.now() + seconds * 1_000;
      for (let startedMs = performance.now(); startedMs < endMs;) {
        const account = accountName(Math.floor(Math.random() * accounts));
        const rows = await listPositions(views, account, { includeClosed: false }, undefined, 101);
        const endedMs = performance.now();
        latencies.record(endedMs - startedMs);
        startedMs = endedMs;
        if (rows.length !== symbolsPerAccount) throw new Error(`${account} lacks positions`);
      }
      return latencies.readings();
    },
  };
}

async function overHttp(
  bench: Bench,
  config: Config,
  accounts: number,
): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const server = await startCounterfoil(config);
  started.defer(server.stop);
  await untilCaughtUp(server.url);
  const { url, headers } = server;
  const start = (kind: 'positions' | 'orders'): HttpLoad => {
    const load = startHttpLoad({ url, headers, connections, requests: { kind, accounts } });
    started.defer(load.stop);
    return load;
  };
  const queries = start('positions');
  const orders = start('orders');
  const most: Contender = {
    table: 'Portfolio queries over HTTP',
    row: 'SQLite',
    measure: async (seconds) => (await queries.run({ kind: 'most', seconds }))[0] ?? [],
  };
  const answered = await interleave([most], { seconds: 5 }, bench);
  const offer = { kind: 'offer', perSecond: 1_000, seconds: bench.quick ? 2 : 20 } as const;
  bench.say('offering 1,000 queries a second');
  const quiet = await queries.run(offer);
  bench.say('offering 1,000 queries a second beside 1,000 orders a second');
  // Afterwards the accounts are in memory, as they are in a server that has run for a while.
  await orders.run({ kind: 'most', seconds: bench.quick ? 1 : 8 });
  await untilCaughtUp(server.url);
  const [beside] = await Promise.all([queries.run(offer), orders.run(offer)]);
  return [
    ...figuresOf(alone('over HTTP, 1,000/s'), quiet),
    ...figuresOf({ table: latencyTable, row: 'over HTTP, 1,000/s beside 1,000 orders/s' }, beside),
    ...answered,
  ];
}
