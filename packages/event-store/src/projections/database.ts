import {
  openPostgresReadModels,
  type PostgresReadModels,
} from './postgres/postgres-read-models.ts';
import type { ReadModelDatabase } from './read-models.ts';
import { openSqliteReadModels, type SqliteReadModels } from './sqlite/sqlite-read-models.ts';

export type ReadModelConfig =
  | ({ readonly kind: 'sqlite' } & SqliteReadModels)
  | ({ readonly kind: 'postgres' } & PostgresReadModels);

/**
 * Opens the database of the read models, creating it if need be, and brings its base tables up to date.
 * Rejects when the database can't be reached or its base tables are newer than this program.
 */
export async function openReadModels(config: ReadModelConfig): Promise<ReadModelDatabase> {
  switch (config.kind) {
    case 'sqlite':
      return openSqliteReadModels(config);
    case 'postgres':
      return openPostgresReadModels(config);
  }
}
