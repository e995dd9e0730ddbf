import { Client, type ClientConfig } from 'pg';
import type { Contradiction } from '../storage.ts';
import { blockPositions } from './occurrences.ts';

/** See `EventStorage.findContradiction`. On a connection of its own, whose queries may take as long as the log is. */
export async function findContradiction(
  config: ClientConfig,
  schema: string,
): Promise<Contradiction | undefined> {
  const client = new Client({ ...config, query_timeout: undefined });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query('SET LOCAL statement_timeout = 0');
    return (await inStreams(client, schema)) ?? (await inBlocks(client, schema));
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Versions without a gap, in order of position, up to the one that the table of streams has. */
async function inStreams(client: Client, schema: string): Promise<Contradiction | undefined> {
  const { rows } = await client.query<{ position: string }>(
    `SELECT position FROM (
       SELECT position, version, row_number() OVER (PARTITION BY stream ORDER BY position) AS nth
       FROM ${schema}.events
     ) e WHERE version <> nth ORDER BY position LIMIT 1`,
  );
  const [astray] = rows;
  if (astray !== undefined) {
    const what = 'it does not follow the event before it in its stream';
    return { position: Number(astray.position), what };
  }
  const ends = await client.query<{ name: string; position: string | null }>(
    `SELECT s.name, e.position FROM ${schema}.streams s
     LEFT JOIN (
       SELECT stream, max(version) AS version, max(position) AS position
       FROM ${schema}.events GROUP BY stream
     ) e ON e.stream = s.id
     WHERE s.version <> coalesce(e.version, 0) ORDER BY e.position LIMIT 1`,
  );
  const [end] = ends.rows;
  if (end === undefined) return undefined;
  return {
    position: end.position === null ? undefined : Number(end.position),
    what: `it is not where the end of ${end.name} is kept`,
  };
}

/** Whether a search by type finds every event. */
async function inBlocks(client: Client, schema: string): Promise<Contradiction | undefined> {
  const { rows } = await client.query<{ position: string }>(
    `SELECT min(e.position) AS position FROM (
       SELECT schema, position / ${blockPositions} AS block, min(position) AS position
       FROM ${schema}.events GROUP BY schema, position / ${blockPositions}
     ) e WHERE NOT EXISTS (
       SELECT FROM ${schema}.schema_blocks b WHERE b.schema = e.schema AND b.block = e.block
     ) HAVING min(e.position) IS NOT NULL`,
  );
  const [missed] = rows;
  return (
    missed && { position: Number(missed.position), what: 'a search by its type does not find it' }
  );
}
