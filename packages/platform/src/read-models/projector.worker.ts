import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createProjector } from '@counterfoil/event-store/projections';
import type { Config } from '../config.ts';
import { openLog, openReadModelDatabase, systemClock } from '../stores.ts';
import { projections } from './projections.ts';
import type { ProjectorNews } from './projector-thread.ts';

/**
 * The projector's thread: it reads the log and writes the read models on connections of its own, so that
 * neither takes time from the thread that decides commands. A message of any kind is a ring of the
 * doorbell; `stop` ends it after the batch at hand.
 */
const port = parentPort;
if (port === null) throw new Error('the projector runs in a worker thread');

const config = workerData as Config;
const log = await openLog(config);
const database = await openReadModelDatabase(config);
const listeners = new Set<() => void>();
const tell = (news: ProjectorNews): void => port.postMessage(news);

const projector = createProjector({
  log: {
    ...log,
    watch: (listener) => {
      const unwatch = log.watch(listener);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        unwatch();
      };
    },
  },
  database,
  projections,
  clock: systemClock,
  onProgress: () => tell({ kind: 'position', position: projector.position() }),
  onFailure: (failure) => tell({ kind: 'failure', message: String(failure) }),
});

port.on('message', (message: 'ring' | 'stop') => {
  if (message === 'ring') {
    for (const listener of listeners) listener();
    return;
  }
  void stop();
});

async function stop(): Promise<void> {
  await projector.stop();
  await database.close();
  await log.close();
  tell({ kind: 'stopped' });
  port?.close();
}

// Where cores are short, whoever waits for an answer goes before the read models. Linux has a priority for
// each thread; elsewhere this would slow the whole process.
if (process.platform === 'linux') os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);

await projector.start();
tell({ kind: 'position', position: projector.position() });
