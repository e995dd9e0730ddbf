import type { Pool } from 'pg';
import { inTransaction } from './transaction.ts';

/** The database schema that holds the tables of requests. */
export const schema = 'counterfoil_requests';

/**
 * Makes the tables that are missing. Several processes may start at once: the first to take the lock makes
 * them, the others find them made. Where they are there already, no right to create anything is needed.
 */
export async function makeTables(pool: Pool): Promise<void> {
  if (await tablesAreThere(pool)) return;
  await inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`${schema} tables`]);
    await client.query(tables);
  });
}

async function tablesAreThere(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    'SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2)',
    [schema, ['requests', 'request_outbox', 'request_keys']],
  );
  return rowCount === 3;
}

/**
 * Times are milliseconds since 1970. What comes from outside is kept as JSON or as bytes: text can't hold
 * the character NUL, and jsonb can't hold it either.
 */
const tables = `
CREATE SCHEMA IF NOT EXISTS ${schema};

CREATE TABLE IF NOT EXISTS ${schema}.requests (
  id uuid PRIMARY KEY,
  accepted_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  outcome text,
  held text
);

-- Only settled requests ever go.
CREATE INDEX IF NOT EXISTS requests_expiry ON ${schema}.requests (expires_at_ms)
  WHERE outcome IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${schema}.request_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  key bytea NOT NULL,
  headers text,
  value bytea NOT NULL
);

CREATE TABLE IF NOT EXISTS ${schema}.request_keys (
  key text COLLATE "C" PRIMARY KEY,
  fingerprint text NOT NULL,
  request_id uuid NOT NULL,
  expires_at_ms bigint NOT NULL
);

CREATE INDEX IF NOT EXISTS request_keys_expiry ON ${schema}.request_keys (expires_at_ms);
`;
