import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StreamId } from '../../kernel/identifiers.ts';
import type {
  AppendMessage,
  BatchAnswer,
  BatchMessage,
  CommitMessage,
  Refusal,
} from './batch-message.ts';
import { findClaim, heldClaim, type ClaimRow } from './claims.ts';

/** Writes batches into a log, one transaction each. Synchronous: it lives in the writer's thread. */
export interface BatchWriter {
  /** Judges and writes a batch; durable when it returns. On a throw nothing of it was written. */
  write(batch: BatchMessage): BatchAnswer;
}

interface StreamTail {
  readonly id: number;
  version: number;
  /** The position of the last event; 0 when there is none. */
  last: number;
}

/** What a batch writes beside its events. */
interface Changes {
  readonly ranges: Map<number, { readonly first: number; last: number }>;
  readonly moved: Set<StreamTail>;
}

// A clock may be behind another by less than that.
const hourMicroseconds = 3_600_000_000;

export interface BatchWriterOptions {
  /** What is known of streams is dropped as a whole at this many: simple, and rarely reached. */
  readonly knownStreamsMax?: number | undefined;
}

export function createBatchWriter(
  database: DatabaseSync,
  { knownStreamsMax = 500_000 }: BatchWriterOptions = {},
): BatchWriter {
  const statements = prepareStatements(database);
  const tails = new Map<StreamId, StreamTail>();
  let head = { position: 0, recordedAt: 0 };
  let dataVersion = -1;

  /** Another connection's commits change SQLite's data_version; our own do not. */
  const forgetWhatOthersChanged = (): void => {
    // Not within a batch: where its streams end is written last, and until then known here alone.
    if (tails.size >= knownStreamsMax) tails.clear();
    const now = numberOf(statements.dataVersion);
    if (now === dataVersion) return;
    dataVersion = now;
    tails.clear();
    const last = statements.head.get() as { position: number; recorded_at: number } | undefined;
    head = { position: last?.position ?? 0, recordedAt: last?.recorded_at ?? 0 };
  };

  const tailOf = (stream: StreamId): StreamTail | undefined => {
    const known = tails.get(stream);
    if (known !== undefined) return known;
    const found = statements.tail.get(stream) as StreamTail | undefined;
    return found && remember(stream, { ...found });
  };

  const remember = (stream: StreamId, tail: StreamTail): StreamTail => {
    tails.set(stream, tail);
    return tail;
  };

  const judge = (
    { standsOn, appends, claims }: CommitMessage,
    now: number,
    refusedBefore: ReadonlyMap<number, Refusal>,
  ): Refusal | undefined => {
    const founded = !refusedBefore.has(standsOn);
    for (const { key } of claims) {
      const row = statements.findClaim.get(key, now) as ClaimRow | undefined;
      if (row !== undefined) return { kind: 'claimed', held: heldClaim(row) };
    }
    for (const [index, { stream, expected }] of appends.entries()) {
      if (founded && expected === -1) continue;
      const actual = tailOf(stream)?.version ?? 0;
      if (!founded || actual !== expected) return { kind: 'conflict', append: index, actual };
    }
    return undefined;
  };

  const append = (
    { stream, records }: AppendMessage,
    recordedAt: number,
    { ranges, moved }: Changes,
  ): number => {
    let tail = tailOf(stream);
    if (records.length === 0) return tail?.version ?? 0;
    if (tail === undefined) {
      const { lastInsertRowid } = statements.addStream.run(stream);
      tail = remember(stream, { id: Number(lastInsertRowid), version: 0, last: 0 });
    }
    moved.add(tail);
    for (const { schema, body } of records) {
      head.position += 1;
      tail.version += 1;
      const { position } = head;
      const { id, version, last } = tail;
      statements.addEvent.run(position, id, version, schema, recordedAt, last, body);
      tail.last = position;
      const range = ranges.get(schema);
      if (range === undefined) ranges.set(schema, { first: position, last: position });
      else range.last = position;
    }
    return tail.version;
  };

  const writeCommits = ({ commits, atMicroseconds }: BatchMessage): BatchAnswer => {
    forgetWhatOthersChanged();
    const recordedAt = Math.max(atMicroseconds, head.recordedAt);
    const changes: Changes = { ranges: new Map(), moved: new Set() };
    const appended: number[] = [];
    const refused = new Map<number, Refusal>();
    let claimed = 0;
    for (const [index, commit] of commits.entries()) {
      const refusal = judge(commit, atMicroseconds, refused);
      if (refusal !== undefined) {
        refused.set(index, refusal);
        continue;
      }
      const at = appended.push(head.position + 1, 0) - 1;
      const before = head.position;
      for (const one of commit.appends) appended.push(append(one, recordedAt, changes));
      appended[at] = head.position - before;
      claimed += commit.claims.length;
      for (const { key, note, expiresAtMicroseconds: expiry } of commit.claims) {
        statements.addClaim.run(key, note, Number.isFinite(expiry) ? expiry : null, head.position);
      }
    }
    const { ranges, moved } = changes;
    for (const [schema, { first, last }] of ranges) statements.addRange.run(schema, first, last);
    for (const { id, version, last } of moved) statements.moveTail.run(version, last, id);
    if (ranges.size > 0) head.recordedAt = recordedAt;
    if (claimed > 0) statements.removeClaims.run(atMicroseconds - hourMicroseconds, 2 * claimed);
    return { recordedAtMicroseconds: recordedAt, appended: Float64Array.from(appended), refused };
  };

  return {
    write: (batch) => {
      statements.begin.run();
      try {
        const answer = writeCommits(batch);
        statements.commit.run();
        return answer;
      } catch (cause) {
        // What was remembered includes what is now undone.
        dataVersion = -1;
        // SQLite has rolled back by itself after some errors, and refuses to do it twice.
        if (database.isTransaction) statements.rollback.run();
        throw cause;
      }
    },
  };
}

function prepareStatements(database: DatabaseSync): Record<StatementName, StatementSync> {
  const prepared = Object.entries(statementTexts).map(([name, sql]) => [
    name,
    database.prepare(sql),
  ]);
  return Object.fromEntries(prepared) as Record<StatementName, StatementSync>;
}

const statementTexts = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  dataVersion: 'PRAGMA data_version',
  head: 'SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1',
  tail: 'SELECT id, version, last FROM streams WHERE name = ?',
  addStream: 'INSERT INTO streams (name, version, last) VALUES (?, 0, 0)',
  moveTail: 'UPDATE streams SET version = ?, last = ? WHERE id = ?',
  // For each that is taken two go, so that they become fewer and nobody waits for long.
  removeClaims: `DELETE FROM claims WHERE key IN (
    SELECT key FROM claims WHERE expires_at < ? LIMIT ?)`,
  addEvent: 'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)',
  addRange: 'INSERT INTO schema_ranges VALUES (?, ?, ?)',
  findClaim,
  addClaim: 'INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)',
} as const;

type StatementName = keyof typeof statementTexts;

function numberOf(statement: StatementSync): number {
  return Number(Object.values(statement.get() ?? {})[0]);
}
