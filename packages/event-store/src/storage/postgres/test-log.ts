import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { streamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds } from '../../kernel/instant.ts';
import type { Commit, EventStorage, Verdict } from '../storage.ts';
import { openPostgresStorage, type PostgresStorageOptions } from './postgres-storage.ts';

/** A log in a real database, with somebody else's connection to it; closed when the test is over. */
export interface TestLog {
  readonly connectionString: string;
  readonly storage: EventStorage;
  readonly schema: number;
  /** A connection of somebody else, with all rights. */
  readonly client: Client;
  /** Appends one record with this text to the stream of that name. */
  append(text: string): Promise<Verdict | undefined>;
  /** Appends one record as another process would, inside whatever transaction the client has open. */
  appendBeside(text: string): Promise<void>;
  /** Position and text of every record. */
  contents(): Promise<readonly string[]>;
  /** Resolves with the sessions that wait for a lock when there are this many, not counting some. */
  waiting(sessions: number, besides?: readonly number[]): Promise<readonly number[]>;
}

/** The second connection string is for `client`, where it takes another way than the storage. */
export async function openTestLog(
  options: PostgresStorageOptions,
  connectionString = options.connectionString,
): Promise<TestLog> {
  const storage = await openPostgresStorage({ pollMs: 20, partitionSize: 10, ...options });
  const [schema = 0] = await storage.registerSchemas([
    { type: 'Noted', version: 1, avro: 'bytes' },
  ]);
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await client.end().catch(() => undefined);
    await storage.close();
  });
  return {
    connectionString,
    storage,
    schema,
    client,
    append: async (text) => {
      const [verdict] = await storage.append([noted(schema, text)], instantFromMicroseconds(1));
      return verdict;
    },
    appendBeside: async (text) => {
      await client.query(
        `SELECT counterfoil_log.append_batch(false, ARRAY[$1], ARRAY[NULL]::bigint[], ARRAY[1],
           ARRAY[1], ARRAY[1], ARRAY[$2::integer], ARRAY[$3::bytea], '{}', '{}', '{}', '{}', 5)`,
        [text, schema, Buffer.from(text)],
      );
    },
    contents: async () => {
      const { records } = await storage.readAll({ after: 0, limit: 10_000 });
      return records.map(({ position, body }) => `${position} ${Buffer.from(body).toString()}`);
    },
    waiting: async (sessions, besides = []) => {
      // The client may be amid a transaction, in which it sees no news of sessions.
      const other = new Client({ connectionString });
      await other.connect();
      for (;;) {
        const { rows } = await other.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> ALL ($1)`,
          [besides],
        );
        if (rows.length >= sessions) {
          await other.end();
          return rows.map(({ pid }) => pid);
        }
      }
    },
  };
}

/** One record with this text, on a stream of that name. */
export function noted(schema: number, text: string): Commit {
  const records = [{ schema, body: Buffer.from(text) }];
  return { appends: [{ stream: streamId(text), expected: 'any', records }] };
}

/** The sessions that listen to the log, oldest first. */
export async function listeners({ client }: TestLog): Promise<readonly number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle' ORDER BY backend_start`,
  );
  return rows.map(({ pid }) => pid);
}
