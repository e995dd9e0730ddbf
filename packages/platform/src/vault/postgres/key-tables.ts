import type { Pool } from 'pg';

/** The database schema that holds the keys. */
export const schema = 'counterfoil_keys';

/** Makes the tables that are missing; the first of several processes to take the lock does. */
export async function makeTables(pool: Pool): Promise<void> {
  if (await tablesAreThere(pool)) return;
  // Several statements in one query are one transaction.
  await pool.query(`SELECT pg_advisory_xact_lock(hashtext('${schema} tables')); ${tables}`);
}

async function tablesAreThere(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    'SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2)',
    [schema, ['wrapping_keys', 'data_keys', 'rotation_claim']],
  );
  return rowCount === 3;
}

/** As the embedded store's: see `sqlite/key-tables.ts`. Times are milliseconds since 1970. */
const tables = `
CREATE SCHEMA IF NOT EXISTS ${schema};

CREATE TABLE IF NOT EXISTS ${schema}.wrapping_keys (
  id text COLLATE "C" PRIMARY KEY,
  created_at_ms bigint NOT NULL,
  kept bytea NOT NULL,
  retired boolean NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS wrapping_keys_current ON ${schema}.wrapping_keys (retired)
  WHERE NOT retired;

CREATE TABLE IF NOT EXISTS ${schema}.data_keys (
  subject text COLLATE "C" PRIMARY KEY,
  key_id bytea,
  wrapped bytea,
  wrapped_under text COLLATE "C" REFERENCES ${schema}.wrapping_keys (id),
  uses bigint NOT NULL,
  erased_at_ms bigint,
  CHECK ((erased_at_ms IS NULL) = (wrapped IS NOT NULL)),
  CHECK ((erased_at_ms IS NULL) = (key_id IS NOT NULL)),
  CHECK ((erased_at_ms IS NULL) = (wrapped_under IS NOT NULL))
);

CREATE INDEX IF NOT EXISTS data_keys_under ON ${schema}.data_keys (wrapped_under)
  WHERE wrapped_under IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${schema}.rotation_claim (
  one integer PRIMARY KEY CHECK (one = 1),
  holder text NOT NULL,
  until_ms bigint NOT NULL
);

CREATE OR REPLACE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an erased subject stays erased, and none is forgotten';
END $$;

CREATE OR REPLACE TRIGGER erased_stays_erased BEFORE UPDATE ON ${schema}.data_keys
  FOR EACH ROW WHEN (OLD.erased_at_ms IS NOT NULL) EXECUTE FUNCTION ${schema}.refuse();

CREATE OR REPLACE TRIGGER no_subject_is_forgotten BEFORE DELETE OR TRUNCATE ON ${schema}.data_keys
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse();
`;
