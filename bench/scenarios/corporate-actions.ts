import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '@counterfoil/platform/src/config.ts';
import type { InstrumentSymbol } from '@counterfoil/platform/src/domain/instruments/events.ts';
import { openKeys } from '@counterfoil/platform/src/key-stores.ts';
import { openLog } from '@counterfoil/platform/src/stores.ts';
import type {
  AnnouncingAnswer,
  AnnouncingLoadStart,
  AnnouncingTask,
} from '../load/announcing-load.program.ts';
import { holderName, openHolders } from '../load/holders.ts';
import { symbols, symbolsPerAccount } from '../load/orders.ts';
import { startWorkerProcess } from '../load/worker-process.ts';
import { createLatencies } from '../measuring/latencies.ts';
import { figuresOf } from '../measuring/readings.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { untilCaughtUp } from '../servers/caught-up.ts';
import { startCounterfoil, type HttpServer } from '../servers/http-server.ts';
import { startPrepared } from '../servers/prepared-server.ts';

/** Corporate actions announced, posted to their holders and completed, by the program as it is started. */
export const corporateActions: Scenario = {
  title: 'Corporate actions: announced, posted, completed',
  measure: async (bench) => ({
    conditions: {
      client: 'a process of its own on the same machine; 32 connections in an open loop',
      announcements: `dividends due at once on ${symbols.length} instruments, each held by ${holdersEach} of ${preparedAccounts} accounts`,
      'one dividend': 'to accounts that each hold 1 to 500 shares; the program was started anew',
      'other commands': 'deposits over HTTP, one after the other, while the dividend is posted',
      server: 'as `npm start` starts it, on SQLite with the embedded queue, read models following',
    } satisfies Outcome['conditions'],
    figures: [...(await announcements(bench)), ...(await oneDividend(bench))],
  }),
};

const preparedAccounts = 250;
const holdersEach = (preparedAccounts * symbolsPerAccount) / symbols.length;
const row = 'SQLite, embedded queue';

async function announcements(bench: Bench): Promise<readonly Figure[]> {
  const seconds = bench.quick ? 5 : 60;
  const server = await startPrepared(preparedAccounts, path.join(bench.directory, 'announced'));
  const program = path.join(import.meta.dirname, '../load/announcing-load.program.ts');
  const load = startWorkerProcess<AnnouncingTask, AnnouncingAnswer>(program, {
    url: server.url,
    headers: server.headers,
    connections: 32,
  } satisfies AnnouncingLoadStart);
  try {
    bench.say(`10,000 announcements a minute for ${seconds} s`);
    await load.run({ kind: 'offer', perSecond: 20, seconds: 2, windows: 1 });
    const accepted = await load.run({ kind: 'offer', perSecond: 10_000 / 60, seconds });
    const completed = await load.run({ kind: 'outcomes' });
    return [
      ...figuresOf(
        { table: '10,000 announcements a minute: answered', row, targets: { p99: { below: 100 } } },
        accepted,
      ),
      ...figuresOf(
        {
          table: '10,000 announcements a minute: from announcement to COMPLETED',
          row,
          targets: { average: { below: 500 }, completed: { atLeast: 100 } },
        },
        completed,
      ),
    ];
  } finally {
    await load.stop();
    await server.stop();
  }
}

const held = 'HELD' as InstrumentSymbol;

async function oneDividend(bench: Bench): Promise<readonly Figure[]> {
  const holders = bench.quick ? 20_000 : 1_000_000;
  const environment = { COUNTERFOIL_DATA_DIR: path.join(bench.directory, 'held') };
  const config = loadConfig({ environment });
  bench.say(`opening ${holders} accounts`);
  const store = await openLog(config);
  const keys = await openKeys(config);
  await openHolders(store, keys.vault, held, holders);
  await keys.close();
  await store.close();
  const server = await startCounterfoil(config);
  try {
    await send(server, '/api/v1/instruments', { symbol: held, name: 'Held', currency: 'USD' });
    await untilCaughtUp(server.url);
    bench.say(`one dividend to ${holders} accounts`);
    const before = residentMiB(server);
    const startedMs = performance.now();
    const { id } = await send(server, '/api/v1/events', {
      event_type: 'DIVIDEND',
      symbol: held,
      ex_date: '2026-11-06',
      record_date: '2026-11-09',
      payment_date: '2026-11-12',
      terms: { amount: '0.205', withholding_percent: '15' },
    });
    const posting = watch(server);
    await untilCompleted(server, String(id), holders);
    const seconds = (performance.now() - startedMs) / 1_000;
    const { latencies, residentMiBMax } = await posting.stop();
    return [
      ...figuresOf(
        {
          table: `One dividend to ${holders.toLocaleString('en')} accounts`,
          row,
          targets: { 'announced to COMPLETED': { below: 60 } },
        },
        [
          [
            { column: 'announced to COMPLETED', unit: 's', value: seconds },
            { column: 'accounts', unit: 'accounts/s', value: holders / seconds },
            { column: 'memory before', unit: 'MiB', value: before },
            { column: 'memory at most', unit: 'MiB', value: residentMiBMax },
          ],
        ],
      ),
      ...figuresOf({ table: 'Other commands meanwhile', row, targets: { p99: { below: 50 } } }, [
        latencies,
      ]),
    ];
  } finally {
    await server.stop();
  }
}

/** Sends deposits one after the other and looks at the server's memory, until it is stopped. */
function watch(server: HttpServer) {
  const latencies = createLatencies();
  let residentMiBMax = 0;
  let stopping = false;
  const running = (async (): Promise<void> => {
    for (let number = 0; !stopping; number += 1) {
      const startedMs = performance.now();
      const deposits = `/api/v1/accounts/${holderName(number % 1_000)}/deposits`;
      await send(server, deposits, { amount: '1' });
      latencies.record(performance.now() - startedMs);
      residentMiBMax = Math.max(residentMiBMax, residentMiB(server));
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      stopping = true;
      await running;
      return { latencies: latencies.readings(), residentMiBMax };
    },
  };
}

async function untilCompleted(server: HttpServer, id: string, holders: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${server.url}/api/v1/events/${id}`, { headers: server.headers });
    const { status, totals } = (await response.json()) as {
      readonly status: string;
      readonly totals: { readonly accounts: number } | null;
    };
    if (status === 'FAILED') throw new Error('the dividend has failed');
    if (status === 'COMPLETED') {
      if (totals?.accounts === holders) return;
      throw new Error(`of ${holders} accounts ${totals?.accounts} were posted to`);
    }
    await sleep(100);
  }
}

async function send(
  { url, headers }: HttpServer,
  where: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${url}${where}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${where} was answered with ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function residentMiB({ pid }: HttpServer): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1_024;
}
