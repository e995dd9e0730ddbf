import { parentPort, workerData } from 'node:worker_threads';
import { decodeBatch, type BatchAnswer } from './batch-message.ts';
import { createBatchWriter } from './batch-writer.ts';
import { openWriterConnection } from './connections.ts';
import { storageFailure } from './failures.ts';

/**
 * The writer's thread: takes batches in order, answers each when it is durable. After an error that leaves
 * the disk in doubt it answers every further batch with the same error, and touches the file no more.
 */
export type WriterRequest =
  | { readonly kind: 'batch'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'snapshot';
      readonly stream: string;
      readonly version: number;
      readonly format: string;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'close' };

export type WriterAnswer =
  | { readonly kind: 'written'; readonly answer: BatchAnswer }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly final: boolean;
      readonly cause: unknown;
    }
  | { readonly kind: 'done' };

const port = parentPort;
if (port === null) throw new Error('the writer runs in a worker thread');

const database = openWriterConnection(workerData as string);
const writer = createBatchWriter(database);
const saveSnapshot = database.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)');
let stopped: WriterAnswer | undefined;

port.on('message', (request: WriterRequest) => {
  if (request.kind === 'close') {
    database.close();
    port.postMessage({ kind: 'done' } satisfies WriterAnswer);
    port.close();
    return;
  }
  if (stopped !== undefined) {
    port.postMessage(stopped);
    return;
  }
  try {
    if (request.kind === 'batch') {
      const answer = writer.write(decodeBatch(request.bytes));
      port.postMessage({ kind: 'written', answer } satisfies WriterAnswer, [
        answer.appended.buffer,
      ]);
    } else {
      saveSnapshot.run(request.stream, request.version, request.format, request.bytes);
      port.postMessage({ kind: 'done' } satisfies WriterAnswer);
    }
  } catch (cause) {
    const { message, final } = storageFailure(cause);
    const answer: WriterAnswer = { kind: 'failed', message, final, cause };
    if (final) stopped = answer;
    port.postMessage(answer);
  }
});

port.postMessage({ kind: 'done' } satisfies WriterAnswer);
