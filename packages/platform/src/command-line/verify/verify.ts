import path from 'node:path';
import type { EventStore } from '@counterfoil/event-store';
import {
  checkConsistency,
  type Difference,
  type ReadModelDatabase,
} from '@counterfoil/event-store/projections';
import { projections } from '../../read-models/projections.ts';
import { openLog, openReadModelDatabase } from '../../stores.ts';
import { opening } from '../failure.ts';
import { exitCodeOfInterruption } from '../interruption.ts';
import { onExistingLog, type KeptConfig, type StoreOptions } from '../kept-store.ts';
import { count, counted, type Terminal } from '../terminal.ts';
import { checkLog } from './log-check.ts';
import { checkSeal } from './seal-check.ts';
import { sqliteProblem } from './sqlite-check.ts';

/** Proves log and read models sound, or says what is first wrong with each; answers 1 then. */
export async function verify(options: StoreOptions, terminal: Terminal): Promise<number> {
  return onExistingLog(options, async (config, signal) => {
    if (!checkFiles(config, terminal)) return 1;
    const store = await opening(config, () => openLog(config));
    const database = await openReadModelDatabase(config);
    try {
      if (!(await checkTheLog(store, signal, terminal))) return 1;
      if (!(await checkTheSeal(config, signal, terminal))) return 1;
      return (await checkReadModels(store, database, signal, terminal)) ? 0 : 1;
    } catch (failure) {
      if (!signal.aborted) throw failure;
      terminal.tell('Stopped before all was verified');
      return exitCodeOfInterruption;
    } finally {
      await database.close();
      await store.close();
    }
  });
}

const remedies = {
  'log.sqlite': 'Stop the server, move the data directory away and restore the last backup',
  'read-models.sqlite':
    'Stop the server and remove read-models.sqlite*: "counterfoil rebuild" makes it anew',
};

function checkFiles({ store, dataDirectory }: KeptConfig, terminal: Terminal): boolean {
  if (store.kind !== 'sqlite') return true;
  for (const [name, remedy] of Object.entries(remedies)) {
    const problem = sqliteProblem(path.join(dataDirectory, name));
    if (problem !== undefined) {
      terminal.say(`${problem}. ${remedy}`);
      return false;
    }
  }
  terminal.say('files: sound, says SQLite');
  return true;
}

async function checkTheLog(
  store: EventStore,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<boolean> {
  const { update, end } = terminal.startProgress({ doing: 'Verifying the log', unit: 'events' });
  const result = await checkLog(store, { signal, onProgress: update }).finally(end);
  terminal.say(
    result.sound
      ? `log: sound, ${counted(result.events, 'event')} in ${counted(result.streams, 'stream')}`
      : `log: ${result.problem}`,
  );
  return result.sound;
}

async function checkTheSeal(
  config: KeptConfig,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<boolean> {
  const { update, end } = terminal.startProgress({ doing: 'Verifying the seal', unit: 'events' });
  const onProgress = (position: number): void => update(position, position);
  const { sound, sentence } = await checkSeal(config, { signal, onProgress }).finally(end);
  terminal.say(`seal: ${sentence}`);
  return sound;
}

async function checkReadModels(
  store: EventStore,
  database: ReadModelDatabase,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<boolean> {
  const built = await builtReadModels(database);
  let sound = true;
  for (const projection of projections) {
    const { name, version } = projection;
    if (built.get(name) !== version) {
      terminal.say(`${name}: not built yet; "counterfoil rebuild" or the next "serve" builds it`);
      continue;
    }
    const { update, end } = terminal.startProgress({ doing: `Verifying ${name}`, unit: 'events' });
    const options = { log: store, database, projection, signal, onProgress: update };
    const result = await checkConsistency(options).finally(end);
    sound &&= result.equal;
    terminal.say(
      result.equal
        ? `${name}: ${counted(result.rows, 'row')} equal to the log up to position ${count(result.position)}`
        : `${name}: ${describe(result.difference)}`,
    );
  }
  return sound;
}

/** The version of each read model that queries are answered from. */
async function builtReadModels({
  kysely,
}: ReadModelDatabase): Promise<ReadonlyMap<string, number>> {
  const rows = await kysely
    .selectFrom('projections')
    .select(['name', 'version'])
    .where('status', '=', 'active')
    .execute();
  return new Map(rows.map(({ name, version }) => [name, version]));
}

function describe({ key, column, expected, actual, lastEvent }: Difference): string {
  const where = column === undefined ? '' : `, column ${column}`;
  const by =
    lastEvent === undefined
      ? ''
      : `; the last event to change it is at position ${lastEvent.position}`;
  return (
    `row ${key.join(', ')}${where}: the log says ${shown(expected)}, ` +
    `the read model ${shown(actual)}${by}. "counterfoil rebuild" corrects it`
  );
}

function shown(value: Difference['expected']): string {
  return value === undefined ? 'that there is none' : JSON.stringify(value);
}
