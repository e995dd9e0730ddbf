import type { Instant } from '../kernel/instant.ts';
import type { Commit, EventStorage, Verdict } from '../storage/storage.ts';

/** A storage whose batches wait for the test to say what becomes of them. */
export interface HoldingStorage extends EventStorage {
  /** The batches that wait, oldest first. */
  readonly held: readonly HeldBatch[];
  /** Every batch that was ever sent, in order. */
  readonly sent: readonly (readonly Commit[])[];
  /** Settles what waits, one batch after the other, until nothing comes any more. */
  writeAll(): Promise<void>;
}

export interface HeldBatch {
  readonly commits: readonly Commit[];
  /** Writes it, and answers. */
  write(): Promise<void>;
  /** Answers with a failure, and writes nothing. */
  fail(reason: Error): Promise<void>;
  /** Writes it, and answers with a failure. */
  loseAnswer(reason: Error): Promise<void>;
}

export function holdBatches(storage: EventStorage): HoldingStorage {
  const held: HeldBatch[] = [];
  const sent: (readonly Commit[])[] = [];
  const append = (commits: readonly Commit[], at: Instant): Promise<readonly Verdict[]> => {
    sent.push(commits);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Verdict[]>();
    const settled = async (settle: () => unknown): Promise<void> => {
      held.splice(held.indexOf(batch), 1);
      await settle();
      await turn();
    };
    const batch: HeldBatch = {
      commits,
      write: () => settled(async () => resolve(await storage.append(commits, at))),
      fail: (reason) => settled(() => reject(reason)),
      loseAnswer: (reason) =>
        settled(async () => {
          await storage.append(commits, at);
          reject(reason);
        }),
    };
    held.push(batch);
    return promise;
  };
  return {
    ...storage,
    append,
    held,
    sent,
    writeAll: async () => {
      await turn();
      for (let next = held[0]; next !== undefined; next = held[0]) await next.write();
    },
  };
}

/** Lets the event loop go round, so that what waits for its next turn has happened. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
