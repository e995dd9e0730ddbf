import path from 'node:path';
import type { BulkAnswer, BulkStart } from './bulk-load.program.ts';
import type { LoadAnswer, LoadStart, LoadTask } from './http-load.program.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** Requests one by one, from a process of its own. */
export type HttpLoad = WorkerProcess<LoadTask, LoadAnswer>;

export function startHttpLoad(start: LoadStart): HttpLoad {
  return startWorkerProcess(path.join(import.meta.dirname, 'http-load.program.ts'), start);
}

/** Lines in a stream for as many seconds as the task says, from a process of its own. */
export type BulkLoad = WorkerProcess<number, BulkAnswer>;

export function startBulkLoad(start: BulkStart): BulkLoad {
  return startWorkerProcess(path.join(import.meta.dirname, 'bulk-load.program.ts'), start);
}
