import type { EventStorage } from '../storage/storage.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { readRecords } from './entry-check.ts';
import { newTree, resumeTree, type GrowingTree } from './growing-tree.ts';
import { hashBytes, sameHash } from './hashing.ts';
import { createLeafWriter } from './leaf.ts';
import { NoteRefused, parseVerifierKey } from './note.ts';
import { readSchemaNames, type EntrySchema } from './schema-names.ts';
import { RecordAltered } from './sealed-log.ts';
import { leavesPerHash, tileWidth } from './tiles.ts';
import type { TileHashes, TreeStore } from './tree-store.ts';

export interface FullCheckOptions {
  /** Opened for the check: one that has been read from may remember what was right once. */
  readonly storage: Pick<EventStorage, 'readAll' | 'schemas' | 'findContradiction'>;
  readonly tree: Pick<TreeStore, 'lastSeal' | 'readTiles'>;
  readonly origin: string;
  /** Verifier keys. */
  readonly publicKeys: readonly string[];
  /** Checkpoints that are kept elsewhere, each of which the log has to extend. */
  readonly kept?: readonly string[] | undefined;
  /** Where to begin, 1 by default: what lies before is taken from the tree, and the root shows that it fits. */
  readonly from?: number | undefined;
  /** Called now and then with the position reached. */
  readonly onProgress?: ((position: number) => void) | undefined;
  /** Ends the check early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** From and to which position the record was held against the tree, and the first fault. */
export interface CheckedRecord {
  readonly from: number;
  readonly to: number;
  readonly fault: RecordFault | undefined;
}

export interface RecordFault {
  /** Of the first entry that is not as it was sealed, so far as it can be told. */
  readonly position: number;
  readonly reason: string;
}

/**
 * Computes the whole tree anew from what is stored, and compares it hash by hash with the stored tree, and
 * its roots with what was signed; then what the storage keeps to find entries by. Rejects with a
 * StorageFailure only.
 */
export async function checkRecord(options: FullCheckOptions): Promise<CheckedRecord> {
  const { storage, tree: store, from = 1 } = options;
  const last = await store.lastSeal();
  const to = last?.size ?? 0;
  const outcome = (fault: RecordFault | undefined): CheckedRecord => ({ from, to, fault });
  try {
    const kept = readKept(options, to);
    if (last === undefined) {
      // Nothing was sealed, or the tree is gone with what it had.
      return outcome(kept.length === 0 ? undefined : faultAt(1, 'there is no tree of it'));
    }
    const signed = opened(options, last.note, to);
    await rebuild(options, from, [...kept, signed]);
    const contradiction = await storage.findContradiction?.();
    return outcome(contradiction && faultAt(contradiction.position ?? 1, contradiction.what));
  } catch (cause) {
    if (!(cause instanceof RecordAltered)) throw cause;
    const { position, message } = cause;
    return outcome({ position, reason: message });
  }
}

function faultAt(position: number, reason: string): RecordFault {
  return { position, reason: `entry ${position}: ${reason}` };
}

/** Grows the tree from the entries, and compares it at each checkpoint; these come in order of size. */
async function rebuild(
  options: FullCheckOptions,
  from: number,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  const { tree: store, signal, onProgress } = options;
  const schemas = await readSchemaNames(options.storage);
  const findSchema = (id: number): EntrySchema | undefined => schemas.find(id);
  const tree = from === 1 ? newTree() : await resumeTree(store, from - 1);
  const doubt: Doubt = { position: undefined };
  let agreed = from - 1;
  for (const checkpoint of checkpoints) {
    if (checkpoint.size < from - 1) continue;
    while (tree.size() < checkpoint.size) {
      signal?.throwIfAborted();
      // Never over the end of a tile of leaves, so that a page of records belongs to one.
      const tileEnd = tree.size() - (tree.size() % tileWidth) + tileWidth;
      const upTo = Math.min(tileEnd, checkpoint.size);
      await growAndCompare(options, { tree, findSchema, doubt }, upTo);
      if (tree.size() % (64 * tileWidth) !== 0) continue;
      onProgress?.(tree.size());
      // Reading may never wait for anything: others, and who wants to end this, have a turn.
      await new Promise(setImmediate);
    }
    const same = sameHash(tree.root(), checkpoint.root);
    if (doubt.position !== undefined) throw altered(doubt.position, same);
    if (!same) {
      throw new RecordAltered(
        agreed + 1,
        `the record up to ${checkpoint.size} is not what its checkpoint was signed over`,
      );
    }
    agreed = checkpoint.size;
  }
  onProgress?.(tree.size());
}

interface Rebuilding {
  readonly tree: GrowingTree;
  readonly findSchema: (id: number) => EntrySchema | undefined;
  readonly doubt: Doubt;
}

/**
 * An entry whose hash is not the one that the tree has. What comes next tells which was changed: as its
 * leaf has the hash before, it agrees only when that was computed from the right entry.
 */
interface Doubt {
  position: number | undefined;
}

async function growAndCompare(
  { storage, tree: store }: FullCheckOptions,
  { tree, findSchema, doubt }: Rebuilding,
  upTo: number,
): Promise<void> {
  const after = tree.size();
  const number = Math.floor(after / tileWidth);
  const [stored = new Uint8Array(0)] = await store.readTiles([{ level: 0, number }]);
  const writer = createLeafWriter();
  for (const record of await recordsOr(doubt, () => readRecords(storage, after, upTo))) {
    const schema = findSchema(record.schema);
    if (schema === undefined) {
      throw altered(doubt.position ?? record.position, false);
    }
    tree.append(writer.hash(record, schema, tree.last));
    const place = (record.position - 1) % tileWidth;
    const same = sameHash(tree.last, stored.subarray(place * hashBytes, (place + 1) * hashBytes));
    if (doubt.position !== undefined) throw altered(doubt.position, same);
    if (!same) doubt.position = record.position;
  }
  const grown = tree.takeGrown();
  if (doubt.position === undefined) await compareUpper(store, grown);
}

/** Reads on; when there is nothing to read, an entry that is in doubt comes before. */
async function recordsOr<Records>(doubt: Doubt, read: () => Promise<Records>): Promise<Records> {
  try {
    return await read();
  } catch (failure) {
    if (failure instanceof RecordAltered && doubt.position !== undefined) {
      throw altered(doubt.position, false);
    }
    throw failure;
  }
}

/** The tiles above the leaves, which have been compared one by one. */
async function compareUpper(
  store: Pick<TreeStore, 'readTiles'>,
  grown: readonly TileHashes[],
): Promise<void> {
  const upper = grown.filter(({ level }) => level > 0);
  const stored = await store.readTiles(upper);
  for (const [index, { level, number, hashes }] of upper.entries()) {
    const found = stored[index] ?? new Uint8Array(0);
    for (let at = 0; at < hashes.length; at += hashBytes) {
      const end = at + hashBytes;
      if (sameHash(hashes.subarray(at, end), found.subarray(at, end))) continue;
      const place = number * tileWidth + at / hashBytes;
      throw hashAltered(place * leavesPerHash(level) + 1);
    }
  }
}

function altered(position: number, entryIsRight: boolean): RecordAltered {
  if (entryIsRight) return hashAltered(position);
  return new RecordAltered(position, 'it is not what was sealed');
}

function hashAltered(position: number): RecordAltered {
  return new RecordAltered(
    position,
    'a hash that the tree has of it was changed; the entry is right',
  );
}

/** What is kept elsewhere and signed for this log, in order of size; what another log signed is no matter. */
function readKept(options: FullCheckOptions, sealed: number): readonly Checkpoint[] {
  const checkpoints = (options.kept ?? []).map((note) => opened(options, note));
  const beyond = checkpoints.find(({ size }) => size > sealed);
  if (beyond !== undefined) {
    throw new RecordAltered(
      sealed + 1,
      `a checkpoint kept elsewhere covers ${beyond.size} entries, and the tree has ${sealed}`,
    );
  }
  return checkpoints.toSorted((one, other) => one.size - other.size);
}

function opened({ origin, publicKeys }: FullCheckOptions, note: string, size?: number): Checkpoint {
  try {
    const checkpoint = openCheckpoint(note, origin, publicKeys.map(parseVerifierKey));
    if (size === undefined || checkpoint.size === size) return checkpoint;
    throw new NoteRefused('it is of another size than the tree');
  } catch (cause) {
    if (!(cause instanceof NoteRefused)) throw cause;
    throw new RecordAltered(size ?? 1, `its checkpoint can't be relied on: ${cause.message}`);
  }
}
