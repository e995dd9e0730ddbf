import type { Pool } from 'pg';

/**
 * Makes partitions until `up_to` has one, and answers the position at which the last one ends. Each gets
 * its indexes and its own trigger first, as a statement aimed at a partition does not fire those of the
 * parent, and is attached then: attaching an empty table keeps no reader or writer waiting, which creating
 * it in place would. Its index by position only ever grows at its end, so its pages are filled up.
 */
export const partitionFunction = `
CREATE FUNCTION %S.make_partitions(up_to bigint, size bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('%S.make_partitions'));
  LOOP
    SELECT coalesce(max(split_part(relname, '_', 2)::bigint), 0) INTO made
      FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = '%S.events'::regclass;
    IF made > up_to THEN RETURN made; END IF;
    partition := format('%S.events_%s', made + size);
    EXECUTE format('CREATE TABLE %s (LIKE %S.events,
      PRIMARY KEY (position) WITH (fillfactor = 100), UNIQUE (stream, version))', partition);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
      FOR EACH STATEMENT EXECUTE FUNCTION %S.refuse_change()', partition);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', partition);
    EXECUTE format('ALTER TABLE %S.events ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)',
      partition, made, made + size);
  END LOOP;
END $$;
`;

/** Keeps room for what is appended. */
export interface Partitions {
  /** Makes room for a batch of `count` records at the head; rejects when that fails. */
  makeRoom(count: number): Promise<void>;
  /** To be told of the head: makes the next partition in the background when it comes near the end. */
  advance(position: number): void;
  /** Resolves when nothing is under way in the background. */
  settle(): Promise<void>;
}

export function createPartitions(pool: Pool, schema: string, size: number): Partitions {
  let madeTo = 0;
  let making: Promise<void> | undefined;

  const makeUpTo = async (position: number): Promise<void> => {
    const { rows } = await pool.query<{ made: string }>(
      `SELECT ${schema}.make_partitions($1, $2) AS made`,
      [position, size],
    );
    madeTo = Math.max(madeTo, Number(rows[0]?.made));
  };

  return {
    makeRoom: async (count) => {
      const { rows } = await pool.query<{ position: string }>(
        `SELECT position FROM ${schema}.head`,
      );
      await makeUpTo(Number(rows[0]?.position) + count);
    },
    advance: (position) => {
      if (position < madeTo - size / 2) return;
      making ??= makeUpTo(Math.max(position, madeTo))
        // The next append tries again, and `makeRoom` has the last word.
        .catch(() => undefined)
        .finally(() => {
          making = undefined;
        });
    },
    settle: async () => making,
  };
}
