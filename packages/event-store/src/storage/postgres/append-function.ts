/**
 * Appends a batch in one statement, or writes nothing and says how things stand.
 *
 * The streams that the batch touches come once each, with the version at which the batch stands on them
 * (null for any) and by how many records they grow; the records name their stream by its place in that
 * list, and their place behind its old version. Claims say how many of the batch's records stand before
 * them in the log. With `look` it writes nothing whatever it finds.
 *
 * The lock on `head` comes first: every later statement of the function takes a new snapshot (READ
 * COMMITTED) and so sees all that was committed by those who held the lock before.
 *
 * The planner must not scan a table here, which it would choose while `streams` is small and then go on to
 * do while it grows: hence the settings.
 */
export const appendFunction = `
CREATE FUNCTION %S.append_batch(
  look boolean, names text[], bases bigint[], growths integer[],
  record_streams integer[], record_offsets integer[], record_schemas integer[], bodies bytea[],
  claim_keys text[], claim_notes bytea[], claim_expiries bigint[], claim_places integer[],
  at bigint,
  OUT appended boolean, OUT head_before bigint, OUT stamped bigint, OUT versions bigint[],
  OUT held_keys text[], OUT held_notes bytea[], OUT held_expiries bigint[], OUT held_positions bigint[]
) LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT position, recorded_at INTO head_before, stamped FROM %S.head FOR UPDATE;
  stamped := greatest(stamped, at);

  SELECT array_agg(coalesce(s.version, 0) ORDER BY n.place), array_agg(s.id ORDER BY n.place)
    INTO versions, ids
    FROM unnest(names) WITH ORDINALITY n (name, place)
    LEFT JOIN %S.streams s ON s.name = n.name;

  IF claim_keys <> '{}' THEN
    SELECT array_agg(key), array_agg(note), array_agg(expires_at), array_agg(position)
      INTO held_keys, held_notes, held_expiries, held_positions
      FROM %S.claims WHERE key = ANY (claim_keys) AND (expires_at IS NULL OR expires_at > at);
  END IF;

  appended := NOT look AND held_keys IS NULL AND NOT EXISTS (
      SELECT FROM unnest(bases, versions) v (base, version) WHERE base <> version
    );
  IF NOT appended THEN RETURN; END IF;

  IF claim_keys <> '{}' THEN
    INSERT INTO %S.claims (key, note, expires_at, position)
      SELECT key, note, expiry, head_before + before
      FROM unnest(claim_keys, claim_notes, claim_expiries, claim_places) c (key, note, expiry, before)
      ON CONFLICT (key) DO UPDATE
        SET note = excluded.note, expires_at = excluded.expires_at, position = excluded.position;
  END IF;

  IF cardinality(bodies) = 0 THEN RETURN; END IF;

  UPDATE %S.streams s SET version = s.version + g.growth
    FROM unnest(ids, growths) g (id, growth)
    WHERE s.id = g.id AND g.growth > 0;

  IF array_position(ids, NULL) IS NOT NULL THEN
    INSERT INTO %S.streams (name, version)
      SELECT name, growth FROM unnest(names, ids, growths) n (name, id, growth)
      WHERE id IS NULL AND growth > 0;
    SELECT array_agg(s.id ORDER BY n.place) INTO ids
      FROM unnest(names) WITH ORDINALITY n (name, place)
      LEFT JOIN %S.streams s ON s.name = n.name;
  END IF;

  INSERT INTO %S.events (position, stream, version, recorded_at, schema, body)
    SELECT head_before + place, ids[stream], versions[stream] + behind, stamped, schema, body
    FROM unnest(record_streams, record_offsets, record_schemas, bodies)
      WITH ORDINALITY r (stream, behind, schema, body, place);

  INSERT INTO %S.schema_blocks (schema, block)
    SELECT DISTINCT schema, (head_before + place) / 1000
    FROM unnest(record_schemas) WITH ORDINALITY r (schema, place)
    ON CONFLICT DO NOTHING;

  UPDATE %S.head SET position = head_before + cardinality(bodies), recorded_at = stamped;
  PERFORM pg_notify('%S_appended', '');
END $$;
`;
