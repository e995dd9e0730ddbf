import type { Pool, PoolClient } from 'pg';

/** Runs work in one transaction; when it fails, its connection goes, and with it whatever was left open. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection in use tells of its break by this event too; what runs on it rejects in any case.
  client.on('error', ignore);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.off('error', ignore);
    client.release();
    return result;
  } catch (cause) {
    client.release(true);
    throw cause;
  }
}

function ignore(): void {
  // See above.
}
