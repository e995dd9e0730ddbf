import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { DatabaseError, Pool, types } from 'pg';
import { identifier } from '../identifier.ts';
import { perTable } from '../per-table.ts';
import type { Connection, Engine, ReadModelDatabase, RowStore, Session } from '../read-models.ts';
import { migrateReadModels, type ReadModelTables } from '../registry.ts';
import { postgresRows, rowStatements } from './postgres-rows.ts';

export interface PostgresReadModels {
  readonly connectionString: string;
  /** The schema that the tables and views live in, created if need be; `public` when not given. */
  readonly schema?: string | undefined;
  /** The most connections held at once; 10 when not given. */
  readonly connectionsMax?: number | undefined;
}

export async function openPostgresReadModels(
  config: PostgresReadModels,
): Promise<ReadModelDatabase> {
  const schema = config.schema ?? 'public';
  const pool = new Pool({
    connectionString: config.connectionString,
    max: config.connectionsMax ?? 10,
    types: { getTypeParser: valueParser },
  });
  // A connection that breaks fails the query under way, and is replaced. It also says so itself, idle or
  // between the queries of a transaction; unheard, that would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const kysely = new Kysely<ReadModelTables>({
    dialect: new PostgresDialect({
      pool,
      onCreateConnection: async (connection) => {
        await connection.executeQuery(CompiledQuery.raw(settings, [identifier(schema)]));
      },
    }),
  });
  const rowsOn = rowStores();
  try {
    await migrate(kysely, schema);
  } catch (error) {
    await kysely.destroy();
    throw error;
  }
  return {
    engine: postgresEngine,
    kysely,
    transaction: (work) => writing(kysely, rowsOn, work),
    session: (work) => kysely.connection().execute((own) => work(sessionOn(own, rowsOn))),
    close: () => kysely.destroy(),
  };
}

/** While the migrator looks at what tables there are, another process may drop those of a rebuild. */
async function migrate(kysely: Kysely<ReadModelTables>, schema: string): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await migrateReadModels(kysely, schema);
    } catch (error) {
      const vanished = error instanceof Error && sqlState(error.cause) === undefinedTable;
      if (!vanished || attempts === attemptsMax) throw error;
    }
  }
}

// Each takes a few milliseconds, and somebody else's drops may be many.
const attemptsMax = 100;
const undefinedTable = '42P01';

const settings = `select set_config('search_path', $1, false)`;

const postgresEngine: Engine = {
  name: 'postgres',
  columnTypes: {
    // The collation is SQLite's: byte by byte in UTF-8. Order and indexes then agree everywhere, and dates
    // and instants sort as time does.
    text: 'text collate "C"',
    integer: 'bigint',
    decimal: 'numeric',
    date: 'text collate "C"',
    instant: 'text collate "C"',
    // Not jsonb, which changes the text: order of names, spaces, digits.
    json: 'json',
  },
  tableOptions: '',
  refusesValues: (error) => refusals.has(sqlState(error).slice(0, 2)),
  isBusy: (error) => sqlState(error) === lockNotAvailable,
  commitWithoutWaiting: async (kysely) => {
    await kysely.executeQuery(CompiledQuery.raw('set local synchronous_commit to off'));
  },
  // Whoever waits for a lock on a table makes all later queries of it wait behind: better to give up soon,
  // and come again when the long query in the way is done.
  limitWaiting: async (kysely) => {
    await kysely.executeQuery(CompiledQuery.raw(`set local lock_timeout to '500ms'`));
  },
  lockRegistry: async (kysely) => {
    await kysely.executeQuery(CompiledQuery.raw('lock table projections in exclusive mode'));
  },
  locking: (query) => query.forUpdate(),
};

// Classes of SQLSTATE: data exception, integrity violation, program limit exceeded (a key too long).
const refusals = new Set(['22', '23', '54']);
const lockNotAvailable = '55P03';

function sqlState(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

const { builtins } = types;

// Read as on SQLite.
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.INT8]: Number,
  [builtins.NUMERIC]: withoutTrailingZeros,
  [builtins.JSON]: String,
  [builtins.JSONB]: String,
};

function withoutTrailingZeros(numeric: string): string {
  return numeric.includes('.') ? numeric.replace(/\.?0+$/, '') : numeric;
}

function valueParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return (format ?? 'text') === 'text' && oid in parsers
    ? (parsers[oid] ?? String)
    : types.getTypeParser(oid, 'text');
}

type RowStores = (kysely: Kysely<ReadModelTables>) => RowStore;

function rowStores(): RowStores {
  const statementsOf = perTable(rowStatements);
  return (kysely) => postgresRows(kysely, statementsOf);
}

function sessionOn(own: Kysely<ReadModelTables>, rowsOn: RowStores): Session {
  return {
    kysely: own,
    rows: rowsOn(own),
    transaction: (work) => writing(own, rowsOn, work),
    snapshot: (work) =>
      own
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((kysely) => work({ kysely, rows: rowsOn(kysely) })),
  };
}

function writing<T>(
  on: Kysely<ReadModelTables>,
  rowsOn: RowStores,
  work: (transaction: Connection) => Promise<T>,
): Promise<T> {
  return on.transaction().execute((kysely) => work({ kysely, rows: rowsOn(kysely) }));
}
