import type { StreamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { Head, LogPage, LogQuery, StoredRecord } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';
import { createStreamNames } from './stream-names.ts';

/** Reads streams and the log as a whole. */
export interface LogReader {
  readStream(stream: StreamId, from: number, limit: number): Promise<readonly StoredRecord[]>;
  streamVersion(stream: StreamId): Promise<number>;
  readAll(query: LogQuery): Promise<LogPage>;
  head(): Promise<Head>;
}

export function createLogReader(queries: NamedQueries, schema: string): LogReader {
  const columns = 'e.position, e.stream, e.version, e.schema, e.recorded_at, e.body';
  const names = createStreamNames(queries, schema);

  const head = async (): Promise<Head> => {
    const [row] = await queries.rows<{ position: number; recorded_at: number }>(
      'head',
      `SELECT position, recorded_at FROM ${schema}.head`,
      [],
    );
    return {
      position: row?.position ?? 0,
      recordedAt: instantFromMicroseconds(row?.recorded_at ?? 0),
    };
  };

  const lastBefore = async (moment: Instant): Promise<number> => {
    const [row] = await queries.rows<{ position: number }>(
      'last before',
      `SELECT ${schema}.last_before($1) AS position`,
      [firstMicrosecondFrom(moment)],
    );
    return row?.position ?? 0;
  };

  /** Up to `limit` records from one position to another. */
  const stretch = async (first: number, last: number, limit: number): Promise<StoredRecord[]> => {
    const found = await queries.arrays<EventRow>(
      'stretch',
      `SELECT ${columns} FROM ${schema}.events e
       WHERE e.position BETWEEN $1 AND $2 ORDER BY e.position LIMIT $3`,
      [first, last, limit],
    );
    return records(found);
  };

  /** The first blocks, at most so many, from that of a position on in which one of the schemas occurs. */
  const blocksFrom = async (
    schemas: readonly number[],
    position: number,
    count: number,
  ): Promise<readonly number[]> => {
    const found = await queries.rows<{ block: number }>(
      'blocks',
      `SELECT DISTINCT found.block FROM unnest($1::integer[]) wanted (schema)
       CROSS JOIN LATERAL (
         SELECT block FROM ${schema}.schema_blocks
         WHERE schema = wanted.schema AND block >= $2 ORDER BY block LIMIT $3
       ) found ORDER BY found.block LIMIT $3`,
      [schemas, Math.floor(position / blockPositions), count],
    );
    return found.map(({ block }) => block);
  };

  const occurrences = async (
    schemas: readonly number[],
    blocks: readonly number[],
    { first, last, limit }: { first: number; last: number; limit: number },
  ): Promise<StoredRecord[]> => {
    const found = await queries.arrays<EventRow>(
      'occurrences',
      `SELECT ${columns} FROM unnest($1::bigint[]) wanted (block)
       CROSS JOIN LATERAL (
         SELECT * FROM ${schema}.events
         WHERE position BETWEEN wanted.block * ${blockPositions} AND wanted.block * ${blockPositions} + ${blockPositions - 1}
           AND position BETWEEN $2 AND $3 AND schema = ANY ($4::integer[])
         ORDER BY position LIMIT $5
       ) e ORDER BY e.position LIMIT $5`,
      [blocks, first, last, schemas, limit],
    );
    return records(found);
  };

  const records = async (rows: readonly EventRow[]): Promise<StoredRecord[]> => {
    const nameOf = await names.of(rows.map(([, stream]) => stream));
    // A batch has one recorded time: most rows have that of the row before.
    let microseconds = 0;
    let instant = instantFromMicroseconds(0);
    return rows.map(([position, stream, version, schemaId, recorded, body]) => {
      if (recorded !== microseconds) {
        microseconds = recorded;
        instant = instantFromMicroseconds(recorded);
      }
      const name = nameOf(stream);
      return { position, stream: name, version, schema: schemaId, recordedAt: instant, body };
    });
  };

  /**
   * Looks at twice as many blocks each time until the page is full: few for a type that is everywhere,
   * many at once for one that is rare.
   */
  const bySchema = async (
    schemas: readonly number[],
    start: number,
    end: number,
    limit: number,
  ): Promise<{ readonly found: readonly StoredRecord[]; readonly cursor: number }> => {
    const found: StoredRecord[] = [];
    let cursor = start;
    let count = 1 + Math.ceil(limit / blockPositions);
    while (cursor < end && found.length < limit) {
      const blocks = await blocksFrom(schemas, cursor + 1, count);
      const wanted = limit - found.length;
      const more = await occurrences(schemas, blocks, {
        first: cursor + 1,
        last: end,
        limit: wanted,
      });
      found.push(...more);
      const lastBlock = blocks.length === count ? blocks.at(-1) : undefined;
      const looked =
        lastBlock === undefined ? end : Math.min(end, (lastBlock + 1) * blockPositions - 1);
      cursor = more.length === wanted ? (more.at(-1)?.position ?? looked) : looked;
      count = Math.min(count * 2, blocksMax);
    }
    return { found, cursor };
  };

  return {
    head,
    readAll: async ({ after, limit, schemas, since, until }) => {
      const { position } = await head();
      const end = until === undefined ? position : await lastBefore(until);
      const start = since === undefined ? after : Math.max(after, await lastBefore(since));
      if (start >= end)
        return { records: [], scannedTo: Math.max(after, Math.min(start, end)), more: false };
      if (schemas !== undefined) {
        const { found, cursor } = await bySchema(schemas, start, end, limit);
        return { records: found, scannedTo: cursor, more: cursor < end };
      }
      const found = await stretch(start + 1, end, limit);
      const scannedTo = found.at(-1)?.position ?? start;
      return { records: found, scannedTo, more: scannedTo < end };
    },
    readStream: async (stream, from, limit) => {
      const found = await queries.arrays<EventRow>(
        'stream',
        `SELECT ${columns} FROM ${schema}.events e
         WHERE e.stream = (SELECT id FROM ${schema}.streams WHERE name = $1) AND e.version >= $2
         ORDER BY e.version LIMIT $3`,
        [stream, from, limit],
      );
      return records(found);
    },
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

/** As in `append_batch`. */
const blockPositions = 1_000;
const blocksMax = 256;

/** position, stream, version, schema, recorded_at, body */
type EventRow = readonly [number, number, number, number, number, Uint8Array];

/** Records are stamped in whole microseconds: those not before a moment begin with the next whole one. */
function firstMicrosecondFrom(moment: Instant): number {
  const whole = microsecondsOf(moment);
  return instantFromMicroseconds(whole) === moment ? whole : whole + 1;
}
