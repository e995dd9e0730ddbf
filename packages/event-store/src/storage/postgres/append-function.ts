/**
 * Appends a batch in one statement, or writes nothing and says how things stand.
 *
 * The streams that the batch touches come once each, with the version at which the batch stands on them
 * (null for any) and by how many records they grow; the records name their stream by its place in that
 * list and their place behind its old version. Bodies come as one value and are cut out of it, because an
 * array of binary values would travel as text. Claims name how many of the batch's records stand before
 * them in the log.
 *
 * The lock on `head` comes first: every later statement of the function takes a new snapshot (READ
 * COMMITTED) and so sees all that was committed by those who held the lock before.
 */
export const appendFunction = `
CREATE FUNCTION %S.append_batch(
  names text[], bases bigint[], growths bigint[],
  record_streams integer[], record_offsets bigint[], record_schemas integer[],
  body_starts integer[], body_lengths integer[], bodies bytea,
  claim_keys text[], claim_expiries bigint[], claim_places bigint[],
  note_starts integer[], note_lengths integer[], notes bytea,
  at bigint, channel text,
  OUT appended boolean, OUT head_before bigint, OUT stamped bigint, OUT versions bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
  grown bigint;
BEGIN
  SELECT position, recorded_at INTO head_before, stamped FROM %S.head FOR UPDATE;
  stamped := greatest(stamped, at);

  SELECT array_agg(coalesce(s.version, 0) ORDER BY n.place), array_agg(s.id ORDER BY n.place)
    INTO versions, ids
    FROM unnest(names) WITH ORDINALITY n (name, place)
    LEFT JOIN %S.streams s ON s.name = n.name;

  appended := NOT EXISTS (
      SELECT FROM unnest(bases, versions) v (base, version) WHERE base <> version
    ) AND NOT EXISTS (
      SELECT FROM %S.claims
      WHERE key = ANY (claim_keys) AND (expires_at IS NULL OR expires_at > at)
    );
  IF NOT appended THEN RETURN; END IF;

  IF array_position(ids, NULL) IS NOT NULL THEN
    INSERT INTO %S.streams (name, version)
      SELECT name, 0 FROM unnest(names, ids, growths) n (name, id, growth)
      WHERE id IS NULL AND growth > 0;
    SELECT array_agg(coalesce(s.id, 0) ORDER BY n.place) INTO ids
      FROM unnest(names) WITH ORDINALITY n (name, place)
      LEFT JOIN %S.streams s ON s.name = n.name;
  END IF;

  UPDATE %S.streams s SET version = s.version + g.growth
    FROM unnest(ids, growths) g (id, growth)
    WHERE s.id = g.id AND g.growth > 0;

  INSERT INTO %S.events (position, stream, version, recorded_at, schema, body)
    SELECT head_before + place, ids[stream], versions[stream] + behind, stamped, schema,
      substring(bodies FROM body_start FOR body_length)
    FROM unnest(record_streams, record_offsets, record_schemas, body_starts, body_lengths)
      WITH ORDINALITY r (stream, behind, schema, body_start, body_length, place);
  GET DIAGNOSTICS grown = ROW_COUNT;

  INSERT INTO %S.schema_ranges (schema, first, last)
    SELECT schema, head_before + min(place), head_before + max(place)
    FROM unnest(record_schemas) WITH ORDINALITY r (schema, place) GROUP BY schema;

  INSERT INTO %S.claims (key, note, expires_at, position)
    SELECT key, substring(notes FROM note_start FOR note_length), expiry, head_before + before
    FROM unnest(claim_keys, claim_expiries, claim_places, note_starts, note_lengths)
      c (key, expiry, before, note_start, note_length)
    ON CONFLICT (key) DO UPDATE
      SET note = excluded.note, expires_at = excluded.expires_at, position = excluded.position;

  IF grown > 0 THEN
    UPDATE %S.head SET position = head_before + grown, recorded_at = stamped;
    PERFORM pg_notify(channel, '');
  END IF;
END $$;
`;
