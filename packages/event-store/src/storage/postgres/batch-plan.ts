import type { StreamId } from '../../kernel/identifiers.ts';
import { microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { Claim, Commit, Expectation, HeldClaim, NewRecord, Verdict } from '../storage.ts';

/**
 * A batch as one statement can append it: what each stream must stand at for every commit of the batch to
 * pass, by how much each grows, and the records in their order.
 */
export interface BatchPlan {
  readonly streams: readonly PlannedStream[];
  readonly records: readonly PlannedRecord[];
  readonly claims: readonly PlannedClaim[];
}

interface PlannedStream {
  readonly name: StreamId;
  /** Undefined for any. */
  readonly base: number | undefined;
  readonly growth: number;
}

interface PlannedRecord extends NewRecord {
  /** Place of its stream in the plan, from 1. */
  readonly stream: number;
  /** 1 for the first record that the plan adds to its stream. */
  readonly offset: number;
}

interface PlannedClaim extends Claim {
  /** How many of the plan's records come before it, those of its own commit included. */
  readonly place: number;
}

/**
 * The plan in which all commits pass, or undefined when they can't all: one stands on a version that
 * another of them makes impossible, or can only be judged with the streams at hand.
 */
export function planOf(commits: readonly Commit[], at: Instant): BatchPlan | undefined {
  const streams: { name: StreamId; base: number | undefined; growth: number }[] = [];
  const places = new Map<StreamId, number>();
  const records: PlannedRecord[] = [];
  const claims = new Map<string, PlannedClaim>();
  for (const commit of commits) {
    for (const { stream: name, expected, records: added } of commit.appends) {
      const wanted = versionOf(expected);
      let place = places.get(name);
      if (place === undefined) {
        place = streams.push({ name, base: wanted, growth: 0 });
        places.set(name, place);
      }
      const stream = streams[place - 1];
      if (stream === undefined || !agrees(stream, wanted)) return undefined;
      for (const { schema, body } of added) {
        stream.growth += 1;
        records.push({ stream: place, offset: stream.growth, schema, body });
      }
    }
    for (const claim of commit.claims ?? []) {
      const before = claims.get(claim.key);
      if (before !== undefined && !isExpired(before, at)) return undefined;
      claims.set(claim.key, { ...claim, place: records.length });
    }
  }
  return { streams, records, claims: [...claims.values()] };
}

/** A plan that appends nothing and asks how all that the commits touch stands. */
export function lookingPlanOf(commits: readonly Commit[]): BatchPlan {
  const names = new Set(commits.flatMap(({ appends }) => appends.map(({ stream }) => stream)));
  const keys = new Set(commits.flatMap(({ claims = [] }) => claims.map(({ key }) => key)));
  return {
    streams: [...names].map((name) => ({ name, base: undefined, growth: 0 })),
    records: [],
    claims: [...keys].map((key) => ({ key, note: noBytes, expiresAt: undefined, place: 0 })),
  };
}

const noBytes = new Uint8Array();

function agrees(
  { base, growth }: { readonly base: number | undefined; readonly growth: number },
  wanted: number | undefined,
): boolean {
  return wanted === undefined || (base !== undefined && base + growth === wanted);
}

export function versionOf(expected: Expectation): number | undefined {
  return expected === 'any' ? undefined : expected === 'none' ? 0 : expected;
}

/** In the resolution of the database, which decides the same for claims that it holds. */
export function isExpired({ expiresAt }: Claim, at: Instant): boolean {
  return expiresAt !== undefined && microsecondsOf(expiresAt) <= microsecondsOf(at);
}

/** The verdicts of the commits of a plan that was appended. */
export function verdictsOf(
  commits: readonly Commit[],
  plan: BatchPlan,
  { headBefore, recordedAt, versions: before }: AppendAnswer,
): readonly Verdict[] {
  const now = new Map(plan.streams.map(({ name }, index) => [name, before[index] ?? 0]));
  let position = headBefore;
  return commits.map(({ appends }): Verdict => {
    const firstPosition = position + 1;
    const versions = appends.map(({ stream, records }) => {
      const version = (now.get(stream) ?? 0) + records.length;
      now.set(stream, version);
      position += records.length;
      return version;
    });
    const count = position + 1 - firstPosition;
    return { kind: 'appended', firstPosition, count, versions, recordedAt };
  });
}

/** What `append_batch` answers. */
export interface AppendAnswer {
  readonly appended: boolean;
  /** As the log stood before, and stands still when nothing was appended. */
  readonly headBefore: number;
  readonly recordedAt: Instant;
  /** Of the plan's streams. */
  readonly versions: readonly number[];
  /** The claims among the plan's that are taken. */
  readonly held: readonly HeldClaim[];
}
