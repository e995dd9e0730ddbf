import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StreamId } from '../../kernel/identifiers.ts';
import {
  firstMicrosecondFrom,
  instantFromMicroseconds,
  microsecondsOf,
  type Instant,
} from '../../kernel/instant.ts';
import {
  StorageFailure,
  type Head,
  type HeldClaim,
  type LogPage,
  type LogQuery,
  type RegisteredSchema,
  type Snapshot,
  type StoredRecord,
} from '../storage.ts';
import { findClaim, heldClaim, listClaims, type ClaimRow } from './claims.ts';

/** Reads a log in SQLite; synchronous, on a connection of its own. */
export interface LogReader {
  readStream(stream: StreamId, from: number, limit: number): readonly StoredRecord[];
  streamVersion(stream: StreamId): number;
  readAll(query: LogQuery): LogPage;
  head(): Head;
  schemas(): readonly RegisteredSchema[];
  loadSnapshot(stream: StreamId, format: string): Snapshot | undefined;
  findClaim(key: string, at: Instant): HeldClaim | undefined;
  listClaims(after: number, upTo: number): readonly HeldClaim[];
  /** Changes whenever another connection has committed. */
  dataVersion(): number;
}

export function createLogReader(database: DatabaseSync): LogReader {
  const statements = prepareStatements(database);
  const toRecord = recordMaker(statements.streamName);
  const nextOccurrence = occurrenceFinder(statements);
  const scan = scanner(database);

  const headRow = (): { position: number; recordedAt: number } => {
    const row = statements.head.get() as { position: number; recorded_at: number } | undefined;
    return { position: row?.position ?? 0, recordedAt: row?.recorded_at ?? 0 };
  };

  /** The last position, up to the head, that was recorded before an instant: bisection over positions. */
  const lastBefore = (moment: Instant, headPosition: number): number => {
    // Records are stamped in whole microseconds.
    const limit = firstMicrosecondFrom(moment);
    let low = 0;
    let high = headPosition;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const row = statements.recordedAt.get(middle) as { recorded_at: number };
      if (row.recorded_at < limit) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const readAll = ({ after, limit, schemas, since, until }: LogQuery): LogPage => {
    const head = headRow().position;
    const end = until === undefined ? head : lastBefore(until, head);
    let cursor = since === undefined ? after : Math.max(after, lastBefore(since, head));
    const records: StoredRecord[] = [];
    while (cursor < end && records.length < limit) {
      const start = schemas === undefined ? cursor + 1 : nextOccurrence(schemas, cursor + 1);
      if (start > end) {
        cursor = end;
        break;
      }
      // With a filter the scan goes in windows, so that what lies between two occurrences is skipped.
      const windowEnd = schemas === undefined ? end : Math.min(end, start + windowPositions - 1);
      const wanted = limit - records.length;
      const rows = scan(schemas).all(start, windowEnd, wanted) as unknown as EventRow[];
      for (const row of rows) records.push(toRecord(row));
      cursor = rows.length === wanted ? (records.at(-1)?.position ?? windowEnd) : windowEnd;
    }
    return { records, scannedTo: Math.max(after, cursor), more: cursor < end };
  };

  return {
    readAll,
    readStream: (stream, from, limit) =>
      (statements.streamRows.all(stream, Math.max(from, 1), limit) as unknown as EventRow[]).map(
        toRecord,
      ),
    streamVersion: (stream) =>
      (statements.streamVersion.get(stream) as { version: number } | undefined)?.version ?? 0,
    head: () => {
      const { position, recordedAt } = headRow();
      return { position, recordedAt: instantFromMicroseconds(recordedAt) };
    },
    schemas: () =>
      (
        statements.schemas.all() as { id: number; type: string; version: number; avro: string }[]
      ).map(({ avro, ...schema }) => ({ ...schema, avro: JSON.parse(avro) })),
    loadSnapshot: (stream, format) => {
      const row = statements.snapshot.get(stream, format) as
        | { version: number; bytes: Uint8Array }
        | undefined;
      return row && { version: row.version, format, bytes: row.bytes };
    },
    findClaim: (key, at) => {
      const row = statements.findClaim.get(key, microsecondsOf(at)) as ClaimRow | undefined;
      return row && heldClaim(row);
    },
    listClaims: (after, upTo) =>
      (statements.listClaims.all(after, upTo) as unknown as ClaimRow[]).map(heldClaim),
    dataVersion: () => Number(Object.values(statements.dataVersion.get() ?? {})[0]),
  };
}

/** position, stream id, version, schema, recorded_at, body */
type EventRow = [number, number, number, number, number, Uint8Array];

const eventColumns = 'position, stream, version, schema, recorded_at, body';

const windowPositions = 10_000;

// Names of streams in memory are dropped as a whole at this many: simple, and rarely reached.
const knownNamesMax = 500_000;

function recordMaker(nameOf: StatementSync): (row: EventRow) => StoredRecord {
  const names = new Map<number, StreamId>();
  // A batch has one recorded time: most rows have that of the row before.
  let lastMicroseconds = 0;
  let lastInstant = instantFromMicroseconds(0);
  const nameFor = (id: number): StreamId => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const row = nameOf.get(id) as { name: StreamId } | undefined;
    if (row === undefined) {
      const message = `the log names a stream ${id} that it does not have: restore it from a backup`;
      throw new StorageFailure(message, { final: true });
    }
    const { name } = row;
    if (names.size >= knownNamesMax) names.clear();
    names.set(id, name);
    return name;
  };
  return ([position, stream, version, schema, recordedAt, body]) => {
    if (recordedAt !== lastMicroseconds) {
      lastMicroseconds = recordedAt;
      lastInstant = instantFromMicroseconds(recordedAt);
    }
    return { position, stream: nameFor(stream), version, schema, recordedAt: lastInstant, body };
  };
}

