import { CompiledQuery, type Kysely } from 'kysely';
import type { ColumnType, Row } from '../../kernel/projection.ts';
import { identifier, identifiers } from '../identifier.ts';
import type { Key, RowStore, RowTable } from '../read-models.ts';
import type { ReadModelTables } from '../registry.ts';
import type { Column, TableShape } from '../shape.ts';

/** Rows as one array a column: one statement and one round trip for thousands of them. */
export function postgresRows(
  kysely: Kysely<ReadModelTables>,
  statementsOf: (table: RowTable) => RowStatements,
): RowStore {
  const run = async (sql: string, parameters: readonly unknown[]): Promise<Row[]> =>
    (await kysely.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))).rows;
  return {
    load: async (table, keys) =>
      keys.length === 0 ? [] : run(statementsOf(table).select, columnwise(keys, table.shape.key)),
    page: async (table, after, limit) => {
      const { first, next } = statementsOf(table);
      return run(after === undefined ? first : next, [limit, ...(after ?? [])]);
    },
    upsert: async (table, rows) => {
      if (rows.length === 0) return;
      await run(statementsOf(table).upsert, columnwise(rows, table.shape.columns));
    },
    remove: async (table, keys) => {
      if (keys.length === 0) return;
      await run(statementsOf(table).remove, columnwise(keys, table.shape.key));
    },
  };
}

function columnwise(
  rows: readonly (Key | readonly unknown[])[],
  columns: readonly Column[],
): unknown[][] {
  return columns.map((_, at) => rows.map((row) => row[at]));
}

export interface RowStatements {
  readonly select: string;
  readonly first: string;
  readonly next: string;
  readonly upsert: string;
  readonly remove: string;
}

export function rowStatements({ tableName, shape }: RowTable): RowStatements {
  const table = identifier(tableName);
  const columns = identifiers(shape.columns);
  const key = identifiers(shape.key);
  const given = `unnest(${arrays(shape.key)}) as given (${key})`;
  const matches = shape.key
    .map(({ name }) => `kept.${identifier(name)} = given.${identifier(name)}`)
    .join(' and ');
  const kept = shape.columns.map(({ name }) => `kept.${identifier(name)}`).join(', ');
  const after = shape.key.map(({ type }, at) => `$${at + 2}::${arrayTypes[type]}`).join(', ');
  return {
    select: `select ${kept} from ${given} join ${table} as kept on ${matches}`,
    first: `select ${columns} from ${table} order by ${key} limit $1`,
    next: `select ${columns} from ${table} where (${key}) > (${after}) order by ${key} limit $1`,
    upsert: upsertText(table, shape),
    remove: `delete from ${table} as kept using ${given} where ${matches}`,
  };
}

function arrays(columns: readonly Column[]): string {
  return columns.map(({ type }, at) => `$${at + 1}::${arrayTypes[type]}[]`).join(', ');
}

const arrayTypes: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  date: 'text',
  instant: 'text',
  json: 'json',
};

function upsertText(table: string, shape: TableShape): string {
  const changes = shape.columns
    .filter((column) => !shape.key.includes(column))
    .map(({ name }) => `${identifier(name)} = excluded.${identifier(name)}`);
  return [
    `insert into ${table} (${identifiers(shape.columns)})`,
    `select * from unnest(${arrays(shape.columns)})`,
    `on conflict (${identifiers(shape.key)})`,
    changes.length === 0 ? 'do nothing' : `do update set ${changes.join(', ')}`,
  ].join(' ');
}
