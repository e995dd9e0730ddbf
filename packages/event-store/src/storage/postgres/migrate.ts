import { Client, type ClientConfig } from 'pg';
import { appendFunction } from './append-function.ts';
import { partitionFunction } from './partitions.ts';
import { bisectFunction, tables } from './tables.ts';

/** Steps from one layout to the next; `layout` in the schema counts those done. */
const migrations: readonly string[] = [
  [tables, partitionFunction, bisectFunction, appendFunction].join('\n'),
];

/**
 * Makes the schema, or brings it to the newest layout, in one transaction. Several processes may start at
 * once: the first to take the lock does it, the others find it done. Rejects when the layout is of a newer
 * program. A log that is up to date needs no right to create anything.
 */
export async function migrate(config: ClientConfig, schema: string): Promise<void> {
  const client = new Client({ ...config, query_timeout: undefined });
  client.on('error', () => undefined);
  try {
    await client.connect();
    if ((await layoutOf(client, schema)) === migrations.length) return;
    await client.query('BEGIN');
    // A large log takes as long as it takes.
    await client.query('SET LOCAL statement_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`counterfoil ${schema}`]);
    await bringUpToDate(client, schema, await layoutOf(client, schema));
    await client.query('COMMIT');
  } finally {
    // What was not committed goes with the connection.
    await client.end().catch(() => undefined);
  }
}

/** How many migrations were done; 0 where there is no log yet. */
async function layoutOf(client: Client, schema: string): Promise<number> {
  // Not `to_regclass`, which may remember from before the lock that there was none.
  const there = await client.query(
    "SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'layout'",
    [schema],
  );
  if (there.rowCount === 0) return 0;
  const { rows } = await client.query<{ done: number }>(
    `SELECT max(done) AS done FROM ${schema}.layout`,
  );
  const done = rows[0]?.done ?? 0;
  if (done > migrations.length) {
    throw new Error(`the log's layout ${done} is newer than this program; start the newer one`);
  }
  return done;
}

async function bringUpToDate(client: Client, schema: string, done: number): Promise<void> {
  if (done === migrations.length) return;
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${schema}.layout (done integer NOT NULL, migrated_at timestamptz NOT NULL)`,
  );
  for (const migration of migrations.slice(done)) {
    await client.query(migration.replaceAll('%S', schema));
  }
  await client.query(`INSERT INTO ${schema}.layout VALUES ($1, now())`, [migrations.length]);
}
