import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements of one connection, prepared once; the ones used longest ago make room. */
export interface Statements {
  prepare(sql: string): PreparedStatement;
}

export interface PreparedStatement {
  readonly statement: StatementSync;
  /** Whether it answers with rows. */
  readonly reads: boolean;
}

// A program has some dozens of queries; lists of parameters of every length make more of them.
const keptMax = 500;

export function statementsOf(database: DatabaseSync): Statements {
  const kept = new Map<string, PreparedStatement>();
  return {
    prepare: (sql) => {
      const known = kept.get(sql);
      if (known !== undefined) {
        // Maps keep the order of insertion: the first is the one used longest ago.
        kept.delete(sql);
        kept.set(sql, known);
        return known;
      }
      const statement = database.prepare(sql);
      const prepared = { statement, reads: statement.columns().length > 0 };
      kept.set(sql, prepared);
      for (const oldest of kept.keys()) {
        if (kept.size <= keptMax) break;
        kept.delete(oldest);
      }
      return prepared;
    },
  };
}
