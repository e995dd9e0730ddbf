import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { openSigningKeys, openStorage, openTree, systemClock } from '../stores.ts';
import { runSealer, type SealerNews } from './sealer-parts.ts';

/**
 * The sealer's thread: it reads the log and writes the tree on connections of its own. `ring` is the
 * doorbell; `stop` ends it after the last seal.
 */
const port = parentPort;
if (port === null) throw new Error('the sealer runs in a worker thread');

// Where cores are short, whoever waits for an answer goes before the seal. Linux has a priority for each
// thread; elsewhere this would slow the whole process.
if (process.platform === 'linux') os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);

const config = workerData as Config;
const tell = (news: SealerNews): void => port.postMessage(news);
const storage = await openStorage(config);
const tree = await openTree(config);
const keys = await openSigningKeys(config);
const sealer = await runSealer({ config, storage, tree, keys, clock: systemClock, tell });
tell({ kind: 'begun' });

port.on('message', (message: 'ring' | 'stop') => {
  if (message === 'ring') sealer.ring();
  else void stop();
});

async function stop(): Promise<void> {
  await sealer.close();
  await tree.close();
  await storage.close();
  port?.close();
}
