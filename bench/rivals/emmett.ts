import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite';
import { bookedTradeAsJson } from '../load/trades.ts';
import type { Appender } from './appender.ts';

/**
 * Emmett on SQLite, set to flush every commit as Counterfoil does. Its connection knows one transaction at
 * a time, and what is appended while another transaction is open becomes part of it, so callers take turns.
 */
export async function emmettSqliteAppender(fileName: string): Promise<Appender> {
  const connection = sqliteConnection({ fileName });
  await connection.batchCommand([
    'PRAGMA journal_mode = WAL',
    'PRAGMA synchronous = FULL',
    'PRAGMA cache_size = -131072',
    'PRAGMA wal_autocheckpoint = 8000',
  ]);
  const store = getSQLiteEventStore({
    fileName,
    schema: { autoMigration: 'CreateOrUpdate' },
    connectionOptions: { singleton: true, connection },
  });
  const append = appendingTo(store);
  let last: Promise<void> = Promise.resolve();
  return {
    append: (...what) => {
      last = last.then(() => append(...what));
      return last;
    },
    close: async () => {
      await last;
      connection.close();
    },
  };
}

export async function emmettPostgresAppender(connectionString: string): Promise<Appender> {
  const store = getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  return { append: appendingTo(store), close: () => store.close() };
}

/** The part that both of its stores have. */
interface EmmettStore {
  appendToStream(
    stream: string,
    events: ReturnType<typeof bookedTradeAsJson>[],
    options: { readonly expectedStreamVersion: bigint },
  ): Promise<unknown>;
}

function appendingTo(store: EmmettStore): Appender['append'] {
  const event = bookedTradeAsJson();
  return async (stream, version, count) => {
    await store.appendToStream(
      `account-${stream}`,
      Array.from({ length: count }, () => event),
      { expectedStreamVersion: BigInt(version) },
    );
  };
}
