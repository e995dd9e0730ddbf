import type { StreamId } from '@counterfoil/event-store';
import { startAnsweringThread } from '@counterfoil/event-store/thread';
import { KeysUnavailable } from '../failures.ts';
import type {
  KeyStore,
  LiveSubject,
  StoredSubject,
  WrappedKey,
  WrappingKey,
} from '../key-store.ts';
import { openForReading } from './key-tables.ts';
import type { KeyWrite } from './key-writer.ts';
import type { KeyWriterAnswer, KeyWriterRequest } from './key-writer.worker.ts';
import { packedKeys } from './packed-keys.ts';

interface DataKeyRow {
  readonly subject: StreamId;
  readonly key_id: Uint8Array | null;
  readonly wrapped: Uint8Array | null;
  readonly wrapped_under: string | null;
  readonly erased_at: number | null;
}

interface WrappingKeyRow {
  readonly id: string;
  readonly created_at: number;
  readonly kept: Uint8Array;
  readonly retired: number;
}

/** A store of keys in a file, made when it is missing; several processes may share it. */
export async function openSqliteKeys(file: string): Promise<KeyStore> {
  const thread = await startAnsweringThread<KeyWriterRequest, KeyWriterAnswer>({
    program: new URL('./key-writer.worker.ts', import.meta.url),
    workerData: file,
    failureOf: (cause) => new KeysUnavailable('the store of keys can not be written to', { cause }),
  });
  const database = openForReading(file);
  const wrappingKeys = database.prepare('SELECT * FROM wrapping_keys ORDER BY created_at, id');
  const columns = 'subject, key_id, wrapped, wrapped_under, erased_at';
  const named = database.prepare(`SELECT ${columns} FROM data_keys WHERE subject = ?`);
  const behind = database.prepare(
    `SELECT ${columns} FROM data_keys WHERE subject > ? ORDER BY subject LIMIT ?`,
  );
  const under = database.prepare(
    `SELECT ${columns} FROM data_keys WHERE wrapped_under = ? LIMIT ?`,
  );
  const counts = database.prepare(
    `SELECT count(*) FILTER (WHERE erased_at IS NULL) AS live, count(erased_at) AS erased
     FROM data_keys`,
  );

  const write = async (change: KeyWrite): Promise<unknown> => {
    const answer = await thread.request(change);
    if (answer.kind === 'done') return answer.result;
    throw new KeysUnavailable('the store of keys could not keep what it was given', {
      cause: answer.cause,
    });
  };

  const find = (subjects: readonly StreamId[]): ReadonlyMap<StreamId, StoredSubject> =>
    new Map(
      subjects.flatMap((subject) => {
        const row = named.get(subject) as DataKeyRow | undefined;
        return row === undefined ? [] : [[subject, storedSubject(row)]];
      }),
    );

  return {
    wrappingKeys: async () =>
      (wrappingKeys.all() as unknown as WrappingKeyRow[]).map(
        ({ id, created_at, kept, retired }): WrappingKey => ({
          id,
          createdAt: created_at,
          kept,
          retired: retired === 1,
        }),
      ),
    addWrappingKey: async (key, replacing) =>
      (await write({ kind: 'add-wrapping-key', key, replacing })) === true,
    removeWrappingKey: async (id) => {
      await write({ kind: 'remove-wrapping-key', id });
    },
    add: async (keys, wrappedUnder) => {
      const known = (await write({ kind: 'add', keys: packedKeys(keys), under: wrappedUnder })) as
        | readonly number[]
        | undefined;
      if (known === undefined) return undefined;
      const stored = keys.map(({ subject, keyId, wrapped }): StoredSubject => {
        return { kind: 'live', subject, keyId, wrapped, under: wrappedUnder };
      });
      for (const place of known) {
        const { subject } = keys[place] as WrappedKey;
        stored[place] = find([subject]).get(subject) as StoredSubject;
      }
      return stored;
    },
    find: async (subjects) => find(subjects),
    reserve: async (subject, uses) => Number(await write({ kind: 'reserve', subject, uses })),
    erase: async (subject, at) => {
      await write({ kind: 'erase', subject, at });
    },
    list: async (after, limit) =>
      (behind.all(after, limit) as unknown as DataKeyRow[]).map(storedSubject),
    listUnder: async (id, limit) =>
      (under.all(id, limit) as unknown as DataKeyRow[]).map(
        (row) => storedSubject(row) as LiveSubject,
      ),
    rewrap: async (keys, wrappedUnder) =>
      (await write({ kind: 'rewrap', keys: packedKeys(keys), under: wrappedUnder })) === true,
    claimRotation: async (holder, now, until) =>
      (await write({ kind: 'claim-rotation', holder, now, until })) === true,
    releaseRotation: async (holder) => {
      await write({ kind: 'release-rotation', holder });
    },
    count: async () => {
      const { live, erased } = counts.get() as { live: number; erased: number };
      return { live, erased };
    },
    close: async () => {
      await thread.close('close');
      database.close();
    },
  };
}

function storedSubject(row: DataKeyRow): StoredSubject {
  const { subject, key_id: keyId, wrapped, wrapped_under: under, erased_at: erasedAt } = row;
  if (keyId === null || wrapped === null || under === null) {
    return { kind: 'erased', subject, erasedAt: erasedAt ?? 0 };
  }
  return { kind: 'live', subject, keyId, wrapped, under };
}