/** Finds the first position from `from` on where one of the schemas may occur; Infinity for none. */
function occurrenceFinder(
  statements: Record<StatementName, StatementSync>,
): (schemas: readonly number[], from: number) => number {
  const ofOne = (schema: number, from: number): number => {
    const around = statements.rangeAtOrBefore.get(schema, from) as { last: number } | undefined;
    if (around !== undefined && around.last >= from) return from;
    const next = statements.rangeAfter.get(schema, from) as { first: number } | undefined;
    return next?.first ?? Number.POSITIVE_INFINITY;
  };
  return (schemas, from) => Math.min(...schemas.map((schema) => ofOne(schema, from)));
}

/** The statement that reads a stretch of the log, one for each set of schemas that was ever asked for. */
function scanner(
  database: DatabaseSync,
): (schemas: readonly number[] | undefined) => StatementSync {
  const known = new Map<string, StatementSync>();
  return (schemas) => {
    const filter = schemas === undefined ? '' : `AND schema IN (${schemas.map(Number).join(', ')})`;
    let statement = known.get(filter);
    if (statement === undefined) {
      statement = database.prepare(
        `SELECT ${eventColumns} FROM events
         WHERE position BETWEEN ? AND ? ${filter} ORDER BY position LIMIT ?`,
      );
      statement.setReturnArrays(true);
      known.set(filter, statement);
    }
    return statement;
  };
}

const statementTexts = {
  // Backwards from the nearest event that the index has, or from the last.
  streamRows: `WITH RECURSIVE
    chain (${eventColumns}, previous) AS (
      SELECT ${eventColumns}, previous FROM events WHERE position = (
        SELECT coalesce(
          (SELECT position FROM events
           WHERE stream = streams.id AND version % 64 = 0 AND version >= ?2 + ?3 - 1
           ORDER BY version LIMIT 1),
          last)
        FROM streams WHERE name = ?1)
      UNION ALL
      SELECT ${eventColumns.replaceAll(/\w+/g, 'before.$&')}, before.previous
      FROM chain JOIN events AS before ON before.position = chain.previous
      WHERE chain.version > ?2
    )
    SELECT ${eventColumns} FROM chain WHERE version >= ?2 AND version < ?2 + ?3 ORDER BY version`,
  streamName: 'SELECT name FROM streams WHERE id = ?',
  streamVersion: 'SELECT version FROM streams WHERE name = ?',
  head: 'SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1',
  recordedAt: 'SELECT recorded_at FROM events WHERE position = ?',
  schemas: 'SELECT id, type, version, avro FROM schemas ORDER BY id',
  snapshot: 'SELECT version, bytes FROM snapshots WHERE stream = ? AND format = ?',
  findClaim,
  listClaims,
  dataVersion: 'PRAGMA data_version',
  rangeAtOrBefore: `SELECT last FROM schema_ranges
    WHERE schema = ? AND first <= ? ORDER BY first DESC LIMIT 1`,
  rangeAfter: `SELECT first FROM schema_ranges
    WHERE schema = ? AND first > ? ORDER BY first LIMIT 1`,
} as const;

type StatementName = keyof typeof statementTexts;

function prepareStatements(database: DatabaseSync): Record<StatementName, StatementSync> {
  const statements = Object.fromEntries(
    Object.entries(statementTexts).map(([name, sql]) => [name, database.prepare(sql)]),
  ) as Record<StatementName, StatementSync>;
  statements.streamRows.setReturnArrays(true);
  return statements;
}
