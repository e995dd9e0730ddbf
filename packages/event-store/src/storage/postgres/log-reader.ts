import type { StreamId } from '../../kernel/identifiers.ts';
import {
  firstMicrosecondFrom,
  instantFromMicroseconds,
  type Instant,
} from '../../kernel/instant.ts';
import type { Head, LogPage, LogQuery, StoredRecord } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';
import { occurrenceFinder } from './occurrences.ts';
import { createRecordQuery, eventColumns } from './stored-records.ts';

/** Reads streams and the log as a whole. */
export interface LogReader {
  readStream(stream: StreamId, from: number, limit: number): Promise<readonly StoredRecord[]>;
  streamVersion(stream: StreamId): Promise<number>;
  readAll(query: LogQuery): Promise<LogPage>;
  head(): Promise<Head>;
}

export function createLogReader(queries: NamedQueries, schema: string): LogReader {
  const recordsOf = createRecordQuery(queries, schema);
  const findOccurrences = occurrenceFinder(queries, recordsOf, schema);

  const head = async (): Promise<Head> => {
    const [row] = await queries.rows<{ position: number; recorded_at: number }>(
      'head',
      `SELECT position, recorded_at FROM ${schema}.head`,
      [],
    );
    if (row === undefined) throw new Error('the log has lost its head');
    return { position: row.position, recordedAt: instantFromMicroseconds(row.recorded_at) };
  };

  const lastBefore = async (moment: Instant): Promise<number> => {
    const [row] = await queries.rows<{ position: number }>(
      'last before',
      `SELECT ${schema}.last_before($1) AS position`,
      [firstMicrosecondFrom(moment)],
    );
    return row?.position ?? 0;
  };

  return {
    head,
    readAll: async ({ after, limit, schemas, since, until }) => {
      const { position } = await head();
      const end = until === undefined ? position : Math.min(position, await lastBefore(until));
      const sinceEnd = since === undefined ? 0 : Math.min(end, await lastBefore(since));
      const start = Math.max(after, sinceEnd);
      if (start >= end) return { records: [], scannedTo: start, more: false };
      if (schemas !== undefined) {
        const { records, scannedTo } = await findOccurrences(schemas, { after: start, end }, limit);
        return { records, scannedTo, more: scannedTo < end };
      }
      const records = await recordsOf(
        'stretch',
        `SELECT ${eventColumns} FROM ${schema}.events e
         WHERE e.position > $1 AND e.position <= $2 ORDER BY e.position LIMIT $3`,
        [start, end, limit],
      );
      // There is no gap: what came back is all there is up to its last position.
      const scannedTo = records.at(-1)?.position ?? start;
      return { records, scannedTo, more: scannedTo < end };
    },
    readStream: (stream, from, limit) =>
      recordsOf(
        'stream',
        `SELECT ${eventColumns} FROM ${schema}.events e
         WHERE e.stream = (SELECT id FROM ${schema}.streams WHERE name = $1) AND e.version >= $2::bigint
         ORDER BY e.version LIMIT $3`,
        [stream, from, limit],
      ),
    streamVersion: async (stream) => {
      const [row] = await queries.rows<{ version: number }>(
        'version',
        `SELECT version FROM ${schema}.streams WHERE name = $1`,
        [stream],
      );
      return row?.version ?? 0;
    },
  };
}
