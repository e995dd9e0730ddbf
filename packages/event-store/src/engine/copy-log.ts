import type { Instant } from '../kernel/instant.ts';
import type { Commit, EventStorage, HeldClaim, StoredRecord } from '../storage/storage.ts';

/** Where a copy ends: behind a position, or behind all that was recorded by a moment. */
export type CopyEnd =
  | { readonly kind: 'head' }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'time'; readonly time: Instant };

export interface CopyOptions {
  readonly end: CopyEnd;
  /** Called now and then with the position reached and the one to reach. */
  readonly onProgress?: ((copied: number, total: number) => void) | undefined;
  /** Stops between two batches; what was copied stays, and a later copy goes on behind it. */
  readonly signal?: AbortSignal | undefined;
}

export interface CopyResult {
  /** The target's last position: that of the source at the end asked for, unless stopped. */
  readonly position: number;
  readonly complete: boolean;
}

/** The target already holds something else than the beginning of the source. */
export class CopyMismatch extends Error {
  override readonly name = 'CopyMismatch';
}

/**
 * Copies a log, byte for byte and with its positions, versions and recorded times, between storages of any
 * kind: an online backup (the source may be written meanwhile: the copy ends where the head was) and, the
 * other way round, a restore to any point. A target that holds a beginning of the source already is
 * continued, which makes copying resumable and repeated backups incremental; anything else in it is a
 * CopyMismatch. Claims go along with the commits that took them; snapshots are left to grow anew.
 */
export async function copyLog(
  source: EventStorage,
  target: EventStorage,
  { end, onProgress, signal }: CopyOptions,
): Promise<CopyResult> {
  const last = await lastPosition(source, end);
  let copied = await commonBeginning(source, target, last);
  const schemas = await copySchemas(source, target);
  await copyClaimsAt(copied, source, target);
  while (copied < last && signal?.aborted !== true) {
    const limit = Math.min(pageSize, last - copied);
    const { records, scannedTo } = await source.readAll({ after: copied, limit });
    const claims = await source.listClaims(copied, scannedTo);
    for (const run of runsOfOneTime(records)) {
      await appendRun(commitsOf(run, schemas, claims), source, target);
      copied = run.at(-1)?.position ?? copied;
    }
    onProgress?.(copied, last);
  }
  return { position: copied, complete: copied === last };
}

const pageSize = 2_000;

async function copySchemas(
  source: EventStorage,
  target: EventStorage,
): Promise<ReadonlyMap<number, number>> {
  const from = await source.schemas();
  const ids = await target.registerSchemas(from);
  return new Map(from.map(({ id }, index) => [id, ids[index] ?? id]));
}

async function lastPosition(source: EventStorage, end: CopyEnd): Promise<number> {
  const { position: head } = await source.head();
  switch (end.kind) {
    case 'head':
      return head;
    case 'position':
      if (end.position < 0 || end.position > head) {
        throw new RangeError(`the log ends at position ${head}: ${end.position} is not in it`);
      }
      return end.position;
    case 'time': {
      // The first record behind the moment; `until` excludes, so the moment itself stays in.
      const behind = await source.readAll({
        after: 0,
        limit: 1,
        since: (end.time + 1n) as Instant,
      });
      return behind.records[0] === undefined ? head : behind.records[0].position - 1;
    }
  }
}

async function commonBeginning(
  source: EventStorage,
  target: EventStorage,
  last: number,
): Promise<number> {
  const { position } = await target.head();
  if (position === 0) return 0;
  if (position > last) {
    throw new CopyMismatch(
      `the target holds ${position} events already, more than the ${last} to copy: use an empty one`,
    );
  }
  // Each record's body holds a random id: equal last records come from one history.
  const [ours, theirs] = await Promise.all(
    [source, target].map((log) => log.readAll({ after: position - 1, limit: 1 })),
  );
  if (!sameRecord(ours?.records[0], theirs?.records[0])) {
    throw new CopyMismatch('the target holds another log: use an empty one');
  }
  return position;
}

