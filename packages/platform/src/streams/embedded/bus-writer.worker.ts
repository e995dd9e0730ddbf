import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from './bus-tables.ts';
import { createBusWriter, leavesDiskInDoubt, type BusWrite } from './bus-writer.ts';

/**
 * The thread that writes to the bus: takes batches in order, and answers each when it is durable. After an
 * error that leaves the disk in doubt it answers every further batch with the same, and touches the file no
 * more.
 */
export type BusWriterRequest = readonly BusWrite[] | 'close';

export type BusWriterAnswer =
  | { readonly kind: 'done'; readonly results: readonly unknown[] }
  | { readonly kind: 'failed'; readonly cause: unknown };

const port = parentPort;
if (port === null) throw new Error('the writer of the bus runs in a worker thread');

const database = openForWriting(workerData as string);
const write = createBusWriter(database);
const answer = (message: BusWriterAnswer): void => port.postMessage(message);
const done: BusWriterAnswer = { kind: 'done', results: [] };
let stopped: BusWriterAnswer | undefined;

port.on('message', (request: BusWriterRequest) => {
  if (request === 'close') {
    database.close();
    answer(done);
    port.close();
    return;
  }
  if (stopped !== undefined) {
    answer(stopped);
    return;
  }
  try {
    answer({ kind: 'done', results: write(request) });
  } catch (cause) {
    const failed: BusWriterAnswer = { kind: 'failed', cause };
    if (leavesDiskInDoubt(cause)) stopped = failed;
    answer(failed);
  }
});

answer(done);
