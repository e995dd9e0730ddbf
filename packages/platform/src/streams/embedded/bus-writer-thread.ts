import { startAnsweringThread } from '@counterfoil/event-store/thread';
import { BusFailure } from '../bus.ts';
import type { BusWrite } from './bus-writer.ts';
import type { BusWriterAnswer, BusWriterRequest } from './bus-writer.worker.ts';

export interface BusWriterThread {
  /** Resolves with the result of each write once all are durable; rejects with a BusFailure when none is. */
  write(batch: readonly BusWrite[]): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export async function startBusWriter(file: string): Promise<BusWriterThread> {
  const thread = await startAnsweringThread<BusWriterRequest, BusWriterAnswer>({
    program: new URL('./bus-writer.worker.ts', import.meta.url),
    workerData: file,
    failureOf: (cause) => new BusFailure('the bus can not be written to', { cause }),
  });
  return {
    write: async (batch) => {
      const answer = await thread.request(batch);
      if (answer.kind === 'failed') {
        throw new BusFailure('the bus could not keep what it was given', { cause: answer.cause });
      }
      return answer.results;
    },
    close: () => thread.close('close'),
  };
}
