import type { Pool, QueryResult } from 'pg';
import type { AvroSchema } from '../../kernel/fields.ts';
import type { StreamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type {
  Head,
  HeldClaim,
  LogPage,
  LogQuery,
  RegisteredSchema,
  Snapshot,
  StoredRecord,
} from '../storage.ts';
import { resultTypes } from './result-types.ts';

/** Reads a log in PostgreSQL, on any connection of a pool. */
export interface LogQueries {
  readStream(stream: StreamId, from: number, limit: number): Promise<readonly StoredRecord[]>;
  streamVersion(stream: StreamId): Promise<number>;
  readAll(query: LogQuery): Promise<LogPage>;
  head(): Promise<Head>;
  schemas(): Promise<readonly RegisteredSchema[]>;
  loadSnapshot(stream: StreamId, format: string): Promise<Snapshot | undefined>;
  findClaim(key: string, at: Instant): Promise<HeldClaim | undefined>;
  listClaims(after: number, upTo: number): Promise<readonly HeldClaim[]>;
}

export function createLogQueries(pool: Pool, schema: string): LogQueries {
  const rows = async <Row>(name: string, text: string, values: unknown[]): Promise<Row[]> => {
    // Named, so that the server plans each once a connection.
    const query = { name: `${schema} ${name}`, text, values, types: resultTypes };
    const result: QueryResult = await pool.query(query);
    return result.rows as Row[];
  };

  const events = `SELECT e.position, s.name AS stream, e.version, e.schema, e.recorded_at, e.body
    FROM ${schema}.events e JOIN ${schema}.streams s ON s.id = e.stream`;

  const head = async (): Promise<{ position: number; recorded_at: number }> => {
    const [row] = await rows<{ position: number; recorded_at: number }>(
      'head',
      `SELECT position, recorded_at FROM ${schema}.head`,
      [],
    );
    return row ?? { position: 0, recorded_at: 0 };
  };

  const lastBefore = async (moment: Instant): Promise<number> => {
    const [row] = await rows<{ position: number }>(
      'last before',
      `SELECT ${schema}.last_before($1) AS position`,
      [microsecondsOf(moment)],
    );
    return row?.position ?? 0;
  };

  /** The first position from `from` on where one of the schemas may occur; Infinity for none. */
  const nextOccurrence = async (schemas: readonly number[], from: number): Promise<number> => {
    const [row] = await rows<{ first: number | null }>(
      'next occurrence',
      `SELECT min(r.first) AS first FROM unnest($1::integer[]) wanted (schema)
       CROSS JOIN LATERAL (
         SELECT greatest(first, $2::bigint) AS first FROM ${schema}.schema_ranges
         WHERE schema = wanted.schema AND last >= $2::bigint ORDER BY last LIMIT 1
       ) r`,
      [schemas, from],
    );
    return row?.first ?? Number.POSITIVE_INFINITY;
  };

  const readAll = async ({ after, limit, schemas, since, until }: LogQuery): Promise<LogPage> => {
    const { position } = await head();
    const end = until === undefined ? position : await lastBefore(until);
    let cursor = since === undefined ? after : Math.max(after, await lastBefore(since));
    const records: StoredRecord[] = [];
    while (cursor < end && records.length < limit) {
      const start = schemas === undefined ? cursor + 1 : await nextOccurrence(schemas, cursor + 1);
      if (start > end) {
        cursor = end;
        break;
      }
      // With a filter the scan goes in windows, so that what lies between two occurrences is skipped.
      const windowEnd = schemas === undefined ? end : Math.min(end, start + windowPositions - 1);
      const wanted = limit - records.length;
      const found = await rows<EventRow>(
        schemas === undefined ? 'log' : 'log by schema',
        `${events} WHERE e.position BETWEEN $1 AND $2 ${
          schemas === undefined ? '' : 'AND e.schema = ANY ($4)'
        } ORDER BY e.position LIMIT $3`,
        schemas === undefined ? [start, windowEnd, wanted] : [start, windowEnd, wanted, schemas],
      );
      for (const row of found) records.push(recordOf(row));
      cursor = found.length === wanted ? (records.at(-1)?.position ?? windowEnd) : windowEnd;
    }
    return { records, scannedTo: Math.max(after, cursor), more: cursor < end };
  };

  return {
    readAll,
    readStream: async (stream, from, limit) => {
      const found = await rows<EventRow>(
        'stream',
        `${events} WHERE s.name = $1 AND e.version >= $2 ORDER BY e.version LIMIT $3`,
        [stream, from, limit],
      );
      return found.map(recordOf);
    },
    streamVersion: async (stream) => {
      const [row] = await rows<{ version: number }>(
        'version',
        `SELECT version FROM ${schema}.streams WHERE name = $1`,
        [stream],
      );
      return row?.version ?? 0;
    },
    head: async () => {
      const { position, recorded_at: recordedAt } = await head();
      return { position, recordedAt: instantFromMicroseconds(recordedAt) };
    },
    schemas: async () => {
      const found = await rows<{ id: number; type: string; version: number; avro: string }>(
        'schemas',
        `SELECT id, type, version, avro FROM ${schema}.schemas ORDER BY id`,
        [],
      );
      return found.map((row) => ({ ...row, avro: JSON.parse(row.avro) as AvroSchema }));
    },
    loadSnapshot: async (stream, format) => {
      const [row] = await rows<{ version: number; bytes: Uint8Array }>(
        'snapshot',
        `SELECT version, bytes FROM ${schema}.snapshots WHERE stream = $1 AND format = $2`,
        [stream, format],
      );
      return row && { ...row, format };
    },
    findClaim: async (key, at) => {
      const [row] = await rows<ClaimRow>(
        'claim',
        `SELECT key, note, expires_at, position FROM ${schema}.claims
         WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)`,
        [key, microsecondsOf(at)],
      );
      return row && heldClaim(row);
    },
    listClaims: async (after, upTo) => {
      const found = await rows<ClaimRow>(
        'claims',
        `SELECT key, note, expires_at, position FROM ${schema}.claims
         WHERE position > $1 AND position <= $2 ORDER BY position, key`,
        [after, upTo],
      );
      return found.map(heldClaim);
    },
  };
}

const windowPositions = 10_000;

interface EventRow {
  readonly position: number;
  readonly stream: StreamId;
  readonly version: number;
  readonly schema: number;
  readonly recorded_at: number;
  readonly body: Uint8Array;
}

function recordOf({ recorded_at: recordedAt, ...row }: EventRow): StoredRecord {
  return { ...row, recordedAt: instantFromMicroseconds(recordedAt) };
}

export interface ClaimRow {
  readonly key: string;
  readonly note: Uint8Array;
  readonly expires_at: number | null;
  readonly position: number;
}

export function heldClaim({ key, note, expires_at: expiry, position }: ClaimRow): HeldClaim {
  const expiresAt = expiry === null ? undefined : instantFromMicroseconds(expiry);
  return { key, note, expiresAt, position };
}
