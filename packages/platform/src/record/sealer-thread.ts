import { Worker } from 'node:worker_threads';
import type { EventLog } from '@counterfoil/event-store';
import type { Config } from '../config.ts';
import type { SealerNews } from './sealer-parts.ts';

/** Starts the sealer in a thread of its own; it begins while the program goes on. */
export function startSealerThread(
  config: Config,
  log: Pick<EventLog, 'watch'>,
  tell: (news: SealerNews) => void,
): { close(): Promise<void> } {
  const worker = new Worker(new URL('./sealer.worker.ts', import.meta.url), { workerData: config });
  let ended = false;
  let begun = false;
  const stopped = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  worker.on('message', (news: SealerNews) => {
    begun = true;
    tell(news);
  });
  worker.on('error', (cause) => {
    ended = true;
    tell({ kind: 'failure', message: `the sealer has stopped: ${String(cause)}` });
  });
  const unwatch = log.watch(() => worker.postMessage('ring'));
  worker.unref();
  return {
    close: async () => {
      unwatch();
      // From now on somebody waits for it.
      worker.ref();
      // Before its first news it is still loading: what there is to seal is sealed at the next start.
      if (!begun) await worker.terminate();
      else if (!ended) worker.postMessage('stop');
      await stopped;
    },
  };
}
