import {
  StorageFailure,
  type EventStorage,
  type LogPage,
  type StoredRecord,
} from '../storage/storage.ts';
import { hashBytes, leafHash, sameHash } from './hashing.ts';
import { createLeafWriter } from './leaf.ts';
import type { SchemaNames } from './schema-names.ts';
import { RecordAltered, type SealedEntry } from './sealed-log.ts';
import type { VerifiedTree } from './verified-tree.ts';

/**
 * Reads the entries behind a position up to, and with, another, and holds each against its leaf in the
 * tree. Rejects with a RecordAltered at the first that is not as it was sealed.
 */
export async function readSealedEntries(
  storage: Pick<EventStorage, 'readAll'>,
  schemas: SchemaNames,
  tree: VerifiedTree,
  after: number,
  upTo: number,
): Promise<readonly SealedEntry[]> {
  const { records, missing } = await readAsFarAsCan(storage, after, upTo);
  await schemas.refresh();
  const hashes = await tree.leafHashes(Math.max(0, after - 1), upTo);
  let previousHash = after === 0 ? noHash : (hashes[0] ?? noHash);
  const first = after === 0 ? 0 : 1;
  const writer = createLeafWriter();
  const entries = records.map((record, index) => {
    const schema = schemas.find(record.schema);
    if (schema === undefined) throw new RecordAltered(record.position, 'its schema is not known');
    const leaf = writer.leaf(record, schema, previousHash);
    const sealed = hashes[first + index] ?? noHash;
    if (!sameHash(leafHash(leaf), sealed)) {
      throw new RecordAltered(record.position, 'it is not what was sealed');
    }
    const { type, version: schemaVersion, avro } = schema;
    const entry = { record, type, schemaVersion, avro, leaf, leafHash: sealed, previousHash };
    previousHash = sealed;
    return entry;
  });
  // Those before a gap were right, or the first that was not has been named.
  if (missing !== undefined) throw missing;
  return entries;
}

/** All records of a stretch, or those before the first that is not to be had. */
async function readAsFarAsCan(
  storage: Pick<EventStorage, 'readAll'>,
  after: number,
  upTo: number,
): Promise<{ records: readonly StoredRecord[]; missing: RecordAltered | undefined }> {
  const records: StoredRecord[] = [];
  try {
    while (after + records.length < upTo) {
      records.push(...(await readRecords(storage, after + records.length, upTo)));
    }
    return { records, missing: undefined };
  } catch (failure) {
    if (!(failure instanceof RecordAltered)) throw failure;
    return { records, missing: failure };
  }
}

/**
 * The records behind a position, at most up to another: fewer when one is missing or can't be read. Rejects
 * with a RecordAltered when that is the first.
 */
export async function readRecords(
  storage: Pick<EventStorage, 'readAll'>,
  after: number,
  upTo: number,
): Promise<readonly StoredRecord[]> {
  let page: LogPage;
  try {
    page = await storage.readAll({ after, limit: upTo - after });
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    if (upTo > after + 1) return readRecords(storage, after, Math.floor((after + 1 + upTo) / 2));
    throw new RecordAltered(after + 1, `it can't be read (${String(failure)})`);
  }
  const { records } = page;
  const gap = records.findIndex(({ position }, index) => position !== after + 1 + index);
  const whole = gap < 0 ? records : records.slice(0, gap);
  if (whole.length === 0) throw new RecordAltered(after + 1, 'it is missing');
  return whole;
}

/** SQLite's result codes for a file that is damaged, and for one that is none of its own. */
const damageCodes: ReadonlySet<number> = new Set([11, 26]);

/** Whether a read failed because of what is stored, and would fail again. */
function isDamage(failure: unknown): boolean {
  if (failure instanceof StorageFailure) return failure.final;
  if (!(failure instanceof Error)) return false;
  return !('errcode' in failure) || damageCodes.has(Number(failure.errcode) & 0xff);
}

const noHash = Buffer.alloc(hashBytes);
