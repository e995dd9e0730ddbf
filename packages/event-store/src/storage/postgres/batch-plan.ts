import type { StreamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type {
  Claim,
  Commit,
  Expectation,
  HeldClaim,
  NewRecord,
  StreamAppend,
  Verdict,
} from '../storage.ts';

/**
 * A batch as one statement can append it: what each stream must stand at for every commit of the batch to
 * pass, by how much each grows, and the records in their order.
 */
export interface BatchPlan {
  readonly streams: readonly PlannedStream[];
  readonly records: readonly PlannedRecord[];
  readonly claims: readonly PlannedClaim[];
}

export interface PlannedStream {
  readonly name: StreamId;
  /** Undefined for any. */
  readonly base: number | undefined;
  growth: number;
}

export interface PlannedRecord extends NewRecord {
  /** Place of its stream in the plan, from 1. */
  readonly stream: number;
  /** 1 for the first record that the plan adds to its stream. */
  readonly offset: number;
}

export interface PlannedClaim extends Claim {
  /** How many of the plan's records come before it, those of its own commit included. */
  readonly place: number;
}

/**
 * The plan in which all commits pass, or undefined when they can't all: one stands on a version that
 * another of them makes impossible, or can only be judged with the streams at hand.
 */
export function planOf(commits: readonly Commit[]): BatchPlan | undefined {
  const streams: PlannedStream[] = [];
  const places = new Map<StreamId, number>();
  const records: PlannedRecord[] = [];
  const claims: PlannedClaim[] = [];
  const keys = new Set<string>();
  for (const commit of commits) {
    for (const { stream: name, expected, records: added } of commit.appends) {
      const base = versionOf(expected);
      let place = places.get(name);
      if (place === undefined) {
        place = streams.push({ name, base, growth: 0 });
        places.set(name, place);
      } else if (!agrees(streams[place - 1], base)) {
        return undefined;
      }
      const stream = streams[place - 1];
      if (stream === undefined) return undefined;
      for (const { schema, body } of added) {
        stream.growth += 1;
        records.push({ stream: place, offset: stream.growth, schema, body });
      }
    }
    for (const claim of commit.claims ?? []) {
      if (keys.has(claim.key)) return undefined;
      keys.add(claim.key);
      claims.push({ ...claim, place: records.length });
    }
  }
  return { streams, records, claims };
}

function agrees(stream: PlannedStream | undefined, expected: number | undefined): boolean {
  if (expected === undefined) return true;
  return stream?.base !== undefined && stream.base + stream.growth === expected;
}

function versionOf(expected: Expectation): number | undefined {
  return expected === 'any' ? undefined : expected === 'none' ? 0 : expected;
}

/** How things stood when the log was locked. */
export interface Standing {
  readonly head: number;
  readonly versions: ReadonlyMap<StreamId, number>;
  readonly held: ReadonlyMap<string, HeldClaim>;
}

/** Judges commits one by one, each on what those accepted before it have left. */
export function judge(
  commits: readonly Commit[],
  { head, versions, held }: Standing,
  at: Instant,
): readonly (Verdict | 'accepted')[] {
  const now = new Map(versions);
  const taken = new Map(held);
  let position = head;
  return commits.map(({ appends, claims = [] }): Verdict | 'accepted' => {
    for (const { key } of claims) {
      const holder = taken.get(key);
      if (holder !== undefined) return { kind: 'claimed', held: holder };
    }
    for (const { stream, expected } of appends) {
      const wanted = versionOf(expected);
      const actual = now.get(stream) ?? 0;
      if (wanted !== undefined && wanted !== actual) {
        return { kind: 'conflict', stream, expected, actual };
      }
    }
    for (const { stream, records } of appends) {
      now.set(stream, (now.get(stream) ?? 0) + records.length);
      position += records.length;
    }
    for (const claim of claims) {
      if (!isExpired(claim, at)) taken.set(claim.key, { ...claim, position });
    }
    return 'accepted';
  });
}

function isExpired({ expiresAt }: Claim, at: Instant): boolean {
  return expiresAt !== undefined && expiresAt <= at;
}

/** What the database answers when a plan was appended. */
export interface PlanAppended {
  readonly headBefore: number;
  readonly recordedAtMicroseconds: number;
  /** Of the plan's streams, as they were before. */
  readonly versions: readonly number[];
}

/** The verdicts of commits that all passed, in a plan made of just them. */
export function verdictsOf(
  commits: readonly Commit[],
  plan: BatchPlan,
  { headBefore, recordedAtMicroseconds, versions: before }: PlanAppended,
): readonly Verdict[] {
  const recordedAt = instantFromMicroseconds(recordedAtMicroseconds);
  const versions = new Map(plan.streams.map(({ name }, index) => [name, before[index] ?? 0]));
  let position = headBefore;
  return commits.map(({ appends }): Verdict => {
    const firstPosition = position + 1;
    const grown = appends.map(({ stream, records }: StreamAppend) => {
      const version = (versions.get(stream) ?? 0) + records.length;
      versions.set(stream, version);
      position += records.length;
      return version;
    });
    const count = position + 1 - firstPosition;
    return { kind: 'appended', firstPosition, count, versions: grown, recordedAt };
  });
}

/** The values of a plan in the order of `append_batch`'s parameters. */
export function parametersOf(plan: BatchPlan, at: Instant, channel: string): readonly unknown[] {
  const { streams, records, claims } = plan;
  const bodies = concatenated(records.map(({ body }) => body));
  const notes = concatenated(claims.map(({ note }) => note));
  return [
    streams.map(({ name }) => name),
    streams.map(({ base }) => base ?? null),
    streams.map(({ growth }) => growth),
    records.map(({ stream }) => stream),
    records.map(({ offset }) => offset),
    records.map(({ schema }) => schema),
    bodies.starts,
    bodies.lengths,
    bodies.bytes,
    claims.map(({ key }) => key),
    claims.map(({ expiresAt }) => (expiresAt === undefined ? null : microsecondsOf(expiresAt))),
    claims.map(({ place }) => place),
    notes.starts,
    notes.lengths,
    notes.bytes,
    microsecondsOf(at),
    channel,
  ];
}

function concatenated(parts: readonly Uint8Array[]): {
  readonly bytes: Buffer;
  /** From 1, as SQL's substring counts. */
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
} {
  let next = 1;
  const starts = parts.map(({ length }) => {
    const start = next;
    next += length;
    return start;
  });
  return { bytes: Buffer.concat(parts), starts, lengths: parts.map(({ length }) => length) };
}
