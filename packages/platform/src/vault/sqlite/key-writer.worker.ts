import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from './key-tables.ts';
import { createKeyWriter, type KeyWrite } from './key-writer.ts';

/**
 * The thread that writes to the store of keys: one change after the other, each answered when it is durable. After an
 * error that leaves the disk in doubt it answers all else with the same, and touches the file no more.
 */
export type KeyWriterRequest = KeyWrite | 'close';

export type KeyWriterAnswer =
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly cause: unknown };

const port = parentPort;
if (port === null) throw new Error('the writer of keys runs in a worker thread');

const database = openForWriting(workerData as string);
const write = createKeyWriter(database);
const answer = (message: KeyWriterAnswer): void => port.postMessage(message);
let stopped: KeyWriterAnswer | undefined;
const done: KeyWriterAnswer = { kind: 'done', result: undefined };

port.on('message', (request: KeyWriterRequest) => {
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
    answer({ kind: 'done', result: write(request) });
  } catch (cause) {
    const failed: KeyWriterAnswer = { kind: 'failed', cause };
    if (!leavesAllAsItWas(cause)) stopped = failed;
    answer(failed);
  }
});

answer(done);

// Primary result codes, the low byte of SQLite's extended codes (sqlite.org/rescode.html).
const busy = 5;
const locked = 6;
const full = 13;
const constraint = 19;

/** Another's lock, no room, or the tables' own rules: after any other error nobody knows what the disk holds. */
function leavesAllAsItWas(cause: unknown): boolean {
  const code = (cause as { readonly errcode?: unknown } | undefined)?.errcode;
  return [busy, locked, full, constraint].includes(Number(code) & 0xff);
}
