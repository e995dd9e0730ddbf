import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '@counterfoil/platform/src/config.ts';
import { startKafka } from '@counterfoil/platform/src/streams/kafka/test-server.ts';
import type { CaptureAnswer, CaptureLoadStart, CaptureTask } from '../load/capture-load.program.ts';
import { startWorkerProcess, type WorkerProcess } from '../load/worker-process.ts';
import { figuresOf, type Reading } from '../measuring/readings.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import type { CaptureServerTask } from '../servers/capture.program.ts';
import { startCounterfoil, type HttpServer } from '../servers/http-server.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';

/** Trades taken in, queued and settled by the program as it is started, read models and all. */
export const capture: Scenario = {
  title: 'Trade capture: accepted, queued, settled',
  measure: async (bench) => ({
    conditions: {
      client: `${connections} connections in an open loop, or one stream; a process of its own on the same machine`,
      trades: 'new ones, without a booking in an account',
      server: 'as `npm start` starts it: validation, queue, log, outcomes, read models following',
      outcomes: 'of every accepted request, asked for afterwards: settled_at less accepted_at',
      PostgreSQL: postgresConditions,
      Kafka:
        'one broker on the same machine, 512 MiB of heap, 16 partitions, its defaults for flushing',
    } satisfies Outcome['conditions'],
    figures: [
      ...(await inBulk(bench)),
      ...(await burst(bench)),
      ...(await onKafka(bench)),
      ...(await embedded(bench)),
    ],
  }),
};

const connections = 64;

type Load = WorkerProcess<CaptureTask, CaptureAnswer>;

function startLoad({ url, headers }: Pick<HttpServer, 'url' | 'headers'>): Load {
  const program = path.join(import.meta.dirname, '../load/capture-load.program.ts');
  return startWorkerProcess(program, { url, headers, connections } satisfies CaptureLoadStart);
}

const accepting = 'Accepted when offered';
const settling = 'From acceptance to outcome';

async function embedded(bench: Bench): Promise<readonly Figure[]> {
  const seconds = bench.quick ? 5 : 600;
  const perSecond = 5_000;
  const server = await startCounterfoil(
    loadConfig({ environment: { COUNTERFOIL_DATA_DIR: path.join(bench.directory, 'embedded') } }),
  );
  const load = startLoad(server);
  try {
    bench.say(`offering ${perSecond}/s for ${seconds} s, embedded`);
    const memory = watchMemory(server, seconds);
    const figures = await offered(load, `5,000/s for ${seconds} s, SQLite, embedded queue`, {
      perSecond,
      seconds,
      p99: 50,
    });
    return [
      ...figures,
      ...figuresOf(
        {
          table: `Memory of the server in the ${seconds} s`,
          row: 'SQLite, embedded queue',
          targets: { growth: { below: 15 } },
        },
        [memory()],
      ),
    ];
  } finally {
    await load.stop();
    await server.stop();
  }
}

/** Resident memory after a fifth of the time, when all is warm, and at the end. */
function watchMemory({ pid }: HttpServer, seconds: number): () => readonly Reading[] {
  const samples: number[] = [];
  const look = (): void => {
    const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    samples.push(Number(kibibytes) / 1_024);
  };
  const timer = setInterval(look, (seconds * 1_000) / 100);
  return () => {
    clearInterval(timer);
    const early = mean(samples.slice(20, 30));
    const late = mean(samples.slice(-10));
    return [
      { column: 'after a fifth', unit: 'MiB', value: early },
      { column: 'at the end', unit: 'MiB', value: late },
      { column: 'growth', unit: '%', value: (100 * (late - early)) / early },
    ];
  };
}

function mean(some: readonly number[]): number {
  return some.reduce((sum, one) => sum + one, 0) / some.length;
}

async function onKafka(bench: Bench): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const postgres = await startPostgres();
  started.defer(postgres.stop);
  const kafka = await startKafka();
  started.defer(kafka.stop);
  const server = await startCounterfoil(
    loadConfig({
      environment: {
        COUNTERFOIL_DATA_DIR: path.join(bench.directory, 'kafka'),
        COUNTERFOIL_STORE: await postgres.createDatabase(),
        COUNTERFOIL_BUS: `kafka://${kafka.broker}`,
      },
    }),
  );
  started.defer(server.stop);
  const load = startLoad(server);
  started.defer(load.stop);
  const seconds = bench.quick ? 5 : 60;
  bench.say(`offering 1,000/s for ${seconds} s, PostgreSQL and Kafka`);
  return await offered(load, `1,000/s for ${seconds} s, PostgreSQL, Kafka`, {
    perSecond: 1_000,
    seconds,
    p99: 200,
  });
}

