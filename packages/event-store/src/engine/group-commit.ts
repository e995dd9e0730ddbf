import type { Clock } from '../kernel/instant.ts';
import { checkCommits } from '../storage/commit-check.ts';
import type { Commit, Conflict, EventStorage, Verdict } from '../storage/storage.ts';

/**
 * Gathers the commits of many callers into batches, so that one transaction and one fsync serve all of
 * them (group commit: Gray and Reuter, Transaction Processing, section 9.4). While a batch is on its way,
 * the next gathers; a caller alone waits for nobody.
 */
export interface GroupCommit {
  /**
   * Takes a commit; its verdict resolves once its batch is durable. Commits are judged in the order of the
   * calls, except that one which has to wait for what it stands on is overtaken by those which have not.
   * The verdict rejects with a RangeError for what no caller may send, with a StoreOverloaded when too many
   * wait already, and with the storage's failure, which strikes every commit of its batch and whatever
   * stands on them.
   *
   * `standsOn` is the commit whose records this one was decided on, if that may still be on its way. It is
   * then written only if that one was: versions alone would not tell, as another process may have brought
   * the stream to the same version by other means. While that one is on its way in an earlier batch, this
   * one waits.
   */
  append(commit: Commit, standsOn?: Pending): Pending;
  /** Resolves as soon as nothing waits and nothing is under way. */
  drain(): Promise<void>;
}

/** A commit that was taken, and what becomes of it. */
export interface Pending {
  readonly verdict: Promise<Verdict>;
  /** True for what no caller may send, or when too many waited: it was not taken at all. */
  readonly refusedAtOnce: boolean;
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
  /** Commits that stand on it and are held back until it goes, or until its outcome is known. */
  held: Waiting[] | undefined;
  /** The number of its batch; 0 while it waits. */
  batch: number;
  place: number;
  /** How it ended: undefined before. */
  outcome: Verdict | Failed | undefined;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (reason: unknown) => void;
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
  /** What can go next as far as is known, in order; what is held back by another commit is not in it. */
  let ready: Waiting[] = [];
  let waiting = 0;
  let batches = 0;
  let inFlight = 0;
  let scheduled = false;
  let idle: (() => void)[] = [];

  /** Empty when nothing that waits can go before a batch that is under way has its answer. */
  const nextBatch = (): readonly Waiting[] => {
    batches += 1;
    const batch: Waiting[] = [];
    // What was held back by commits that have just gone: the next to be looked at is the last.
    const freed: Waiting[] = [];
    let taken = 0;
    while (batch.length < batchSizeMax) {
      const one = freed.pop() ?? ready[taken++];
      if (one === undefined) break;
      if (!go(one, batch)) continue;
      waiting -= 1;
      for (const next of noLongerHeld(one).toReversed()) freed.push(next);
    }
    ready = [...freed.toReversed(), ...ready.slice(taken)];
    return batch;
  };

  /** Puts a commit into the batch, or refuses it with the one that it stands on; false: it is held back. */
  const go = (one: Waiting, batch: Waiting[]): boolean => {
    const { standsOn } = one;
    const known = standsOn?.outcome;
    if (standsOn === undefined || known?.kind === 'appended') {
      one.standsOn = undefined;
    } else if (known !== undefined) {
      settle(one, known.kind === 'failed' ? known : conflictBehind(standsOn, known, one));
      return true;
    } else if (standsOn.batch !== batches) {
      (standsOn.held ??= []).push(one);
      return false;
    }
    one.batch = batches;
    one.place = batch.push(one) - 1;
    return true;
  };

  const flush = (): void => {
    scheduled = false;
    while (ready.length > 0 && inFlight < batchesInFlightMax) {
      const batch = nextBatch();
      if (batch.length === 0) break;
      inFlight += 1;
      void send(batch);
    }
    if (!isIdle()) return;
    for (const wake of idle) wake();
    idle = [];
  };

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const verdicts = await storage.append(batch.map(commitOf), clock());
      batch.forEach((one, index) => settle(one, verdicts[index] ?? noVerdict));
    } catch (reason) {
      for (const one of batch) settle(one, { kind: 'failed', reason });
    }
    inFlight -= 1;
    ready = [...batch.flatMap(noLongerHeld), ...ready];
    flush();
  };

  // What is held back waits for something under way.
  const isIdle = (): boolean => inFlight === 0 && ready.length === 0;

  const overload = (): StoreOverloaded | undefined =>
    waiting < waitingMax
      ? undefined
      : new StoreOverloaded(`${waitingMax} commits wait to be written; try again in a moment`);

  return {
    append: (commit, standsOn) => {
      const reason = refusalOf(commit, standsOn) ?? overload();
      const refusedAtOnce = reason !== undefined;
      const pending = createWaiting(commit, standsOn as Waiting | undefined, refusedAtOnce);
      if (refusedAtOnce) {
        settle(pending, { kind: 'failed', reason });
        return pending;
      }
      waiting += 1;
      ready.push(pending);
      if (!scheduled && inFlight < batchesInFlightMax) {
        scheduled = true;
        // Everything that this turn of the event loop still appends goes along.
        setImmediate(flush);
      }
      return pending;
    },
    drain: () =>
      isIdle()
        ? Promise.resolve()
        : new Promise((resolve) => {
            idle.push(resolve);
          }),
  };
}

const none: readonly Waiting[] = [];
const noVerdict: Failed = { kind: 'failed', reason: new Error('the storage gave no verdict') };

/** What a storage would refuse the whole batch for, and so strike commits that have no part in it. */
function refusalOf(commit: Commit, standsOn: Pending | undefined): unknown {
  try {
    checkCommits([commit]);
    if (standsOn === undefined || commit.appends.length > 0) return undefined;
    return new RangeError('a commit that stands on another names a stream');
  } catch (reason) {
    return reason;
  }
}

function noLongerHeld(one: Waiting): readonly Waiting[] {
  const { held } = one;
  one.held = undefined;
  return held ?? none;
}

function createWaiting(
  commit: Commit,
  standsOn: Waiting | undefined,
  refusedAtOnce: boolean,
): Waiting {
  const { promise: verdict, resolve, reject } = Promise.withResolvers<Verdict>();
  return {
    verdict,
    refusedAtOnce,
    commit,
    standsOn,
    held: undefined,
    batch: 0,
    place: 0,
    outcome: undefined,
    resolve,
    reject,
  };
}

function settle(waiting: Waiting, outcome: Verdict | Failed): void {
  waiting.outcome = outcome;
  // Nobody asks any further back; a chain of all that ever stood on each other would never end.
  waiting.standsOn = undefined;
  if (outcome.kind === 'failed') waiting.reject(outcome.reason);
  else waiting.resolve(outcome);
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
  if (refusal.kind === 'conflict' && refusal.stream === stream) {
    return { kind: 'conflict', stream, expected, actual: refusal.actual };
  }
  // A taken claim, or a conflict elsewhere, leaves the stream where the commit before expected it.
  const left = before.appends.find((one) => one.stream === stream)?.expected;
  return { kind: 'conflict', stream, expected, actual: typeof left === 'number' ? left : 0 };
}