function sameRecord(left: StoredRecord | undefined, right: StoredRecord | undefined): boolean {
  return (
    left !== undefined &&
    right !== undefined &&
    left.stream === right.stream &&
    left.version === right.version &&
    left.recordedAt === right.recordedAt &&
    Buffer.compare(left.body, right.body) === 0
  );
}

/** Cuts records into runs that were recorded at one time: what one append of the target can carry. */
function* runsOfOneTime(records: readonly StoredRecord[]): Generator<readonly StoredRecord[]> {
  let run: StoredRecord[] = [];
  for (const record of records) {
    if (run.length > 0 && run[0]?.recordedAt !== record.recordedAt) {
      yield run;
      run = [];
    }
    run.push(record);
  }
  if (run.length > 0) yield run;
}

/** A record as a commit of its own, with the claims that were taken where it stands. */
interface CopiedCommit extends Commit {
  readonly position: number;
  readonly recordedAt: Instant;
}

function commitsOf(
  run: readonly StoredRecord[],
  schemas: ReadonlyMap<number, number>,
  claims: readonly HeldClaim[],
): readonly CopiedCommit[] {
  return run.map(({ position, recordedAt, stream, version, schema, body }) => ({
    position,
    recordedAt,
    appends: [
      { stream, expected: version - 1, records: [{ schema: schemas.get(schema) ?? schema, body }] },
    ],
    claims: claims.filter((claim) => claim.position === position),
  }));
}

async function appendRun(
  commits: readonly CopiedCommit[],
  source: EventStorage,
  target: EventStorage,
): Promise<void> {
  let rest = commits;
  for (;;) {
    rest = rest.slice(await appendUntilClaimed(rest, target));
    const [claimed] = rest;
    if (claimed === undefined) return;
    // The target holds the key from an earlier copy, and in the source it expired only after this record,
    // before a commit without records took it anew.
    await appendUntilClaimed([{ ...claimed, claims: [] }], target);
    await copyClaimsAt(claimed.position, source, target);
    rest = rest.slice(1);
  }
}

/** Answers how many were written: all, or those before the first with a key that is taken. */
async function appendUntilClaimed(
  commits: readonly CopiedCommit[],
  target: EventStorage,
): Promise<number> {
  const [first] = commits;
  if (first === undefined) return 0;
  const batch = commits.map(({ appends, claims }, place): Commit => {
    // Each stands on the one before: if one is refused, what was written is still a beginning.
    return { appends, claims, standsOn: place === 0 ? undefined : place - 1 };
  });
  const verdicts = await target.append(batch, first.recordedAt);
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.kind === 'claimed') return index;
    if (verdict.kind !== 'appended' || verdict.firstPosition !== first.position + index) {
      throw usedByOthers();
    }
  }
  return verdicts.length;
}

/**
 * Copies the claims taken where the copy stands, as far as the target has them not: commits without records
 * may have taken some since an earlier copy ended here.
 */
async function copyClaimsAt(
  position: number,
  source: EventStorage,
  target: EventStorage,
): Promise<void> {
  for (const claim of await source.listClaims(position - 1, position)) {
    const held = await target.findClaim(claim.key, epoch);
    if (held !== undefined && sameClaim(held, claim)) continue;
    // A key that is held otherwise had expired in the source before it was taken anew.
    const at = held?.expiresAt ?? epoch;
    const [verdict] = await target.append([{ appends: [], claims: [claim] }], at);
    if (verdict?.kind !== 'appended') throw usedByOthers();
  }
}

function sameClaim(left: HeldClaim, right: HeldClaim): boolean {
  return (
    left.position === right.position &&
    left.expiresAt === right.expiresAt &&
    Buffer.compare(left.note, right.note) === 0
  );
}

function usedByOthers(): CopyMismatch {
  return new CopyMismatch('another program writes to the target: copy into one that nobody uses');
}

const epoch = 0n as Instant;
