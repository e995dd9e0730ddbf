import type { Clock } from '../kernel/instant.ts';
import type { Commit, Conflict, EventStorage, Verdict } from '../storage/storage.ts';

/**
 * Gathers the commits of many callers into batches, so that one transaction and one fsync serve all of
 * them (group commit: Gray and Reuter, Transaction Processing, section 9.4). While a batch is on its way,
 * the next gathers; a caller alone waits for nobody.
 */
export interface GroupCommit {
  /**
   * Takes a commit; its verdict resolves once its batch is durable. Commits are judged in the order of the
   * calls. The verdict rejects with a StoreOverloaded when too many wait already, and with the storage's
   * failure, which strikes every commit of its batch and whatever stands on them.
   *
   * `standsOn` is the commit whose records this one was decided on, if that may still be on its way. It is
   * then written only if that one was: versions alone would not tell, as another process may have brought
   * the stream to the same version by other means. While that one is on its way in an earlier batch, this
   * one waits.
   */
  append(commit: Commit, standsOn?: Pending): Pending;
  /** Resolves when everything appended so far has its verdict. */
  drain(): Promise<void>;
}

/** A commit that was taken, and what becomes of it. */
export interface Pending {
  readonly verdict: Promise<Verdict>;
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

interface Waiting extends Pending {
  readonly commit: Commit;
  /** Undefined once it needs no asking any more. */
  standsOn: Waiting | undefined;
  /** The number of its batch; 0 while it waits. */
  batch: number;
  place: number;
  /** How it ended: undefined before. */
  outcome: Verdict | Failed | undefined;
  settle(outcome: Verdict | Failed): void;
}

interface Failed {
  readonly kind: 'failed';
  readonly reason: unknown;
}

export function createGroupCommit(
  storage: EventStorage,
  clock: Clock,
  options: GroupCommitOptions = {},
): GroupCommit {
  const { batchSizeMax = 1_000, batchesInFlightMax = 2, waitingMax = 100_000 } = options;
  let waiting: Waiting[] = [];
  let batches = 0;
  let inFlight = 0;
  let scheduled = false;
  let idle: (() => void)[] = [];

  /** The commits that can go next, in order; the others stay until what they stand on is known. */
  const nextBatch = (): readonly Waiting[] => {
    batches += 1;
    const batch: Waiting[] = [];
    const staying: Waiting[] = [];
    for (const [index, one] of waiting.entries()) {
      if (batch.length === batchSizeMax) {
        staying.push(...waiting.slice(index));
        break;
      }
      const { standsOn } = one;
      const known = standsOn?.outcome;
      if (standsOn === undefined || known?.kind === 'appended') {
        one.standsOn = undefined;
      } else if (known !== undefined) {
        one.settle(known.kind === 'failed' ? known : conflictBehind(standsOn, known, one));
        continue;
      } else if (standsOn.batch !== batches) {
        staying.push(one);
        continue;
      }
      one.batch = batches;
      one.place = batch.push(one) - 1;
    }
    waiting = staying;
    return batch;
  };

  const flush = (): void => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < batchesInFlightMax) {
      const batch = nextBatch();
      if (batch.length === 0) break;
      inFlight += 1;
      void send(batch);
    }
  };

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const verdicts = await storage.append(batch.map(commitOf), clock());
      batch.forEach((one, index) => one.settle(verdicts[index] ?? noVerdict));
    } catch (reason) {
      for (const one of batch) one.settle({ kind: 'failed', reason });
    }
    inFlight -= 1;
    flush();
    if (inFlight === 0) {
      for (const wake of idle) wake();
      idle = [];
    }
  };

  return {
    append: (commit, standsOn) => {
      const pending = createWaiting(commit, standsOn as Waiting | undefined);
      if (waiting.length >= waitingMax) {
        const text = `${waitingMax} commits wait to be written; try again in a moment`;
        pending.settle({ kind: 'failed', reason: new StoreOverloaded(text) });
        return pending;
      }
      waiting.push(pending);
      if (!scheduled && inFlight < batchesInFlightMax) {
        scheduled = true;
        // Everything that this turn of the event loop still appends goes along.
        setImmediate(flush);
      }
      return pending;
    },
    drain: () =>
      inFlight === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idle.push(resolve);
          }),
  };
}

const noVerdict: Failed = { kind: 'failed', reason: new Error('the storage gave no verdict') };

function createWaiting(commit: Commit, standsOn: Waiting | undefined): Waiting {
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  const waiting: Waiting = {
    verdict: promise,
    commit,
    standsOn,
    batch: 0,
    place: 0,
    outcome: undefined,
    settle: (outcome) => {
      waiting.outcome = outcome;
      // Nobody asks any further back; a chain of all that ever stood on each other would never end.
      waiting.standsOn = undefined;
      if (outcome.kind === 'failed') reject(outcome.reason);
      else resolve(outcome);
    },
  };
  return waiting;
}

function commitOf({ commit, standsOn }: Waiting): Commit {
  return standsOn === undefined ? commit : { ...commit, standsOn: standsOn.place };
}

/** The verdict on a commit when the one that it stands on was refused. */
function conflictBehind(
  { commit: before }: Waiting,
  refusal: Verdict,
  { commit }: Waiting,
): Conflict | Failed {
  const [append] = commit.appends;
  if (append === undefined) return noVerdict;
  const { stream, expected } = append;
  // A taken claim leaves the stream where the commit before expected it.
  const left = before.appends.find((one) => one.stream === stream)?.expected;
  const actual = refusal.kind === 'conflict' ? refusal.actual : typeof left === 'number' ? left : 0;
  return { kind: 'conflict', stream, expected, actual };
}
