import type { StreamId } from '@counterfoil/event-store';
import { Pool } from 'pg';
import type {
  KeyStore,
  LiveSubject,
  StoredSubject,
  WrappedKey,
  WrappingKey,
} from '../key-store.ts';
import { makeTables, schema } from './key-tables.ts';

interface DataKeyRow {
  readonly subject: StreamId;
  readonly key_id: Buffer | null;
  readonly wrapped: Buffer | null;
  readonly wrapped_under: string | null;
  readonly erased_at_ms: string | null;
}

interface WrappingKeyRow {
  readonly id: string;
  readonly created_at_ms: string;
  readonly kept: Buffer;
  readonly retired: boolean;
}

const columns = 'subject, key_id, wrapped, wrapped_under, erased_at_ms';

/** A store of keys in PostgreSQL 14 or later, made when it is missing; any number of processes may share it. */
export async function openPostgresKeys(connectionString: string): Promise<KeyStore> {
  const pool = openPool(connectionString);
  try {
    await makeTables(pool);
  } catch (cause) {
    await pool.end();
    throw cause;
  }

  const rowsOf = async <Row extends object>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> => (await pool.query<Row>(text, [...values])).rows;

  const find = async (
    subjects: readonly StreamId[],
  ): Promise<ReadonlyMap<StreamId, StoredSubject>> => {
    const rows = await rowsOf<DataKeyRow>(
      `SELECT ${columns} FROM ${schema}.data_keys WHERE subject = ANY($1)`,
      [subjects],
    );
    return new Map(rows.map((row) => [row.subject, storedSubject(row)]));
  };

  return {
    wrappingKeys: async () => {
      const rows = await rowsOf<WrappingKeyRow>(
        `SELECT * FROM ${schema}.wrapping_keys ORDER BY created_at_ms, id`,
        [],
      );
      return rows.map(({ id, created_at_ms, kept, retired }): WrappingKey => {
        return { id, createdAt: Number(created_at_ms), kept, retired };
      });
    },
    addWrappingKey: async ({ id, createdAt, kept }, replacing) => {
      const rows = await rowsOf<{ added: boolean }>(addWrappingKey, [
        replacing ?? null,
        id,
        createdAt,
        Buffer.from(kept),
      ]).catch(falseWhenAnotherWasFaster);
      return rows[0]?.added === true;
    },
    removeWrappingKey: async (id) => {
      await pool.query(`DELETE FROM ${schema}.wrapping_keys WHERE id = $1 AND retired`, [id]);
    },
    add: async (keys, under) => {
      const [answer] = await rowsOf<{ current: boolean }>(addKeys, [under, ...arraysOf(keys)]);
      if (answer?.current !== true) return undefined;
      const found = await find(keys.map(({ subject }) => subject));
      return keys.map(({ subject }) => found.get(subject) as StoredSubject);
    },
    find,
    reserve: async (subject, uses) => {
      const [row] = await rowsOf<{ uses: string }>(
        `UPDATE ${schema}.data_keys SET uses = uses + $2
         WHERE subject = $1 AND erased_at_ms IS NULL RETURNING uses`,
        [subject, uses],
      );
      return Number(row?.uses ?? 0);
    },
    erase: async (subject, at) => {
      await pool.query(eraseSubject, [subject, at]);
    },
    list: async (after, limit) => {
      const rows = await rowsOf<DataKeyRow>(
        `SELECT ${columns} FROM ${schema}.data_keys WHERE subject > $1 ORDER BY subject LIMIT $2`,
        [after, limit],
      );
      return rows.map(storedSubject);
    },
    listUnder: async (wrappingKey, limit) => {
      const rows = await rowsOf<DataKeyRow>(
        `SELECT ${columns} FROM ${schema}.data_keys WHERE wrapped_under = $1 LIMIT $2`,
        [wrappingKey, limit],
      );
      return rows.map((row) => storedSubject(row) as LiveSubject);
    },
    rewrap: async (keys, under) => {
      const [answer] = await rowsOf<{ current: boolean }>(rewrapKeys, [under, ...arraysOf(keys)]);
      return answer?.current === true;
    },
    claimRotation: async (holder, now, until) =>
      (await rowsOf(claimRotation, [holder, until, now])).length > 0,
    releaseRotation: async (holder) => {
      await pool.query(`DELETE FROM ${schema}.rotation_claim WHERE holder = $1`, [holder]);
    },
    count: async () => {
      const [row] = await rowsOf<{ live: string; erased: string }>(
        `SELECT count(*) FILTER (WHERE erased_at_ms IS NULL) AS live, count(erased_at_ms) AS erased
         FROM ${schema}.data_keys`,
        [],
      );
      return { live: Number(row?.live), erased: Number(row?.erased) };
    },
    close: () => pool.end(),
  };
}