async function offered(
  load: Load,
  row: string,
  { perSecond, seconds, p99 }: { perSecond: number; seconds: number; p99: number },
): Promise<readonly Figure[]> {
  const accepted = await load.run({ kind: 'offer', perSecond, seconds });
  const outcomes = await load.run({ kind: 'outcomes' });
  return [
    ...figuresOf(
      {
        table: accepting,
        row,
        targets: { p99: { below: p99 }, 'answered within 1 s': { atLeast: 99.9 } },
      },
      accepted.readings,
    ),
    ...figuresOf(
      {
        table: settling,
        row,
        targets: { 'settled within 2 s': { atLeast: 100 }, 'settled at all': { atLeast: 100 } },
      },
      outcomes.readings,
    ),
  ];
}

async function inBulk(bench: Bench): Promise<readonly Figure[]> {
  const lines = bench.quick ? 20_000 : 500_000;
  const rounds: Reading[][] = [];
  for (let round = 0; round < (bench.quick ? 1 : 3); round += 1) {
    const directory = path.join(bench.directory, `bulk-${round}`);
    const server = await startCounterfoil(
      loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } }),
    );
    const load = startLoad(server);
    bench.say(`${lines} lines in one stream`);
    await load.run({ kind: 'lines', lines: 20_000 });
    await load.run({ kind: 'outcomes' });
    const startedMs = performance.now();
    const { seconds } = await load.run({ kind: 'lines', lines });
    await load.run({ kind: 'outcomes' });
    const settledSeconds = (performance.now() - startedMs) / 1_000;
    rounds.push([
      { column: 'accepted', unit: 'lines/s', value: lines / seconds },
      { column: 'accepted and settled', unit: 'lines/s', value: lines / settledSeconds },
    ]);
    await load.stop();
    await server.stop();
  }
  return figuresOf(
    {
      table: 'Lines in bulk',
      row: 'SQLite, embedded queue',
      targets: { accepted: { atLeast: 50_000 } },
    },
    rounds,
  );
}

async function burst(bench: Bench): Promise<readonly Figure[]> {
  const lines = bench.quick ? 20_000 : 200_000;
  const program = path.join(import.meta.dirname, '../servers/capture.program.ts');
  const server = startWorkerProcess<CaptureServerTask, { readonly answer: string | number }>(
    program,
    path.join(bench.directory, 'burst'),
  );
  const { answer: url } = await server.run('start');
  const { answer: key } = await server.run('key');
  const load = startLoad({ url: String(url), headers: { authorization: `Bearer ${key}` } });
  try {
    bench.say(`a burst of ${lines} lines while nobody takes them`);
    await server.run('pause');
    const { seconds } = await load.run({ kind: 'lines', lines });
    const { answer: backlog } = await server.run('backlog');
    const startedMs = performance.now();
    await server.run('resume');
    while ((await server.run('backlog')).answer !== 0) await sleep(50);
    const drainedSeconds = (performance.now() - startedMs) / 1_000;
    const { readings } = await load.run({ kind: 'outcomes' });
    const settled = readings[0]?.find(({ column }) => column === 'settled at all')?.value ?? 0;
    return figuresOf(
      {
        table: `A burst of ${lines.toLocaleString('en')} lines while the consumer is stopped`,
        row: 'SQLite, embedded queue',
        targets: { 'in the queue': { atLeast: 100 }, 'settled at all': { atLeast: 100 } },
      },
      [
        [
          { column: 'absorbed', unit: 'lines/s', value: lines / seconds },
          { column: 'in the queue', unit: '%', value: (100 * Number(backlog)) / lines },
          { column: 'drained', unit: 'lines/s', value: lines / drainedSeconds },
          { column: 'settled at all', unit: '%', value: settled },
        ],
      ],
    );
  } finally {
    await load.stop();
    await server.stop();
  }
}
