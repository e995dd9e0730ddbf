import path from 'node:path';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { openPostgresStorage } from '@counterfoil/event-store/postgres';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { callsPerSecond } from '../measuring/closed-loop.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Appender } from '../rivals/appender.ts';
import { counterfoilAppender } from '../rivals/counterfoil.ts';
import { emmettPostgresAppender, emmettSqliteAppender } from '../rivals/emmett.ts';
import { rawSqliteAppender } from '../rivals/raw-sqlite.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';

/** Appends through the library, beside other ways to do the same. */
export const append: Scenario = {
  title: 'Durable appends through the library, beside raw SQLite and Emmett',
  measure: async (bench) => {
    const postgres = await startPostgres();
    try {
      return await measureOn(bench, () => postgres.createDatabase());
    } finally {
      await postgres.stop();
    }
  },
};

async function measureOn(bench: Bench, database: () => Promise<string>): Promise<Outcome> {
  const file = (name: string): string => path.join(bench.directory, name);
  const rows: readonly Row[] = [
    {
      row: 'Counterfoil, SQLite',
      appender: await counterfoilAppender(await openSqliteStorage({ file: file('log.sqlite') })),
    },
    { row: 'raw node:sqlite', appender: await rawSqliteAppender(file('raw.sqlite')), alone: true },
    { row: 'Emmett, SQLite', appender: await emmettSqliteAppender(file('emmett.sqlite')) },
    {
      row: 'Counterfoil, PostgreSQL',
      appender: await counterfoilAppender(
        await openPostgresStorage({ connectionString: await database() }),
      ),
    },
    { row: 'Emmett, PostgreSQL', appender: await emmettPostgresAppender(await database()) },
    // Begun anew each time: what is only in memory must not fill it.
    { row: 'Counterfoil, memory', open: () => counterfoilAppender(openMemoryStorage()) },
  ];
  const contenders = rows.flatMap((row) => [
    ...batchSizes.map((size) => oneCaller(row, size)),
    ...('alone' in row ? [] : [manyCallers(row)]),
  ]);
  const figures = await interleave(contenders, { seconds: 1 }, bench);
  for (const row of rows) if ('appender' in row) await row.appender.close();
  return {
    conditions: {
      SQLite: 'WAL, synchronous = FULL, cache 128 MiB, checkpoint every 8,000 pages, for all alike',
      PostgreSQL: `${postgresConditions}, for all alike`,
      events: 'TradeBooked; every append says at which version it expects its stream',
    },
    figures,
  };
}

type Row = { readonly row: string } & (
  | { readonly appender: Appender; readonly alone?: true }
  | { readonly open: () => Promise<Appender> }
);

const batchSizes = [1, 10, 100, 1_000];
const callers = 1_000;
const table = 'Durable appends';

/** Versions of streams that one contender has to itself. */
interface Streams {
  readonly first: number;
  readonly versions: number[];
}

let streamsGiven = 0;

function newStreams(count: number): Streams {
  const first = streamsGiven;
  streamsGiven += count;
  return { first, versions: Array.from({ length: count }, () => 0) };
}

async function appendTo(
  appender: Appender,
  { first, versions }: Streams,
  index: number,
  count: number,
): Promise<void> {
  const version = versions[index] ?? 0;
  versions[index] = version + count;
  await appender.append(first + index, version, count);
}

const streamsOfOneCaller = 100;

function oneCaller(row: Row, size: number): Contender {
  const kept = newStreams(streamsOfOneCaller);
  return {
    table,
    row: row.row,
    measure: async (seconds) => {
      const { appender, streams, done } = await borrowed(row, kept);
      let turn = 0;
      const rate = await callsPerSecond(seconds, 1, () => {
        turn = (turn + 1) % streamsOfOneCaller;
        return appendTo(appender, streams, turn, size);
      });
      await done();
      return [{ column: named(size), unit: 'events/s', value: rate * size }];
    },
  };
}

function manyCallers(row: Row): Contender {
  const kept = newStreams(callers);
  return {
    table,
    row: row.row,
    measure: async (seconds) => {
      const { appender, streams, done } = await borrowed(row, kept);
      const rate = await callsPerSecond(seconds, callers, (caller) =>
        appendTo(appender, streams, caller, 1),
      );
      await done();
      return [{ column: '1 event each of 1,000 callers', unit: 'events/s', value: rate }];
    },
  };
}

async function borrowed(row: Row, kept: Streams) {
  if ('appender' in row) {
    return { appender: row.appender, streams: kept, done: async () => undefined };
  }
  const appender = await row.open();
  const streams = { first: 0, versions: kept.versions.map(() => 0) };
  return { appender, streams, done: () => appender.close() };
}

function named(size: number): string {
  return size === 1 ? '1 event an append' : `${size.toLocaleString('en')} events`;
}
