import type { Client } from 'pg';
import { appendFunction } from './append-function.ts';
import { bisectFunction, partitionFunction, tables } from './tables.ts';

/** Steps from one layout to the next; `layout` in the schema counts those done. */
const migrations: readonly string[] = [
  [tables, partitionFunction, bisectFunction, appendFunction].join('\n'),
];

/**
 * Makes the schema, or brings it to the newest layout. Several processes may start at once: the first to
 * take the lock does it, the others find it done. Rejects when the layout is of a newer program.
 */
export async function migrate(client: Client, schema: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`counterfoil ${schema}`]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${schema}.layout (done integer NOT NULL, migrated_at timestamptz NOT NULL)`,
    );
    const { rows } = await client.query<{ done: number | null }>(
      `SELECT max(done) AS done FROM ${schema}.layout`,
    );
    const done = rows[0]?.done ?? 0;
    if (done > migrations.length) {
      throw new Error(`the log's layout ${done} is newer than this program; start the newer one`);
    }
    for (const migration of migrations.slice(done)) {
      await client.query(migration.replaceAll('%S', schema));
    }
    if (done < migrations.length) {
      await client.query(`INSERT INTO ${schema}.layout VALUES ($1, now())`, [migrations.length]);
    }
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw cause;
  }
}
