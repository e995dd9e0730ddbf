/**
 * The tables of the log in PostgreSQL, in a schema of their own:
 *
 * - `head` has one row. Whoever appends locks it until commit: positions are therefore gap-free and become
 *   visible in order, and a reader may simply read up to it (docs/decisions/0002).
 * - `events` is partitioned by ranges of positions; each partition has its own two indexes. `recorded_at`
 *   counts microseconds since 1970 (UTC); `body` is what `engine/envelope.ts` describes.
 * - `schema_blocks` says in which thousands of positions a schema occurs at all: a row for each such block
 *   where an index by type costs one an event (docs/decisions/0006).
 * - `streams.version` is kept, as a maximum over partitions would have to look into every one. Its rows
 *   have room to be updated in place (heap-only tuples).
 *
 * `%S` stands for the quoted name of the schema.
 */
export const tables = `
CREATE TABLE %S.head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  position bigint NOT NULL,
  recorded_at bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO %S.head (position, recorded_at) VALUES (0, 0);

CREATE TABLE %S.streams (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  version bigint NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE %S.schemas (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL,
  version integer NOT NULL,
  avro text NOT NULL,
  UNIQUE (type, version)
);

CREATE TABLE %S.events (
  position bigint NOT NULL,
  stream bigint NOT NULL,
  recorded_at bigint NOT NULL,
  version integer NOT NULL,
  schema integer NOT NULL,
  body bytea NOT NULL
) PARTITION BY RANGE (position);

CREATE TABLE %S.schema_blocks (
  schema integer NOT NULL,
  block bigint NOT NULL,
  PRIMARY KEY (schema, block)
);

CREATE TABLE %S.snapshots (
  stream text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  format text NOT NULL,
  bytes bytea NOT NULL
);

CREATE TABLE %S.claims (
  key text COLLATE "C" PRIMARY KEY,
  note bytea NOT NULL,
  expires_at bigint,
  position bigint NOT NULL
);
CREATE INDEX claims_by_expiry ON %S.claims (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX claims_by_position ON %S.claims (position);

CREATE FUNCTION %S.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %S.events
  FOR EACH STATEMENT EXECUTE FUNCTION %S.refuse_change();
ALTER TABLE %S.events ENABLE ALWAYS TRIGGER append_only;
`;

/** The last position recorded before a moment: times never run backwards, so bisection finds it. */
export const bisectFunction = `
CREATE FUNCTION %S.last_before(moment bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 0;
  high bigint := (SELECT position FROM %S.head);
  middle bigint;
BEGIN
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    IF (SELECT recorded_at < moment FROM %S.events WHERE position = middle) THEN
      low := middle;
    ELSE
      high := middle - 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;
`;
