import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { copyLog, type EventStore, type RecordedEvent } from '@counterfoil/event-store';
import { createStates } from '@counterfoil/platform/src/command-line/states.ts';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { openLog, openStorage } from '@counterfoil/platform/src/stores.ts';
import { describeHistory, historyOf, writeHistory } from '../load/history.ts';
import { configFor } from '../load/ledger.ts';
import type { RowOfFigures } from '../measuring/readings.ts';
import { interleave, type Contender } from '../measuring/rounds.ts';
import type { Outcome, Scenario } from '../scenario.ts';
import { postgresConditions, startPostgres } from '../servers/postgres.ts';

/** The whole log read in order and folded into the state of every account, instrument and price series. */
export const replay: Scenario = {
  title: 'Replay of the whole log into memory',
  measure: async (bench): Promise<Outcome> => {
    await using started = new AsyncDisposableStack();
    const postgres = await startPostgres();
    started.defer(postgres.stop);
    const history = historyOf(bench);
    const onSqlite = configFor(path.join(bench.directory, 'log'));
    const onPostgres = configFor(bench.directory, await postgres.createDatabase());
    bench.say(`writing ${describeHistory(history)}`);
    await writeHistory(onSqlite, history);
    await copy(onSqlite, onPostgres);
    const sqliteLog = await openLog(onSqlite);
    started.defer(sqliteLog.close);
    const postgresLog = await openLog(onPostgres);
    started.defer(postgresLog.close);
    const { position } = await sqliteLog.head();
    const contenders: readonly Contender[] = [
      replaying(
        { row: 'SQLite, whole events', targets: { [column]: { atLeast: 500_000 } } },
        position,
        (take) => readEvents(sqliteLog, take),
      ),
      replaying({ row: 'SQLite, facts alone' }, position, (take) => readFacts(sqliteLog, take)),
      replaying({ row: 'PostgreSQL, whole events' }, position, (take) =>
        readEvents(postgresLog, take),
      ),
      scanning({ row: 'raw node:sqlite, rows read and dropped' }, position, onSqlite),
    ];
    return {
      conditions: {
        log: `${position.toLocaleString('en')} events, ${describeHistory(history)} among them, read in pages of ${pageSize.toLocaleString('en')}`,
        'whole events':
          'with envelope, as `counterfoil replay` reads them; facts are type and data',
        PostgreSQL: postgresConditions,
      },
      figures: await interleave(contenders, { seconds: 0 }, bench),
    };
  },
};

async function copy(from: Config, to: Config): Promise<void> {
  const source = await openStorage(from);
  const target = await openStorage(to);
  await copyLog(source, target, { end: { kind: 'head' } });
  await source.close();
  await target.close();
}

const column = 'folded';
const pageSize = 5_000;

type Take = (event: RecordedEvent) => void;

/** Once through the whole log in each round, however long that takes. */
function replaying(
  row: Omit<RowOfFigures, 'table'>,
  events: number,
  read: (take: Take) => Promise<number>,
): Contender {
  return {
    table: 'Replay',
    ...row,
    measure: async () => {
      const states = createStates();
      const startedMs = performance.now();
      const count = await read(states.take);
      const seconds = (performance.now() - startedMs) / 1_000;
      if (count !== events) throw new Error(`of ${events} events ${count} were replayed`);
      return [{ column, unit: 'events/s', value: count / seconds }];
    },
  };
}

async function readEvents(log: EventStore, take: Take): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const { events, scannedTo, more } = await log.readAll({ after, limit: pageSize });
    for (const event of events) take(event);
    count += events.length;
    if (!more) return count;
    after = scannedTo;
  }
}

async function readFacts({ raw }: EventStore, take: Take): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const { records, scannedTo, more } = await raw.storage.readAll({ after, limit: pageSize });
    for (const record of records) {
      // A fold looks at nothing but these.
      take({ stream: record.stream, ...raw.fact(record) } as RecordedEvent);
    }
    count += records.length;
    if (!more) return count;
    after = scannedTo;
  }
}

/** As fast as the rows can be had, decoded by nobody. */
function scanning(
  row: Omit<RowOfFigures, 'table'>,
  events: number,
  { dataDirectory }: Config,
): Contender {
  const file = path.join(dataDirectory, 'log.sqlite');
  return replaying(row, events, async () => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare('SELECT * FROM events ORDER BY position').iterate();
    let count = 0;
    for (const _ of rows) count += 1;
    database.close();
    return count;
  });
}
