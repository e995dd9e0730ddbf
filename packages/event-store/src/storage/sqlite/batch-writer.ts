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
}

// What is known of streams is dropped as a whole at this many: simple, and rarely reached.
const knownStreamsMax = 500_000;

export function createBatchWriter(database: DatabaseSync): BatchWriter {
  const statements = prepareStatements(database);
  const tails = new Map<StreamId, StreamTail>();
  let head = { position: 0, recordedAt: 0 };
  let dataVersion = -1;

  /** Another connection's commits change SQLite's data_version; our own do not. */
  const forgetWhatOthersChanged = (): void => {
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
    const found = statements.tail.get(stream) as { id: number; version: number | null } | undefined;
    if (found === undefined) return undefined;
    return remember(stream, { id: found.id, version: found.version ?? 0 });
  };

  const remember = (stream: StreamId, tail: StreamTail): StreamTail => {
    if (tails.size >= knownStreamsMax) tails.clear();
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
    ranges: Map<number, { first: number; last: number }>,
  ): number => {
    let tail = tailOf(stream);
    if (records.length === 0) return tail?.version ?? 0;
    if (tail === undefined) {
      const { lastInsertRowid } = statements.addStream.run(stream);
      tail = remember(stream, { id: Number(lastInsertRowid), version: 0 });
    }
    for (const { schema, body } of records) {
      head.position += 1;
      tail.version += 1;
      statements.addEvent.run(head.position, tail.id, tail.version, schema, recordedAt, body);
      const range = ranges.get(schema);
      if (range === undefined) ranges.set(schema, { first: head.position, last: head.position });
      else range.last = head.position;
    }
    return tail.version;
  };

  const writeCommits = ({ commits, atMicroseconds }: BatchMessage): BatchAnswer => {
    forgetWhatOthersChanged();
    const recordedAt = Math.max(atMicroseconds, head.recordedAt);
    const ranges = new Map<number, { first: number; last: number }>();
    const appended: number[] = [];
    const refused = new Map<number, Refusal>();
    for (const [index, commit] of commits.entries()) {
      const refusal = judge(commit, atMicroseconds, refused);
      if (refusal !== undefined) {
        refused.set(index, refusal);
        continue;
      }
      const at = appended.push(head.position + 1, 0) - 1;
      const before = head.position;
      for (const one of commit.appends) appended.push(append(one, recordedAt, ranges));
      appended[at] = head.position - before;
      for (const { key, note, expiresAtMicroseconds: expiry } of commit.claims) {
        statements.addClaim.run(key, note, Number.isFinite(expiry) ? expiry : null, head.position);
      }
    }
    for (const [schema, { first, last }] of ranges) statements.addRange.run(schema, first, last);
    if (ranges.size > 0) head.recordedAt = recordedAt;
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
  tail: `SELECT id, (SELECT max(version) FROM events WHERE stream = streams.id) AS version
         FROM streams WHERE name = ?`,
  addStream: 'INSERT INTO streams (name) VALUES (?)',
  addEvent: 'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)',
  addRange: 'INSERT INTO schema_ranges VALUES (?, ?, ?)',
  findClaim,
  addClaim: 'INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)',
} as const;

type StatementName = keyof typeof statementTexts;

function numberOf(statement: StatementSync): number {
  return Number(Object.values(statement.get() ?? {})[0]);
}
