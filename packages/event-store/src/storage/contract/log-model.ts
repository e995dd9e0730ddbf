import type { StreamId } from '../../kernel/identifiers.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Commit, Head, HeldClaim, StoredRecord, Verdict } from '../storage.ts';

/** What a log should be, said as plainly as possible: one commit after the other, into one list. */
export class LogModel {
  readonly records: StoredRecord[] = [];
  readonly claims = new Map<string, HeldClaim>();
  head: Head;

  constructor(head: Head) {
    this.head = head;
  }

  versionOf(stream: StreamId): number {
    return this.records.filter((record) => record.stream === stream).length;
  }

  heldAt(key: string, at: Instant): HeldClaim | undefined {
    const held = this.claims.get(key);
    const expired = held?.expiresAt !== undefined && held.expiresAt <= at;
    return expired ? undefined : held;
  }

  /** With the verdicts of the commits before it in its batch. */
  append(commit: Commit, before: readonly Verdict[], at: Instant): Verdict {
    for (const { key } of commit.claims ?? []) {
      const held = this.heldAt(key, at);
      if (held !== undefined) return { kind: 'claimed', held };
    }
    const founded = commit.standsOn === undefined || before[commit.standsOn]?.kind === 'appended';
    for (const { stream, expected } of commit.appends) {
      const actual = this.versionOf(stream);
      const fits = expected === 'any' || actual === (expected === 'none' ? 0 : expected);
      if (!founded || !fits) return { kind: 'conflict', stream, expected, actual };
    }
    return this.#write(commit, at > this.head.recordedAt ? at : this.head.recordedAt);
  }

  #write({ appends, claims = [] }: Commit, recordedAt: Instant): Verdict {
    const firstPosition = this.head.position + 1;
    for (const { stream, records } of appends) {
      for (const record of records) {
        const position = this.head.position + 1;
        const version = this.versionOf(stream) + 1;
        this.records.push({ ...record, stream, position, version, recordedAt });
        this.head = { position, recordedAt };
      }
    }
    const { position } = this.head;
    for (const claim of claims) this.claims.set(claim.key, { ...claim, position });
    const count = position + 1 - firstPosition;
    const versions = appends.map(({ stream }) => this.versionOf(stream));
    return { kind: 'appended', firstPosition, count, versions, recordedAt };
  }
}
