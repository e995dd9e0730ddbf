import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { openEventStore } from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { eventTypes } from '@counterfoil/platform/src/ledger/event-types.ts';
import { systemClock } from '@counterfoil/platform/src/stores.ts';
import { bookedTrade, causeOfTrade } from '../load/trades.ts';
import type { Appender } from './appender.ts';

/**
 * The rows of the log put into SQLite by themselves, in transactions of the same size with the same
 * pragmas: no store on SQLite can be faster, whatever else it does.
 */
export async function rawSqliteAppender(file: string): Promise<Appender> {
  const body = await storedTrade();
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -131072;
    PRAGMA wal_autocheckpoint = 8000;
    CREATE TABLE events (
      position INTEGER PRIMARY KEY,
      stream INTEGER NOT NULL,
      version INTEGER NOT NULL,
      schema INTEGER NOT NULL,
      recorded_at INTEGER NOT NULL,
      body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
  `);
  const insert = database.prepare('INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?)');
  return {
    append: async (stream, version, count) => {
      const recordedAt = Date.now() * 1_000;
      database.exec('BEGIN IMMEDIATE');
      for (let index = 1; index <= count; index += 1) {
        insert.run(stream, version + index, 1, recordedAt, body);
      }
      database.exec('COMMIT');
    },
    close: async () => database.close(),
  };
}

/** The bytes that a trade takes in the log. */
async function storedTrade(): Promise<Uint8Array> {
  const storage = openMemoryStorage();
  const store = await openEventStore({ storage, eventTypes, clock: systemClock, randomBytes });
  const { body } = store.raw.encode(bookedTrade(), causeOfTrade());
  await store.close();
  return new Uint8Array(body);
}
