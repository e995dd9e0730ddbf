import type { Pool, PoolClient } from 'pg';
import type { AvroSchema } from '../../kernel/fields.ts';
import { SchemaConflict, type RegisteredSchema, type SchemaDefinition } from '../storage.ts';
import { inTransaction } from './transaction.ts';

export async function registerSchemas(
  pool: Pool,
  schema: string,
  definitions: readonly SchemaDefinition[],
): Promise<readonly number[]> {
  return inTransaction(pool, async (client) => {
    // Against another process that registers: readers go on.
    await client.query(`LOCK TABLE ${schema}.schemas IN SHARE ROW EXCLUSIVE MODE`);
    const ids: number[] = [];
    for (const definition of definitions) {
      ids.push(
        (await knownId(client, schema, definition)) ?? (await add(client, schema, definition)),
      );
    }
    return ids;
  });
}

async function knownId(
  client: PoolClient,
  schema: string,
  { type, version, avro }: SchemaDefinition,
): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number; avro: string }>(
    `SELECT id, avro FROM ${schema}.schemas WHERE type = $1 AND version = $2`,
    [type, version],
  );
  const [known] = rows;
  if (known !== undefined && known.avro !== JSON.stringify(avro)) {
    throw new SchemaConflict(
      `${type} version ${version} was written with another schema: make it version ${version + 1}`,
    );
  }
  return known?.id;
}

async function add(
  client: PoolClient,
  schema: string,
  { type, version, avro }: SchemaDefinition,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO ${schema}.schemas (type, version, avro) VALUES ($1, $2, $3) RETURNING id`,
    [type, version, JSON.stringify(avro)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a schema was added and has no id');
  return row.id;
}

export async function allSchemas(pool: Pool, schema: string): Promise<readonly RegisteredSchema[]> {
  const { rows } = await pool.query<RegisteredSchema & { readonly avro: string }>(
    `SELECT id, type, version, avro FROM ${schema}.schemas ORDER BY id`,
  );
  return rows.map((row) => ({ ...row, avro: JSON.parse(row.avro) as AvroSchema }));
}
