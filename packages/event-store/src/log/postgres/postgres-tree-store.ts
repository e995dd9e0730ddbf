import { Client, Pool, type PoolClient } from 'pg';
import { StorageFailure } from '../../storage/storage.ts';
import type { NewSeal, SealerLock, TreeStore } from '../tree-store.ts';
import { makeTables } from './tables.ts';

export interface PostgresTreeStoreOptions {
  readonly connectionString: string;
  /** The database schema that holds the log. */
  readonly schema?: string | undefined;
}

const statementTimeoutMs = 30_000;

/**
 * A tree in the database of the log, made when it is missing. Rejects with a StorageFailure when the
 * database can't be reached.
 */
export async function openPostgresTreeStore(options: PostgresTreeStoreOptions): Promise<TreeStore> {
  const { schema = 'counterfoil_log' } = options;
  const settings = {
    connectionString: options.connectionString,
    application_name: 'counterfoil tree',
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
  const pool = new Pool({ ...settings, max: 3 });
  // Idle connections break when the server restarts: the pool makes new ones.
  pool.on('error', () => undefined);
  try {
    await onConnection(pool, (client) => makeTables(client, schema));
  } catch (cause) {
    await pool.end();
    throw cause;
  }
  return {
    lastSeal: () =>
      onConnection(pool, async (client) => {
        const { rows } = await client.query<{ size: string; note: string }>(
          `SELECT size, note FROM ${schema}.tree_seal`,
        );
        const [row] = rows;
        return row && { size: Number(row.size), note: row.note };
      }),
    readTiles: (tiles) =>
      onConnection(pool, async (client) => {
        const { rows } = await client.query<{ hashes: Buffer | null }>({
          name: `${schema} tiles`,
          text: `SELECT t.hashes
            FROM unnest($1::integer[], $2::bigint[]) WITH ORDINALITY AS wanted (level, number, place)
            LEFT JOIN ${schema}.tree_tiles t USING (level, number) ORDER BY place`,
          values: [tiles.map(({ level }) => level), tiles.map(({ number }) => number)],
        });
        return rows.map(({ hashes }) => hashes ?? new Uint8Array(0));
      }),
    write: (seal) => onConnection(pool, (client) => write(client, schema, seal)),
    lock: () => lock(settings, schema),
    close: async () => {
      if (!pool.ended) await pool.end();
    },
  };
}

async function write(client: PoolClient, schema: string, seal: NewSeal): Promise<boolean> {
  const { from, size, note, tiles } = seal;
  await client.query('BEGIN');
  const sealed =
    from === 0
      ? await client.query(
          `INSERT INTO ${schema}.tree_seal (size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
          [size, note],
        )
      : await client.query(`UPDATE ${schema}.tree_seal SET size = $1, note = $2 WHERE size = $3`, [
          size,
          note,
          from,
        ]);
  if (sealed.rowCount !== 1) {
    await client.query('ROLLBACK');
    return false;
  }
  await client.query({
    name: `${schema} write tiles`,
    text: `INSERT INTO ${schema}.tree_tiles
      SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[])
      ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes`,
    values: [
      tiles.map(({ level }) => level),
      tiles.map(({ number }) => number),
      tiles.map(({ hashes }) => Buffer.from(hashes)),
    ],
  });
  await client.query('COMMIT');
  return true;
}

/** The server's advisory lock, on a connection of its own: it ends with the connection. */
async function lock(
  settings: { readonly connectionString: string },
  schema: string,
): Promise<SealerLock | undefined> {
  const client = new Client(settings);
  let held = true;
  client.on('error', () => {
    held = false;
  });
  client.on('end', () => {
    held = false;
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock(hashtext($1)) AS taken',
      [`counterfoil sealer ${schema}`],
    );
    if (rows[0]?.taken !== true) {
      await client.end();
      return undefined;
    }
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw failureOf(cause);
  }
  return {
    held: () => held,
    release: async () => {
      if (held) await client.end();
      held = false;
    },
  };
}

/** Runs work on a connection; when it fails the connection goes, and with it whatever was left open. */
async function onConnection<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    const result = await work(client);
    client.release();
    return result;
  } catch (cause) {
    client?.release(true);
    throw failureOf(cause);
  }
}

function failureOf(cause: unknown): StorageFailure {
  return new StorageFailure(`the log's tree can't be used now (${String(cause)}): try again`, {
    final: false,
    cause,
  });
}