/** The unique index lets one key be current; who comes second while another is at it finds that out last. */
function falseWhenAnotherWasFaster(cause: { readonly code?: unknown }): readonly [] {
  if (cause.code === '23505') return [];
  throw cause;
}

const addWrappingKey = `
WITH current AS (
  SELECT id FROM ${schema}.wrapping_keys WHERE NOT retired FOR UPDATE
), retired AS (
  UPDATE ${schema}.wrapping_keys SET retired = true WHERE id = $1 AND NOT retired
    AND EXISTS (SELECT FROM current WHERE id = $1)
  RETURNING id
), added AS (
  INSERT INTO ${schema}.wrapping_keys
  SELECT $2, $3, $4, false
  WHERE CASE WHEN $1::text IS NULL THEN NOT EXISTS (SELECT FROM current)
    ELSE EXISTS (SELECT FROM retired) END
  RETURNING id
)
SELECT EXISTS (SELECT FROM added) AS added`;

/** The shared lock holds off whoever would retire the wrapping key until these are under it, to be seen. */
const addKeys = `
WITH current AS (
  SELECT id FROM ${schema}.wrapping_keys WHERE id = $1 AND NOT retired FOR SHARE
), added AS (
  INSERT INTO ${schema}.data_keys
  SELECT subject, key_id, wrapped, current.id, 65536, NULL
  FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS new (subject, key_id, wrapped), current
  ORDER BY subject COLLATE "C"
  ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT FROM current) AS current`;

const eraseSubject = `
INSERT INTO ${schema}.data_keys VALUES ($1, NULL, NULL, NULL, 0, $2)
ON CONFLICT (subject) DO UPDATE SET
  key_id = NULL, wrapped = NULL, wrapped_under = NULL, uses = 0, erased_at_ms = excluded.erased_at_ms
WHERE data_keys.erased_at_ms IS NULL`;

/** With the lock of `addKeys`, for the same reason. */
const rewrapKeys = `
WITH current AS (
  SELECT id FROM ${schema}.wrapping_keys WHERE id = $1 AND NOT retired FOR SHARE
), rewrapped AS (
  UPDATE ${schema}.data_keys AS old SET wrapped = new.wrapped, wrapped_under = current.id
  FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS new (subject, key_id, wrapped), current
  WHERE old.subject = new.subject AND old.key_id = new.key_id
)
SELECT EXISTS (SELECT FROM current) AS current`;

const claimRotation = `
INSERT INTO ${schema}.rotation_claim AS claim VALUES (1, $1, $2)
ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
WHERE claim.holder = excluded.holder OR claim.until_ms <= $3
RETURNING holder`;

function arraysOf(keys: readonly WrappedKey[]): readonly unknown[] {
  return [
    keys.map(({ subject }) => subject),
    keys.map(({ keyId }) => Buffer.from(keyId)),
    keys.map(({ wrapped }) => Buffer.from(wrapped)),
  ];
}

function storedSubject(row: DataKeyRow): StoredSubject {
  const { subject, key_id: keyId, wrapped, wrapped_under: under, erased_at_ms: erasedAt } = row;
  if (keyId === null || wrapped === null || under === null) {
    return { kind: 'erased', subject, erasedAt: Number(erasedAt) };
  }
  return { kind: 'live', subject, keyId, wrapped, under };
}

const connectionsMax = 4;
const statementTimeoutMs = 20_000;

/** Connections on which a commit is on the disk before it is answered, and no wait is for ever. */
function openPool(connectionString: string): Pool {
  const settings = {
    lock_timeout: 5_000,
    statement_timeout: statementTimeoutMs,
    default_transaction_isolation: String.raw`read\ committed`,
    synchronous_commit: 'on',
    jit: 'off',
  };
  const pool = new Pool({
    connectionString,
    application_name: 'counterfoil keys',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    max: connectionsMax,
    connectionTimeoutMillis: 10_000,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
  });
  // Idle connections break when the server restarts: the pool makes new ones.
  pool.on('error', () => undefined);
  return pool;
}
