import type { Pool, QueryArrayResult, QueryResult } from 'pg';
import { resultTypes } from './result-types.ts';

/** Queries on any connection of a pool; the server plans each once a connection. */
export interface NamedQueries {
  rows<Row>(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]>;
  /** Rows as arrays of their columns, which is quicker for many. */
  arrays<Row>(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]>;
}

export function createNamedQueries(pool: Pool, schema: string): NamedQueries {
  const named = (name: string, text: string, values: readonly unknown[]) => ({
    name: `${schema} ${name}`,
    text,
    values: [...values],
    types: resultTypes,
  });
  return {
    rows: async <Row>(name: string, text: string, values: readonly unknown[]) => {
      const result: QueryResult = await pool.query(named(name, text, values));
      return result.rows as Row[];
    },
    arrays: async <Row>(name: string, text: string, values: readonly unknown[]) => {
      const query = { ...named(name, text, values), rowMode: 'array' as const };
      const result: QueryArrayResult = await pool.query(query);
      return result.rows as Row[];
    },
  };
}
