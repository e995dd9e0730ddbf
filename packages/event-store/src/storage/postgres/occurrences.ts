import type { StoredRecord } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';
import { eventColumns, type RecordQuery } from './stored-records.ts';

/** A stretch of the log: positions greater than `after` and not greater than `end`. */
export interface Stretch {
  readonly after: number;
  readonly end: number;
}

export interface FoundRecords {
  readonly records: readonly StoredRecord[];
  /** Everything up to this position has been looked at. */
  readonly scannedTo: number;
}

/** Finds the records with one of some schemas, at most so many. */
export type FindOccurrences = (
  schemas: readonly number[],
  stretch: Stretch,
  limit: number,
) => Promise<FoundRecords>;

/**
 * `schema_blocks` says where to look. Each step looks into twice as many blocks as the one before until
 * the page is full: a few for a type that is everywhere, many at once for one that is rare.
 */
export function occurrenceFinder(
  queries: NamedQueries,
  recordsOf: RecordQuery,
  schema: string,
): FindOccurrences {
  const nextBlocks = async (
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

  const inBlocks = `SELECT ${eventColumns} FROM unnest($1::bigint[]) wanted (block)
    CROSS JOIN LATERAL (
      SELECT * FROM ${schema}.events
      WHERE position >= wanted.block * ${blockPositions} AND position > $2
        AND position < (wanted.block + 1) * ${blockPositions} AND position <= $3
        AND schema = ANY ($4::integer[])
      ORDER BY position LIMIT $5
    ) e ORDER BY e.position LIMIT $5`;

  return async (schemas, { after, end }, limit) => {
    const records: StoredRecord[] = [];
    let scannedTo = after;
    let count = 1 + Math.ceil(limit / blockPositions);
    while (scannedTo < end && records.length < limit) {
      const blocks = await nextBlocks(schemas, scannedTo + 1, count);
      const wanted = limit - records.length;
      const values = [blocks, scannedTo, end, schemas, wanted];
      const found = await recordsOf('occurrences', inBlocks, values);
      records.push(...found);
      const last = found.length === wanted ? found.at(-1) : undefined;
      scannedTo = last?.position ?? (blocks.length < count ? end : lastPositionOf(blocks, end));
      count = Math.min(count * 2, blocksMax);
    }
    return { records, scannedTo };
  };
}

/** As in `append_batch`. */
export const blockPositions = 1_000;
/** In one step, which may so come to look at a quarter of a million rows. */
const blocksMax = 256;

function lastPositionOf(blocks: readonly number[], end: number): number {
  return Math.min(end, ((blocks.at(-1) ?? 0) + 1) * blockPositions - 1);
}
