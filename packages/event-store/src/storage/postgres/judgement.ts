import type { Instant } from '../../kernel/instant.ts';
import type { Commit, Verdict } from '../storage.ts';
import { isExpired, versionOf, type AppendAnswer, type BatchPlan } from './batch-plan.ts';

export interface Judgement {
  /** One for each commit; undefined for those accepted, which get theirs when they are written. */
  readonly verdicts: readonly (Verdict | undefined)[];
  /** The commits that pass, in order, each expecting just the versions that it was judged on. */
  readonly accepted: readonly Commit[];
}

/**
 * Judges commits one by one, each on what those accepted before it have left, beginning with how things
 * stood when the plan was answered.
 */
export function judge(
  commits: readonly Commit[],
  plan: BatchPlan,
  standing: AppendAnswer,
  at: Instant,
): Judgement {
  const now = new Map(plan.streams.map(({ name }, index) => [name, standing.versions[index] ?? 0]));
  const taken = new Map(standing.held.map((held) => [held.key, held]));
  let position = standing.headBefore;
  const accepted: Commit[] = [];

  const refusal = (
    { appends, claims = [], standsOn }: Commit,
    before: readonly (Verdict | undefined)[],
  ): Verdict | undefined => {
    const founded = standsOn === undefined || before[standsOn] === undefined;
    for (const { key } of claims) {
      const held = taken.get(key);
      if (held !== undefined) return { kind: 'claimed', held };
    }
    for (const { stream, expected } of appends) {
      const actual = now.get(stream) ?? 0;
      if (!founded || (versionOf(expected) ?? actual) !== actual) {
        return { kind: 'conflict', stream, expected, actual };
      }
    }
    return undefined;
  };

  const accept = (commit: Commit): void => {
    const appends = commit.appends.map((append) => {
      const expected = now.get(append.stream) ?? 0;
      now.set(append.stream, expected + append.records.length);
      position += append.records.length;
      return { ...append, expected };
    });
    for (const claim of commit.claims ?? []) {
      // The note is a view of memory that the caller may write to once it has its verdict.
      const note = new Uint8Array(claim.note);
      if (!isExpired(claim, at)) taken.set(claim.key, { ...claim, note, position });
    }
    accepted.push({ ...commit, appends });
  };

  const verdicts: (Verdict | undefined)[] = [];
  for (const commit of commits) {
    const verdict = refusal(commit, verdicts);
    if (verdict === undefined) accept(commit);
    verdicts.push(verdict);
  }
  return { verdicts, accepted };
}
