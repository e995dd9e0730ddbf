import { fold, type EventLog, type EventStorage, type StreamId } from '@counterfoil/event-store';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import { foldAsOf } from '../../packages/platform/src/domain/accounts/history.ts';
import { portfolioOf } from '../../packages/platform/src/domain/accounts/portfolio.ts';
import type { AccountState } from '../../packages/platform/src/domain/accounts/state.ts';
import { checkAnswers, checkEffects } from './answers.ts';
import { checkBooks } from './books.ts';
import { today } from './commands.ts';
import { must } from './must.ts';
import type { Process } from './process.ts';
import { factsOf, readRecords, type AccountRecord } from './records.ts';
import type { Request } from './request.ts';
import { same } from './same.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A loaded state is the fold of the log up to its version, and no older than what was durable before. */
export async function checkLoaded(
  reader: EventLog,
  stream: StreamId,
  loaded: { readonly state: AccountState; readonly version: number },
  durableBefore: number,
): Promise<void> {
  const { state, version } = loaded;
  must(
    version >= durableBefore,
    () => `${stream} was loaded at version ${version}, when ${durableBefore} was durable already`,
  );
  const records = (await reader.readStream(stream, {
    limit: 1_000_000,
  })) as readonly AccountRecord[];
  must(
    version <= records.length,
    () => `${stream} was loaded at version ${version}, of which ${records.length} are durable`,
  );
  const folded = fold(accountDecider, factsOf(records.slice(0, version)));
  must(same(state, folded), () => `the state of ${stream} is not its events' fold`);
}

export async function checkEnd(
  log: EventStorage,
  reader: EventLog,
  requests: readonly Request[],
  processes: readonly Process[],
  time: VirtualTime,
): Promise<{ readonly events: number; readonly recovered: number }> {
  const records = await readRecords(reader);
  checkOrder(records);
  const streams = Map.groupBy(records, ({ stream }) => stream);
  for (const [stream, own] of streams) {
    for (const { accounts } of processes) {
      const loaded = await reachable(accounts.load(stream), time);
      if (loaded !== undefined) await checkLoaded(reader, stream, loaded, own.length);
    }
    checkAsOf(stream, own);
  }
  const recovered = await checkEffects(log, records, requests, time.clock());
  checkAnswers(records, requests);
  checkBooks(records, requests);
  await checkFollowers(records, processes, time);
  return { events: records.length, recovered };
}

function checkOrder(records: readonly AccountRecord[]): void {
  const versions = new Map<StreamId, number>();
  const ids = new Set<string>();
  let last = 0n;
  for (const [index, { position, stream, version, recordedAt, eventId }] of records.entries()) {
    must(position === index + 1, () => `position ${position} stands where ${index + 1} should`);
    const expected = (versions.get(stream) ?? 0) + 1;
    must(version === expected, () => `${stream} goes on with ${version} instead of ${expected}`);
    must(recordedAt >= last, () => `position ${position} was recorded before the one before it`);
    must(!ids.has(eventId), () => `event ${eventId} is there twice`);
    versions.set(stream, version);
    ids.add(eventId);
    last = recordedAt;
  }
}

function checkAsOf(stream: StreamId, records: readonly AccountRecord[]): void {
  const facts = factsOf(records);
  const now = fold(accountDecider, facts);
  must(now !== undefined, () => `${stream} has events and no account`);
  must(
    same(foldAsOf(facts, { asOf: today }), portfolioOf(now, today)),
    () => `${stream} as of today is not what it is now`,
  );
}

/** Every subscriber has seen what its process could: each position once, in order, to the very end. */
async function checkFollowers(
  records: readonly AccountRecord[],
  processes: readonly Process[],
  time: VirtualTime,
): Promise<void> {
  for (const { seen, death } of processes) {
    const alive = await Promise.race([
      death.catch(() => false),
      time.sleep(1_000).then(() => true),
    ]);
    must(
      seen.every((position, index) => position === index + 1),
      () => `a subscriber was given the positions ${seen.join(' ')}`,
    );
    must(
      !alive || seen.length === records.length,
      () => `a subscriber stopped at ${seen.length} of ${records.length}`,
    );
  }
}

/** Undefined when the process is past answering. */
function reachable<Result>(work: Promise<Result>, time: VirtualTime): Promise<Result | undefined> {
  return Promise.race([work.catch(() => undefined), time.sleep(10_000).then(() => undefined)]);
}
