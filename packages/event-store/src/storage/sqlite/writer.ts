import { startAnsweringThread, type AnsweringThread } from '../../thread.ts';
import { StorageFailure } from '../storage.ts';
import { storageFailure } from './failures.ts';
import type { WriterAnswer, WriterRequest } from './writer.worker.ts';

/** The calling thread's end of the thread that writes. */
export interface Writer {
  /** Rejects with a StorageFailure. */
  write(
    request: WriterRequest,
    transfer?: ArrayBuffer[],
  ): Promise<Exclude<WriterAnswer, { kind: 'failed' }>>;
  /** Lets what is under way end. */
  close(): Promise<void>;
}

type WriterThread = AnsweringThread<WriterRequest, WriterAnswer>;

/** Started by the first write: whoever only reads has no use for the thread. */
export function createWriter(start: () => Promise<WriterThread>): Writer {
  let starting: Promise<WriterThread> | undefined;

  const started = async (): Promise<WriterThread> => {
    try {
      return await start();
    } catch (failure) {
      // It may start the next time: another process held the log, or the disk was full.
      if (failure instanceof StorageFailure && !failure.final) starting = undefined;
      throw failure;
    }
  };

  return {
    write: async (request, transfer) => {
      starting ??= started();
      const answer = await (await starting).request(request, transfer);
      if (answer.kind !== 'failed') return answer;
      const { message, final, cause } = answer;
      throw new StorageFailure(message, { final, cause });
    },
    close: async () => {
      // Whoever wanted to write has been told why it did not start; there is nothing to end.
      const thread = await starting?.catch(() => undefined);
      await thread?.close({ kind: 'close' });
    },
  };
}

export function startWriterThread(file: string): Promise<WriterThread> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return startAnsweringThread({
    program: new URL(`./writer.worker.${extension}`, import.meta.url),
    workerData: file,
    failureOf: (cause) =>
      cause === undefined
        ? new StorageFailure('the storage is closed', { final: true })
        : storageFailure(cause),
  });
}
