import type { DatabaseSync } from 'node:sqlite';
import { instantFromMicroseconds } from '../../kernel/instant.ts';
import { checkCommits } from '../commit-check.ts';
import {
  SchemaConflict,
  StorageFailure,
  type Commit,
  type EventStorage,
  type SchemaDefinition,
  type Verdict,
} from '../storage.ts';
import { encodeBatch, type BatchAnswer } from './batch-message.ts';
import { openReaderConnection, openWriterConnection } from './connections.ts';
import { findContradiction } from './contradictions.ts';
import { createDoorbell } from './doorbell.ts';
import { storageFailure } from './failures.ts';
import { createLogReader } from './log-reader.ts';
import { createWriter, startWriterThread } from './writer.ts';

export interface SqliteStorageOptions {
  /** The log's file; made when it is missing. SQLite keeps `-wal` and `-shm` files beside it. */
  readonly file: string;
  /** How often, in milliseconds, to look for what other processes have appended. */
  readonly pollMs?: number | undefined;
}

/**
 * A log in an SQLite file. Batches are written by a worker thread, one transaction and one fsync each,
 * and are durable when `append` resolves; reads run on the calling thread. Several processes may have the
 * file open: the version checks hold between them, as every batch is judged inside its transaction.
 *
 * Rejects with a StorageFailure when the file can't be opened, or is damaged.
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<EventStorage> {
  const { file, pollMs = 500 } = options;
  const reader = await openReader(file);
  const log = createLogReader(reader);
  const writer = createWriter(() => startWriterThread(file));
  const doorbell = createDoorbell(log.dataVersion, pollMs);
  let open = true;

  const refuseWhenClosed = (): void => {
    if (!open) throw new StorageFailure('the storage is closed', { final: true });
  };

  return {
    append: async (batch, at) => {
      refuseWhenClosed();
      checkCommits(batch);
      const bytes = encodeBatch(batch, at);
      const reply = await writer.write({ kind: 'batch', bytes }, [bytes.buffer]);
      if (reply.kind !== 'written') throw new StorageFailure('no verdicts', { final: true });
      doorbell.ring();
      return verdictsOf(batch, reply.answer);
    },
    readStream: async (stream, from, limit) => log.readStream(stream, from, limit),
    streamVersion: async (stream) => log.streamVersion(stream),
    readAll: async (query) => log.readAll(query),
    head: async () => log.head(),
    watch: doorbell.watch,
    registerSchemas: async (definitions) => {
      refuseWhenClosed();
      return registerSchemas(file, definitions);
    },
    schemas: async () => log.schemas(),
    loadSnapshot: async (stream, format) => log.loadSnapshot(stream, format),
    saveSnapshot: async (stream, snapshot) => {
      refuseWhenClosed();
      await writer.write({ kind: 'snapshot', stream, ...snapshot });
    },
    findClaim: async (key, at) => log.findClaim(key, at),
    listClaims: async (after, upTo) => log.listClaims(after, upTo),
    findContradiction: async () => findContradiction(file),
    close: async () => {
      if (!open) return;
      open = false;
      doorbell.stop();
      try {
        await writer.close();
      } finally {
        reader.close();
      }
    },
  };
}

async function openReader(file: string): Promise<DatabaseSync> {
  try {
    // The file and its tables must be there before a read-only connection can open it.
    openWriterConnection(file).close();
    return openReaderConnection(file);
  } catch (cause) {
    throw storageFailure(cause);
  }
}

function verdictsOf(batch: readonly Commit[], answer: BatchAnswer): readonly Verdict[] {
  const recordedAt = instantFromMicroseconds(answer.recordedAtMicroseconds);
  const { appended, refused } = answer;
  let at = 0;
  return batch.map((commit, index): Verdict => {
    const refusal = refused.get(index);
    if (refusal === undefined) {
      const versions = commit.appends.map((_, append) => appended[at + 2 + append] ?? 0);
      const firstPosition = appended[at] ?? 0;
      const count = appended[at + 1] ?? 0;
      at += 2 + versions.length;
      return { kind: 'appended', firstPosition, count, versions, recordedAt };
    }
    if (refusal.kind === 'claimed') return refusal;
    const append = commit.appends[refusal.append];
    if (append === undefined) throw new RangeError('a conflict in an append that was not sent');
    const { stream, expected } = append;
    return { kind: 'conflict', stream, expected, actual: refusal.actual };
  });
}

function openForWriting(file: string): DatabaseSync {
  try {
    return openWriterConnection(file);
  } catch (cause) {
    throw storageFailure(cause);
  }
}

function registerSchemas(
  file: string,
  definitions: readonly SchemaDefinition[],
): readonly number[] {
  const database = openForWriting(file);
  try {
    database.exec('BEGIN IMMEDIATE');
    const find = database.prepare('SELECT id, avro FROM schemas WHERE type = ? AND version = ?');
    const add = database.prepare('INSERT INTO schemas (type, version, avro) VALUES (?, ?, ?)');
    const ids = definitions.map(({ type, version, avro }) => {
      const text = JSON.stringify(avro);
      const known = find.get(type, version) as { id: number; avro: string } | undefined;
      if (known === undefined) return Number(add.run(type, version, text).lastInsertRowid);
      if (known.avro === text) return known.id;
      throw new SchemaConflict(
        `${type} version ${version} was written with another schema: make it version ${version + 1}`,
      );
    });
    database.exec('COMMIT');
    return ids;
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause instanceof SchemaConflict ? cause : storageFailure(cause);
  } finally {
    database.close();
  }
}
