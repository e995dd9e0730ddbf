import { sql, type RawBuilder } from 'kysely';
import { identifier, identifiers } from './identifier.ts';
import type { Connection, Engine, RowTable } from './read-models.ts';
import type { TableShape } from './shape.ts';

/** Creates the table of a generation, with its indexes. */
export async function createTable(
  { kysely }: Pick<Connection, 'kysely'>,
  engine: Engine,
  table: RowTable,
): Promise<void> {
  await tableText('create table', engine, table).execute(kysely);
  for (const [number, index] of table.shape.indexes.entries()) {
    const columns = identifiers(index.map((name) => ({ name })));
    const name = identifier(`${table.tableName}__i${number + 1}`);
    await sql
      .raw(`create index ${name} on ${identifier(table.tableName)} (${columns})`)
      .execute(kysely);
  }
}

/** Creates a table that only this connection sees, and that ends with it at the latest; no indexes. */
export async function createTemporaryTable(
  { kysely }: Pick<Connection, 'kysely'>,
  engine: Engine,
  table: RowTable,
): Promise<void> {
  await tableText('create temporary table', engine, table).execute(kysely);
}

export async function dropTable(
  { kysely }: Pick<Connection, 'kysely'>,
  tableName: string,
): Promise<void> {
  await sql.raw(`drop table if exists ${identifier(tableName)}`).execute(kysely);
}

function tableText(
  create: string,
  engine: Engine,
  { tableName, shape }: RowTable,
): RawBuilder<unknown> {
  const key = new Set(shape.key);
  const columns = shape.columns.map((column) =>
    [identifier(column.name), engine.columnTypes[column.type], key.has(column) ? 'not null' : '']
      .join(' ')
      .trimEnd(),
  );
  const primaryKey = `primary key (${identifiers(shape.key)})`;
  return sql.raw(
    `${create} ${identifier(tableName)} (${[...columns, primaryKey].join(', ')}) ${engine.tableOptions}`,
  );
}

/**
 * Points the view of a projection at a table, inside the caller's transaction, so that no query ever finds
 * none or two. `before` is the layout of the table that the view showed until now.
 */
export async function pointView(
  { kysely }: Pick<Connection, 'kysely'>,
  engine: Engine,
  table: RowTable,
  before: string | undefined,
): Promise<void> {
  const view = identifier(table.shape.name);
  const shown = `select ${identifiers(table.shape.columns)} from ${identifier(table.tableName)}`;
  if (engine.name === 'postgres' && before === table.shape.fingerprint) {
    // Replaced in place, the view keeps its grants and whatever else was built upon it.
    await sql.raw(`create or replace view ${view} as ${shown}`).execute(kysely);
    return;
  }
  await sql.raw(`drop view if exists ${view}`).execute(kysely);
  await sql.raw(`create view ${view} as ${shown}`).execute(kysely);
}

/** The name of the table that a generation is folded into. */
export function tableNameOf(shape: TableShape, generation: number): string {
  return `${shape.name}__v${shape.version}_${generation}`;
}
