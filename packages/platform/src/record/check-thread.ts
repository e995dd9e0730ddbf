import { Worker } from 'node:worker_threads';
import type { CheckedRecord } from '@counterfoil/event-store/log';
import type { Config } from '../config.ts';

/** Checks the configured record in a thread of its own: it is a long piece of work. */
export function checkInThread(config: Config, signal: AbortSignal): Promise<CheckedRecord> {
  const worker = new Worker(new URL('./check.worker.ts', import.meta.url), { workerData: config });
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => void worker.terminate(), { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    // Once there is an answer this changes nothing any more.
    worker.once('exit', () => reject(new Error('the check of the record was ended')));
  });
}
