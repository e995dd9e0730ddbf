import type { EventStorage } from '../storage/storage.ts';
import { checkpointText, openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { readRecords, readSealedEntries } from './entry-check.ts';
import { resumeTree, type GrowingTree } from './growing-tree.ts';
import { sameHash } from './hashing.ts';
import { createLeafWriter, type LeafWriter } from './leaf.ts';
import { NoteRefused, parseVerifierKey, type NoteSigner, type NoteVerifier } from './note.ts';
import { readSchemaNames, type SchemaNames } from './schema-names.ts';
import { RecordAltered } from './sealed-log.ts';
import { tileWidth } from './tiles.ts';
import type { Seal, TreeStore } from './tree-store.ts';
import { createKnownTiles, openVerifiedTree } from './verified-tree.ts';

/** Seals a log step by step, when asked to. */
export interface Sealing {
  readonly size: number;
  /**
   * Signs over what was appended since, at most so many entries at once: undefined when there is nothing.
   * What it rejects with ends this sealing: begin another. A SealingRefused says that none may.
   */
  next(): Promise<Seal | undefined>;
}

export interface SealingOptions {
  readonly storage: Pick<EventStorage, 'readAll' | 'schemas' | 'head'>;
  readonly tree: TreeStore;
  /** The log's name. */
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Verifier keys, that of the signer among them. */
  readonly publicKeys: readonly string[];
  /** The newest checkpoint that is kept elsewhere, which the log has to extend. */
  readonly kept?: string | undefined;
  readonly entriesMax?: number | undefined;
}

/**
 * The log is not one that extends what was signed before: it was rolled back, or changed. Signing over it
 * would say otherwise, so nothing is signed until an operator has found out.
 */
export class SealingRefused extends Error {
  override readonly name = 'SealingRefused';
  /** Of the first entry that is not as it was, so far as it can be told. */
  readonly position: number;

  constructor(position: number, what: string) {
    super(`the log is not sealed on from entry ${position}: ${what}`);
    this.position = position;
  }
}

/** Another process seals the log. */
export class SealedByAnother extends Error {
  override readonly name = 'SealedByAnother';
}

/** Entries that are read at once: the thread is not held for longer than these take. */
const pageEntries = 1_024;

/**
 * Goes on from the last seal. Rejects with a SealingRefused unless the log extends it, and the checkpoint
 * that is kept elsewhere.
 */
export async function resumeSealing(options: SealingOptions): Promise<Sealing> {
  const { storage, tree: store, origin, signer, entriesMax = 16_384 } = options;
  const verifiers = options.publicKeys.map(parseVerifierKey);
  const schemas = await readSchemaNames(storage);
  const writer = createLeafWriter();
  const last = await store.lastSeal();
  await checkExtends(options, schemas, verifiers, last);
  const tree = await resumeTree(store, last?.size ?? 0);

  return {
    get size() {
      return tree.size();
    },
    next: async () => {
      const from = tree.size();
      const { position } = await storage.head();
      if (position < from) throw rolledBack(position, from);
      if (position === from) return undefined;
      const size = Math.min(position, from + entriesMax);
      await grow({ storage, schemas, writer, tree }, size);
      const note = signer.sign(checkpointText({ origin, size, root: tree.root() }));
      const written = await store.write({ from, size, note, tiles: tree.takeGrown() });
      if (written) return { size, note };
      throw new SealedByAnother('another process has sealed the log meanwhile');
    },
  };
}

interface Growth {
  readonly storage: Pick<EventStorage, 'readAll'>;
  readonly schemas: SchemaNames;
  readonly writer: LeafWriter;
  readonly tree: GrowingTree;
}

/** Adds the stored entries up to a position to the tree. */
async function grow({ storage, schemas, writer, tree }: Growth, upTo: number): Promise<void> {
  while (tree.size() < upTo) {
    const after = tree.size();
    for (const record of await readRecords(storage, after, Math.min(upTo, after + pageEntries))) {
      let schema = schemas.find(record.schema);
      if (schema === undefined) {
        await schemas.refresh();
        schema = schemas.find(record.schema);
      }
      if (schema === undefined) {
        throw new SealingRefused(record.position, 'its schema is not known');
      }
      tree.append(writer.hash(record, schema, tree.last));
    }
  }
}

async function checkExtends(
  { storage, tree: store, origin, kept }: SealingOptions,
  schemas: SchemaNames,
  verifiers: readonly NoteVerifier[],
  last: Seal | undefined,
): Promise<void> {
  const sealed = last && opened(last.note, origin, verifiers, last.size);
  const elsewhere = kept === undefined ? undefined : opened(kept, origin, verifiers);
  const { position } = await storage.head();
  const signed = Math.max(sealed?.size ?? 0, elsewhere?.size ?? 0);
  if (position < signed) throw rolledBack(position, signed);
  try {
    if (sealed !== undefined) await checkSealed({ storage, schemas, store, sealed, elsewhere });
  } catch (cause) {
    if (!(cause instanceof RecordAltered)) throw cause;
    throw new SealingRefused(cause.position, cause.message);
  }
  if (elsewhere !== undefined && elsewhere.size > (sealed?.size ?? 0)) {
    // The tree was set back, or lost with the power. What the log says now has to lead to the same root.
    const tree = await resumeTree(store, sealed?.size ?? 0);
    const writer = createLeafWriter();
    while (tree.size() < elsewhere.size) {
      const upTo = Math.min(elsewhere.size, tree.size() + pageEntries);
      await grow({ storage, schemas, writer, tree }, upTo);
      tree.takeGrown();
    }
    if (!sameHash(tree.root(), elsewhere.root)) throw otherThanKept(elsewhere, sealed?.size ?? 0);
  }
}

interface SealedState {
  readonly storage: Pick<EventStorage, 'readAll'>;
  readonly schemas: SchemaNames;
  readonly store: TreeStore;
  readonly sealed: Checkpoint;
  readonly elsewhere: Checkpoint | undefined;
}

async function checkSealed(state: SealedState): Promise<void> {
  const { storage, schemas, store, sealed, elsewhere } = state;
  const { size, root } = sealed;
  const tree = await openVerifiedTree(store, createKnownTiles(), size, root);
  await readSealedEntries(storage, schemas, tree, Math.max(0, size - tileWidth), size);
  if (elsewhere === undefined || elsewhere.size > size) return;
  if (!sameHash(await tree.rootAt(elsewhere.size), elsewhere.root)) {
    throw otherThanKept(elsewhere, 0);
  }
}

function opened(
  note: string,
  origin: string,
  verifiers: readonly NoteVerifier[],
  size?: number,
): Checkpoint {
  try {
    const checkpoint = openCheckpoint(note, origin, verifiers);
    if (size === undefined || checkpoint.size === size) return checkpoint;
    throw new NoteRefused('it is of another size than the tree');
  } catch (cause) {
    if (!(cause instanceof NoteRefused)) throw cause;
    throw new SealingRefused(size ?? 1, `the last checkpoint can't be relied on: ${cause.message}`);
  }
}

function rolledBack(position: number, signed: number): SealingRefused {
  return new SealingRefused(
    position + 1,
    `the log ends at ${position}, and ${signed} entries were sealed: it was rolled back`,
  );
}

function otherThanKept({ size }: Checkpoint, after: number): SealingRefused {
  return new SealingRefused(
    after + 1,
    `the ${size} entries are not those that a checkpoint kept elsewhere was signed over`,
  );
}
