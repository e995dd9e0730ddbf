import type { EventStore, Projection } from '@counterfoil/event-store';
import {
  rebuild as rebuildOne,
  type ReadModelDatabase,
} from '@counterfoil/event-store/projections';
import { projections } from '../read-models/projections.ts';
import { openLog, openReadModelDatabase, systemClock } from '../stores.ts';
import { catchUp } from './catch-up.ts';
import { CommandFailure, opening } from './failure.ts';
import { exitCodeOfInterruption } from './interruption.ts';
import { onExistingLog, type StoreOptions } from './kept-store.ts';
import type { Terminal } from './terminal.ts';

/** Builds read models anew beside the ones being shown, all or those named, and switches. */
export async function rebuild(
  names: readonly string[],
  options: StoreOptions,
  terminal: Terminal,
): Promise<number> {
  const chosen = chosenFrom(names);
  return onExistingLog(options, async (config, signal) => {
    const log = await opening(config, () => openLog(config));
    const database = await openReadModelDatabase(config);
    try {
      const complete = await rebuildReadModels(log, database, { chosen, signal, terminal });
      if (complete) return 0;
      terminal.tell('Stopped: start the same command again to continue');
      return exitCodeOfInterruption;
    } finally {
      await database.close();
      await log.close();
    }
  });
}

function chosenFrom(names: readonly string[]): readonly Projection[] {
  const known = projections.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new CommandFailure(`There is no read model "${strange}". There are ${known.join(', ')}`);
  }
  return names.length === 0 ? projections : projections.filter(({ name }) => names.includes(name));
}

export interface Rebuilding {
  readonly chosen: readonly Projection[];
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Answers false when it was stopped before all was done. */
export async function rebuildReadModels(
  log: EventStore,
  database: ReadModelDatabase,
  { chosen, signal, terminal }: Rebuilding,
): Promise<boolean> {
  for (const projection of chosen) {
    const doing = `Rebuilding ${projection.name}`;
    const { update: onProgress, end } = terminal.startProgress({ doing, unit: 'events' });
    const parts = { log, database, projection, clock: systemClock, signal, onProgress };
    if (!(await rebuildOne(parts).finally(end))) return false;
    terminal.say(`${projection.name} is rebuilt`);
  }
  // What was never built has nothing to be built beside: it is built as at a first start.
  return catchUp(log, database, signal, terminal);
}
