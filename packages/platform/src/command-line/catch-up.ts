import type { EventStore } from '@counterfoil/event-store';
import { createProjector, type ReadModelDatabase } from '@counterfoil/event-store/projections';
import { projections } from '../read-models/projections.ts';
import { systemClock } from '../stores.ts';
import { count, type Terminal } from './terminal.ts';

const lookEveryMs = 200;

/** Brings every read model up to the head of the log. Answers false when it was stopped before. */
export async function catchUp(
  store: EventStore,
  database: ReadModelDatabase,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<boolean> {
  const head = (await store.head()).position;
  const progress = terminal.startProgress({ doing: 'Building read models', unit: 'events' });
  const projector = createProjector({ log: store, database, projections, clock: systemClock });
  await projector.start();
  try {
    while (!signal.aborted) {
      if (await projector.waitFor(head, lookEveryMs)) {
        terminal.say(`The read models reflect position ${count(head)}`);
        return true;
      }
      progress.update(projector.position(), head);
    }
    return false;
  } finally {
    progress.end();
    await projector.stop();
  }
}
