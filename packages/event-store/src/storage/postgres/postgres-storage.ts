import { Pool } from 'pg';
import { checkCommits } from '../commit-check.ts';
import { StorageFailure, type EventStorage, type Verdict } from '../storage.ts';
import { createBatchAppender } from './batch-appender.ts';
import { createClaimRetention, createClaims } from './claims.ts';
import { connectionSettings } from './connection-settings.ts';
import { findContradiction } from './contradictions.ts';
import { createDoorbell } from './doorbell.ts';
import { guarded } from './failures.ts';
import { createLogReader } from './log-reader.ts';
import { migrate } from './migrate.ts';
import { createNamedQueries } from './named-queries.ts';
import { createPartitions } from './partitions.ts';
import { allSchemas, registerSchemas } from './schemas.ts';
import { createSnapshots } from './snapshots.ts';
import { createWriterConnection } from './writer-connection.ts';

export interface PostgresStorageOptions {
  readonly connectionString: string;
  /** The database schema that holds the log: lower case letters, digits and underscores. */
  readonly schema?: string | undefined;
  /** How often, in milliseconds, to look for what others have appended, notifications or not. */
  readonly pollMs?: number | undefined;
  /** Most connections for reading; writing and listening take one more each. */
  readonly readersMax?: number | undefined;
  /** Positions in each partition of the events made from now on. */
  readonly partitionSize?: number | undefined;
  /** How long, in milliseconds, an append may wait for another process that is writing. */
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * A log in PostgreSQL 14 or later, made when it is missing. Any number of processes may append to it.
 * Rejects with a StorageFailure when the database can't be reached or its log is of a newer program.
 */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<EventStorage> {
  const { schema = 'counterfoil_log', pollMs = 500, readersMax = 8 } = options;
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) {
    throw new RangeError(`"${schema}" can't name the log's schema: use a-z, 0-9 and _`);
  }
  const config = connectionSettings(options.connectionString, options.lockTimeoutMs ?? 20_000);
  const pool = new Pool({ ...config, max: readersMax });
  // Idle connections break when the server restarts: the pool makes new ones.
  pool.on('error', () => undefined);
  const partitions = createPartitions(pool, schema, options.partitionSize ?? 16_000_000);
  try {
    await guarded(async () => {
      await migrate(config, schema);
      await partitions.makeRoom(0);
    });
  } catch (cause) {
    await pool.end();
    throw cause;
  }

  const writer = createWriterConnection(config);
  const appender = createBatchAppender(writer, schema, partitions.makeRoom);
  const doorbell = createDoorbell(config, `${schema}_appended`, pollMs);
  const queries = createNamedQueries(pool, schema);
  const reader = createLogReader(queries, schema);
  const snapshots = createSnapshots(queries, schema);
  const claims = createClaims(queries, schema);
  const retention = createClaimRetention(pool, schema);

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await writer.close();
    await Promise.all([doorbell.stop(), partitions.settle(), retention.settle()]);
    await pool.end();
  };

  const open = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (closed !== undefined) throw new StorageFailure('the storage is closed', { final: true });
    return guarded(work);
  };

  return {
    append: async (batch, at) => {
      checkCommits(batch);
      const verdicts = await open(() => appender.append(batch, at));
      const last = lastPositionOf(verdicts);
      if (last > 0) {
        partitions.advance(last);
        // Not here: should a listener throw, the batch is none the less appended.
        queueMicrotask(doorbell.ring);
      }
      retention.advance(at);
      return verdicts;
    },
    readStream: (stream, from, limit) => open(() => reader.readStream(stream, from, limit)),
    streamVersion: (stream) => open(() => reader.streamVersion(stream)),
    readAll: (query) => open(() => reader.readAll(query)),
    head: () => open(() => reader.head()),
    watch: doorbell.watch,
    registerSchemas: (definitions) => open(() => registerSchemas(pool, schema, definitions)),
    schemas: () => open(() => allSchemas(pool, schema)),
    loadSnapshot: (stream, format) => open(() => snapshots.load(stream, format)),
    saveSnapshot: (stream, snapshot) => open(() => snapshots.save(stream, snapshot)),
    findClaim: (key, at) => open(() => claims.find(key, at)),
    listClaims: (after, upTo) => open(() => claims.list(after, upTo)),
    findContradiction: () => open(() => findContradiction(config, schema)),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Of the records that the batch added; 0 when it added none. */
function lastPositionOf(verdicts: readonly Verdict[]): number {
  let last = 0;
  for (const verdict of verdicts) {
    if (verdict.kind === 'appended' && verdict.count > 0) {
      last = verdict.firstPosition + verdict.count - 1;
    }
  }
  return last;
}
