import type { PoolClient } from 'pg';

/**
 * The tree in PostgreSQL, in the schema of the log. `tiles.hashes` are up to 256 hashes of 32 bytes, kept
 * as they are: hashes don't compress. `seal` is the newest checkpoint. Triggers refuse what would change a
 * hash, or shrink the tree. `%S` stands for the name of the schema.
 */
const tables = `
CREATE TABLE %S.tree_tiles (
  level integer NOT NULL,
  number bigint NOT NULL,
  hashes bytea NOT NULL CHECK (length(hashes) % 32 = 0 AND length(hashes) BETWEEN 32 AND 8192),
  PRIMARY KEY (level, number)
);
ALTER TABLE %S.tree_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE %S.tree_seal (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  size bigint NOT NULL,
  note text NOT NULL
) WITH (fillfactor = 10);

CREATE FUNCTION %S.tree_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the tree of the log only grows' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION %S.tree_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.level <> old.level OR new.number <> old.number
    OR substr(new.hashes, 1, length(old.hashes)) <> old.hashes THEN
    RAISE EXCEPTION 'a tile of the tree only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN new;
END $$;
CREATE FUNCTION %S.tree_refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.size < old.size THEN
    RAISE EXCEPTION 'the tree of the log only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE ON %S.tree_tiles
  FOR EACH ROW EXECUTE FUNCTION %S.tree_refuse_change();
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON %S.tree_tiles
  FOR EACH STATEMENT EXECUTE FUNCTION %S.tree_refuse_removal();
CREATE TRIGGER only_grows BEFORE UPDATE ON %S.tree_seal
  FOR EACH ROW EXECUTE FUNCTION %S.tree_refuse_shrinking();
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON %S.tree_seal
  FOR EACH STATEMENT EXECUTE FUNCTION %S.tree_refuse_removal();
ALTER TABLE %S.tree_tiles ENABLE ALWAYS TRIGGER only_grows;
ALTER TABLE %S.tree_tiles ENABLE ALWAYS TRIGGER never_removed;
ALTER TABLE %S.tree_seal ENABLE ALWAYS TRIGGER only_grows;
ALTER TABLE %S.tree_seal ENABLE ALWAYS TRIGGER never_removed;
`;

/** Makes the tables unless they are there; whoever comes second finds them made. */
export async function makeTables(client: PoolClient, schema: string): Promise<void> {
  if (await isThere(client, schema)) return;
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`counterfoil tree ${schema}`]);
  if (!(await isThere(client, schema))) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(tables.replaceAll('%S', schema));
  }
  await client.query('COMMIT');
}

async function isThere(client: PoolClient, schema: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'tree_seal'",
    [schema],
  );
  return rowCount !== 0;
}
