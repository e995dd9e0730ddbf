import type { Pool, PoolClient } from 'pg';

/** Runs work in one transaction; when it fails, its connection goes, and with it whatever was left open. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (cause) {
    client.release(true);
    throw cause;
  }
}
