import { Pool, type Client, type ClientConfig } from 'pg';
import { checkCommits } from '../commit-check.ts';
import {
  SchemaConflict,
  type EventStorage,
  type SchemaDefinition,
  type Verdict,
} from '../storage.ts';
import { createBatchAppender } from './batch-appender.ts';
import { createDoorbell } from './doorbell.ts';
import { guarded } from './failures.ts';
import { createLogQueries } from './log-queries.ts';
import { migrate } from './migrate.ts';
import { createWriterConnection } from './writer-connection.ts';

export interface PostgresStorageOptions {
  readonly connectionString: string;
  /** The database schema that holds the log: lower case letters, digits and underscores. */
  readonly schema?: string | undefined;
  /** How often, in milliseconds, to look for what others have appended, notifications or not. */
  readonly pollMs?: number | undefined;
  /** Most connections for reading. */
  readonly readersMax?: number | undefined;
  /** Positions in one partition of the events. A log keeps the size it was made with. */
  readonly partitionSize?: number | undefined;
}

/**
 * A log in PostgreSQL 14 or later, made when it is missing. Any number of processes may append to it.
 * Rejects with a StorageFailure when the database can't be reached or its log is of a newer program.
 */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<EventStorage> {
  const {
    connectionString,
    schema = 'counterfoil_log',
    pollMs = 500,
    readersMax = 8,
    partitionSize = 16_000_000,
  } = options;
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) {
    throw new RangeError(`"${schema}" can't name the log's schema: use a-z, 0-9 and _`);
  }
  const config: ClientConfig = {
    connectionString,
    application_name: 'counterfoil',
    // A commit is on the disk before it is answered, whatever the server's default; no statement hangs.
    options: '-c synchronous_commit=on -c lock_timeout=20s -c statement_timeout=120s',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
  const channel = `${schema}_appended`;
  const writer = createWriterConnection(config);
  const pool = new Pool({ ...config, max: readersMax });
  // Idle connections break when the server restarts: the pool makes new ones.
  pool.on('error', () => undefined);
  const queries = createLogQueries(pool, schema);
  const appender = createBatchAppender(writer, schema, channel);
  const doorbell = createDoorbell(config, channel, pollMs);

  let partitionedTo = 0;
  const makePartitions = async (client: Client, position: number): Promise<void> => {
    // Half a partition ahead, so that no append ever waits for one.
    const upTo = position + Math.ceil(partitionSize / 2);
    await client.query(`SELECT ${schema}.make_partitions($1, $2)`, [upTo, partitionSize]);
    partitionedTo = upTo;
  };

  const opening = async (client: Client): Promise<void> => {
    await migrate(client, schema);
    const { position } = await queries.head();
    await makePartitions(client, position);
  };
  try {
    await guarded(() => writer.run(opening));
  } catch (cause) {
    await Promise.all([writer.close(), pool.end()]);
    throw cause;
  }

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await writer.close();
    await doorbell.stop();
    await pool.end();
  };

  /** Where the batch can at most end, as far as this process has seen the log. */
  let seenHead = 0;
  const roomFor = async (count: number): Promise<void> => {
    if (seenHead + count < partitionedTo) return;
    const { position } = await queries.head();
    seenHead = Math.max(seenHead, position);
    await writer.run((client) => makePartitions(client, seenHead + count));
  };

  return {
    append: async (batch, at) => {
      checkCommits(batch);
      return guarded(async () => {
        const count = batch.reduce(
          (sum, { appends }) =>
            sum + appends.reduce((records, append) => records + append.records.length, 0),
          0,
        );
        await roomFor(count);
        const verdicts = await appender.append(batch, at);
        seenHead = Math.max(seenHead, lastPositionOf(verdicts));
        doorbell.ring();
        return verdicts;
      });
    },
    readStream: (stream, from, limit) => guarded(() => queries.readStream(stream, from, limit)),
    streamVersion: (stream) => guarded(() => queries.streamVersion(stream)),
    readAll: (query) => guarded(() => queries.readAll(query)),
    head: () => guarded(() => queries.head()),
    watch: doorbell.watch,
    registerSchemas: (definitions) =>
      guarded(() => writer.run((client) => registerSchemas(client, schema, definitions))),
    schemas: () => guarded(() => queries.schemas()),
    loadSnapshot: (stream, format) => guarded(() => queries.loadSnapshot(stream, format)),
    saveSnapshot: (stream, { version, format, bytes }) =>
      guarded(async () => {
        await pool.query(
          `INSERT INTO ${schema}.snapshots VALUES ($1, $2, $3, $4) ON CONFLICT (stream)
           DO UPDATE SET version = excluded.version, format = excluded.format, bytes = excluded.bytes`,
          [stream, version, format, bytes],
        );
      }),
    findClaim: (key, at) => guarded(() => queries.findClaim(key, at)),
    listClaims: (after, upTo) => guarded(() => queries.listClaims(after, upTo)),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function lastPositionOf(verdicts: readonly Verdict[]): number {
  return verdicts.reduce(
    (last, verdict) =>
      verdict.kind === 'appended'
        ? Math.max(last, verdict.firstPosition + verdict.count - 1)
        : last,
    0,
  );
}

async function registerSchemas(
  client: Client,
  schema: string,
  definitions: readonly SchemaDefinition[],
): Promise<readonly number[]> {
  await client.query('BEGIN');
  try {
    await client.query(`LOCK TABLE ${schema}.schemas IN SHARE ROW EXCLUSIVE MODE`);
    const ids: number[] = [];
    for (const { type, version, avro } of definitions) {
      const text = JSON.stringify(avro);
      const known = await client.query<{ id: number; avro: string }>(
        `SELECT id, avro FROM ${schema}.schemas WHERE type = $1 AND version = $2`,
        [type, version],
      );
      const before = known.rows[0];
      if (before !== undefined && before.avro !== text) {
        throw new SchemaConflict(
          `${type} version ${version} was written with another schema: make it version ${version + 1}`,
        );
      }
      ids.push(before?.id ?? (await addSchema(client, schema, type, version, text)));
    }
    await client.query('COMMIT');
    return ids;
  } catch (cause) {
    await client.query('ROLLBACK');
    throw cause;
  }
}

async function addSchema(
  client: Client,
  schema: string,
  type: string,
  version: number,
  avro: string,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO ${schema}.schemas (type, version, avro) VALUES ($1, $2, $3) RETURNING id`,
    [type, version, avro],
  );
  return rows[0]?.id ?? 0;
}
