import type { Clock } from '../kernel/instant.ts';
import type { Commit, EventStorage, Verdict } from '../storage/storage.ts';

/**
 * Gathers the commits of many callers into batches, so that one transaction and one fsync serve all of
 * them (group commit: Gray and Reuter, Transaction Processing, section 9.4). While a batch is on its way,
 * the next gathers; a caller alone waits for nobody.
 */
export interface GroupCommit {
  /**
   * Resolves with the commit's verdict once its batch is durable. Commits are judged in the order of the
   * calls. Rejects with a StoreOverloaded when too many wait already, and with the storage's failure,
   * which strikes every commit of its batch and of the batches behind it.
   */
  append(commit: Commit): Promise<Verdict>;
  /** Resolves when everything appended so far has its verdict. */
  drain(): Promise<void>;
}

export interface GroupCommitOptions {
  /** Most commits in one batch; more make each wait longer for the others. */
  readonly batchSizeMax?: number | undefined;
  /** Batches under way at once: a second one keeps the storage busy while the first's answer travels. */
  readonly batchesInFlightMax?: number | undefined;
  /** Most commits waiting, over which `append` rejects. */
  readonly waitingMax?: number | undefined;
}

/** Too many commits wait to be written; the caller may try again a little later. */
export class StoreOverloaded extends Error {
  override readonly name = 'StoreOverloaded';
}

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (reason: unknown) => void;
}

export function createGroupCommit(
  storage: EventStorage,
  clock: Clock,
  options: GroupCommitOptions = {},
): GroupCommit {
  const { batchSizeMax = 1_000, batchesInFlightMax = 2, waitingMax = 100_000 } = options;
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let scheduled = false;
  let idle: (() => void)[] = [];

  const flush = (): void => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < batchesInFlightMax) {
      const batch = waiting.length > batchSizeMax ? waiting.splice(0, batchSizeMax) : waiting;
      if (batch === waiting) waiting = [];
      inFlight += 1;
      void send(batch);
    }
  };

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const verdicts = await storage.append(
        batch.map(({ commit }) => commit),
        clock(),
      );
      batch.forEach(({ resolve, reject }, index) => {
        const verdict = verdicts[index];
        if (verdict === undefined) reject(new Error('the storage gave no verdict'));
        else resolve(verdict);
      });
    } catch (failure) {
      // What was decided behind this batch stood on it, so it falls with it.
      const behind = waiting;
      waiting = [];
      for (const { reject } of [...batch, ...behind]) reject(failure);
    }
    inFlight -= 1;
    flush();
    if (inFlight === 0) {
      for (const wake of idle) wake();
      idle = [];
    }
  };

  return {
    append: (commit) => {
      if (waiting.length >= waitingMax) {
        return Promise.reject(
          new StoreOverloaded(`${waitingMax} commits wait to be written; try again in a moment`),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ commit, resolve, reject });
        if (scheduled || inFlight >= batchesInFlightMax) return;
        scheduled = true;
        // Everything that this turn of the event loop still appends goes along.
        setImmediate(flush);
      });
    },
    drain: () =>
      inFlight === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idle.push(resolve);
          }),
  };
}
