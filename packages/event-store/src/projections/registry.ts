import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';

/** The tables of the read models' database that every program finds there. */
export interface ReadModelTables {
  readonly projections: ProjectionsTable;
}

/**
 * One row a generation: one table that a version of a projection was, or is being, folded into. What the
 * table holds and `position` change in the same transaction, always.
 */
export interface ProjectionsTable {
  name: string;
  /** 1 for the first table of a projection of this name, then one more each. */
  generation: number;
  version: number;
  table_name: string;
  /** The fingerprint of its columns, key and indexes. */
  shape: string;
  /** Every event up to here is in the table. */
  position: number;
  status: GenerationStatus;
  /** Why the fold stopped at this position, or null. */
  failure: string | null;
  /** An instant, as read models write it. */
  updated_at: string;
}

/**
 * `building` until it has caught up with the `active` one, which the view shows (one a name); `retired`
 * when another took its place and the table is still to be dropped.
 */
export type GenerationStatus = 'building' | 'active' | 'retired';

/** Brings the base tables up to date; two programs that start at once wait for each other. */
export async function migrateReadModels(
  kysely: Kysely<ReadModelTables>,
  schema: string | undefined,
): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: 'projections_migration',
    migrationLockTableName: 'projections_migration_lock',
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new Error('The base tables of the read models could not be brought up to date', {
      cause: error,
    });
  }
}

// Names sort in the order in which migrations apply; one that was released never changes.
const migrations: Readonly<Record<string, Migration>> = {
  '0001-projections': {
    up: async (kysely: Kysely<unknown>) => {
      await kysely.schema
        .createTable('projections')
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('table_name', 'text', (column) => column.notNull().unique())
        .addColumn('shape', 'text', (column) => column.notNull())
        .addColumn('position', 'bigint', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('failure', 'text')
        .addColumn('updated_at', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('projections_key', ['name', 'generation'])
        .execute();
      // The database itself holds to one table a view.
      await kysely.schema
        .createIndex('projections_active')
        .unique()
        .on('projections')
        .column('name')
        .where(sql.ref('status'), '=', 'active')
        .execute();
    },
  },
};
