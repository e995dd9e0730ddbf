import type { StreamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import { checkCommits } from '../commit-check.ts';
import {
  SchemaConflict,
  StorageFailure,
  type Commit,
  type EventStorage,
  type HeldClaim,
  type LogPage,
  type LogQuery,
  type RegisteredSchema,
  type Snapshot,
  type StoredRecord,
  type Verdict,
} from '../storage.ts';

/**
 * A log in the memory of the process, gone when it ends: for tests, for trying things out, and as the
 * measure of what a store costs. It keeps every promise of the port but durability.
 */
export function openMemoryStorage(): EventStorage {
  const records: StoredRecord[] = [];
  const streams = new Map<StreamId, StoredRecord[]>();
  const registered: RegisteredSchema[] = [];
  const snapshots = new Map<StreamId, Snapshot>();
  const claims = new Map<string, HeldClaim>();
  const listeners = new Set<() => void>();
  let open = true;

  const refuseWhenClosed = (): void => {
    if (!open) throw new StorageFailure('the storage is closed', { final: true });
  };

  const versionOf = (stream: StreamId): number => streams.get(stream)?.length ?? 0;

  const heldClaim = (key: string, at: Instant): HeldClaim | undefined => {
    const held = claims.get(key);
    return held?.expiresAt === undefined || held.expiresAt > at ? held : undefined;
  };

  const judge = (
    { appends, claims: wanted = [], standsOn }: Commit,
    at: Instant,
    before: readonly Verdict[],
  ): Verdict | undefined => {
    const founded = standsOn === undefined || before[standsOn]?.kind === 'appended';
    for (const { key } of wanted) {
      const held = heldClaim(key, at);
      if (held !== undefined) return { kind: 'claimed', held };
    }
    for (const { stream, expected } of appends) {
      const actual = versionOf(stream);
      const met = expected === 'any' || actual === (expected === 'none' ? 0 : expected);
      if (!founded || !met) {
        return { kind: 'conflict', stream, expected, actual };
      }
    }
    return undefined;
  };

  const write = ({ appends, claims: wanted = [] }: Commit, recordedAt: Instant): Verdict => {
    const firstPosition = records.length + 1;
    for (const { stream, records: added } of appends) {
      const own = streams.get(stream) ?? [];
      for (const { schema, body } of added) {
        const position = records.length + 1;
        const version = own.length + 1;
        const kept = { position, stream, version, schema, recordedAt, body: copyOf(body) };
        records.push(kept);
        own.push(kept);
      }
      if (own.length > 0) streams.set(stream, own);
    }
    for (const claim of wanted) {
      claims.set(claim.key, { ...claim, note: copyOf(claim.note), position: records.length });
    }
    const versions = appends.map(({ stream }) => versionOf(stream));
    const count = records.length + 1 - firstPosition;
    return { kind: 'appended', firstPosition, count, versions, recordedAt };
  };

  return {
    append: async (batch, at) => {
      refuseWhenClosed();
      checkCommits(batch);
      const last = records.at(-1)?.recordedAt ?? epoch;
      const stamp = instantFromMicroseconds(microsecondsOf(at));
      const recordedAt = stamp > last ? stamp : last;
      const verdicts: Verdict[] = [];
      for (const commit of batch) {
        verdicts.push(judge(commit, at, verdicts) ?? write(commit, recordedAt));
      }
      for (const listener of listeners) listener();
      return verdicts;
    },
    readStream: async (stream, from, limit) =>
      (streams.get(stream) ?? [])
        .slice(Math.max(0, from - 1), Math.max(0, from - 1) + limit)
        .map(handedOut),
    streamVersion: async (stream) => versionOf(stream),
    readAll: async (query) => readAll(records, query),
    head: async () => ({
      position: records.length,
      recordedAt: records.at(-1)?.recordedAt ?? epoch,
    }),
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    registerSchemas: async (schemas) => {
      const known = schemas.map((schema) =>
        registered.find(({ type, version }) => type === schema.type && version === schema.version),
      );
      for (const [index, { type, version, avro }] of schemas.entries()) {
        const before = known[index];
        if (before !== undefined && JSON.stringify(before.avro) !== JSON.stringify(avro)) {
          throw new SchemaConflict(
            `${type} version ${version} was written with another schema: make it version ${version + 1}`,
          );
        }
      }
      return schemas.map((schema, index) => {
        const before = known[index];
        if (before !== undefined) return before.id;
        return registered[registered.push({ ...schema, id: registered.length + 1 }) - 1]?.id ?? 0;
      });
    },
    schemas: async () => [...registered],
    loadSnapshot: async (stream, format) => {
      const snapshot = snapshots.get(stream);
      return snapshot?.format === format ? snapshot : undefined;
    },
    saveSnapshot: async (stream, snapshot) => {
      refuseWhenClosed();
      snapshots.set(stream, { ...snapshot, bytes: copyOf(snapshot.bytes) });
    },
    findClaim: async (key, at) => heldClaim(key, at),
    listClaims: async (after, upTo) =>
      [...claims.values()]
        .filter(({ position }) => position > after && position <= upTo)
        .toSorted((left, right) => left.position - right.position),
    close: async () => {
      open = false;
      listeners.clear();
    },
  };
}

const epoch = 0n as Instant;

/**
 * The caller's buffer is its own again once the promise settles. Not `slice`: a Buffer's shares the memory.
 */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** A record for a reader to keep: writing into its bytes must not reach the log. */
function handedOut(record: StoredRecord): StoredRecord {
  return { ...record, body: copyOf(record.body) };
}

function readAll(
  log: readonly StoredRecord[],
  { after, limit, schemas, since, until }: LogQuery,
): LogPage {
  const end = until === undefined ? log.length : countBefore(log, until);
  const start = since === undefined ? after : Math.max(after, countBefore(log, since));
  const wanted = schemas && new Set(schemas);
  const records: StoredRecord[] = [];
  let scannedTo = start;
  while (scannedTo < end && records.length < limit) {
    const record = log[scannedTo];
    scannedTo += 1;
    if (record !== undefined && (wanted === undefined || wanted.has(record.schema))) {
      records.push(handedOut(record));
    }
  }
  return { records, scannedTo: Math.max(after, scannedTo), more: scannedTo < end };
}

/** How many records are from before a moment; times never run backwards, so bisection finds it. */
function countBefore(log: readonly StoredRecord[], moment: Instant): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle]?.recordedAt ?? moment) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
