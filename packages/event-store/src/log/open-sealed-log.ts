import type { EventStorage } from '../storage/storage.ts';
import { checkpointText, openCheckpoint } from './checkpoint.ts';
import { readSealedEntries } from './entry-check.ts';
import { NoteRefused, parseVerifierKey, type NoteSigner } from './note.ts';
import { readSchemaNames } from './schema-names.ts';
import { NotSealedYet, RecordAltered, type SealedLog, type SealedUpTo } from './sealed-log.ts';
import { tlogProof } from './tlog-proof.ts';
import type { Seal, TreeStore } from './tree-store.ts';
import { consistencyRanges, inclusionRanges } from './tree.ts';
import { createKnownTiles, openVerifiedTree, type VerifiedTree } from './verified-tree.ts';

export interface SealedLogOptions {
  readonly storage: Pick<EventStorage, 'readAll' | 'schemas'>;
  readonly tree: Pick<TreeStore, 'lastSeal' | 'readTiles'>;
  /** The log's name. */
  readonly origin: string;
  /** Of the newest key. */
  readonly signer: NoteSigner;
  /** Verifier keys, that of the signer among them, the newest first. */
  readonly publicKeys: readonly string[];
  /** How long, in milliseconds, to wait for a seal that is asked for. */
  readonly waitMsMax?: number | undefined;
}

/** A sealed log in the process that sees its seals made. */
export interface OpenSealedLog extends SealedLog {
  /** Told of a seal by whoever made it; without, the store is looked at when more is asked for. */
  sealed(seal: Seal): void;
}

// For when nobody tells of seals: another process makes them.
const lookEveryMs = 50;

/** Reads what is sealed. Rejects with a StorageFailure. */
export async function openSealedLog(options: SealedLogOptions): Promise<OpenSealedLog> {
  const { storage, tree: store, origin, signer, publicKeys, waitMsMax = 5_000 } = options;
  const verifiers = publicKeys.map(parseVerifierKey);
  const schemas = await readSchemaNames(storage);
  const known = createKnownTiles();
  let newest = await store.lastSeal();
  let opened: { readonly note: string; readonly tree: Promise<VerifiedTree> } | undefined;

  const sealed = (seal: Seal): void => {
    if (seal.size > (newest?.size ?? 0)) newest = seal;
  };

  const openTree = async ({ note, size }: Seal): Promise<VerifiedTree> => {
    try {
      const checkpoint = openCheckpoint(note, origin, verifiers);
      if (checkpoint.size !== size) throw new NoteRefused('it is of another size');
      return await openVerifiedTree(store, known, size, checkpoint.root);
    } catch (cause) {
      if (!(cause instanceof NoteRefused)) throw cause;
      throw new RecordAltered(
        size,
        `the checkpoint kept over it can't be relied on: ${cause.message}`,
      );
    }
  };

  /** The tree of the newest seal, once it has at least this size. */
  const treeOf = async (minSize: number): Promise<{ seal: Seal; tree: VerifiedTree }> => {
    const until = Date.now() + waitMsMax;
    for (;;) {
      const seal = newest;
      if (seal !== undefined && seal.size >= minSize) {
        const { note } = seal;
        opened = opened?.note === note ? opened : { note, tree: openTree(seal) };
        try {
          return { seal, tree: await opened.tree };
        } catch (cause) {
          // The store may be read the next time.
          opened = undefined;
          throw cause;
        }
      }
      const now = await store.lastSeal();
      if (now !== undefined) sealed(now);
      if ((newest?.size ?? 0) >= Math.max(1, minSize)) continue;
      if (Date.now() >= until) throw notYet(minSize, newest);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  };

  /** The tree that has this size behind it already; what lies beyond is not waited for. */
  const treeWith = async (size: number): Promise<{ seal: Seal; tree: VerifiedTree }> => {
    if (size > (newest?.size ?? 0)) {
      const now = await store.lastSeal();
      if (now !== undefined) sealed(now);
      if (size > (newest?.size ?? 0)) throw notYet(size, newest);
    }
    return treeOf(1);
  };

  const noteOf = async (size: number, { seal, tree }: { seal: Seal; tree: VerifiedTree }) =>
    // Ed25519 gives one text one signature: whoever was handed this checkpoint before gets it again.
    size === seal.size
      ? seal.note
      : signer.sign(checkpointText({ origin, size, root: await tree.rootAt(size) }));

  return {
    origin,
    sealed,
    sealedUpTo: (): SealedUpTo => ({ size: newest?.size ?? 0, note: newest?.note }),
    checkpoint: async (minSize = 0) => (await treeOf(Math.max(1, minSize))).seal.note,
    proof: async (position, wanted) => {
      const current = await treeWith(Math.max(position, wanted ?? 1));
      const size = wanted ?? current.seal.size;
      if (position < 1 || position > size) throw notYet(position, newest);
      const { tree } = current;
      const [entry] = await readSealedEntries(storage, schemas, tree, position - 1, position);
      if (entry === undefined) throw new RecordAltered(position, 'it is missing');
      const hashes = await tree.rangeHashes(inclusionRanges(position - 1, size));
      const checkpoint = await noteOf(size, current);
      const text = tlogProof(position - 1, hashes, checkpoint);
      return { position, size, leaf: entry.leaf, hashes, checkpoint, text };
    },
    consistency: async (from, to) => {
      if (from < 1 || from > to) throw new RangeError(`no tree of ${from} grows to one of ${to}`);
      const { tree } = await treeWith(to);
      return tree.rangeHashes(consistencyRanges(from, to));
    },
    frontier: async (size) => (await treeWith(size)).tree.frontier(size),
    entries: async (after, limit) => {
      const now = await store.lastSeal();
      if (now !== undefined) sealed(now);
      if (newest === undefined || after >= newest.size || limit < 1) return [];
      const { tree } = await treeOf(1);
      const upTo = Math.min(after + limit, tree.size);
      return readSealedEntries(storage, schemas, tree, after, upTo);
    },
    publicKeys: () => publicKeys,
    signNote: async (text) => signer.sign(text),
  };
}

function notYet(size: number, newest: Seal | undefined): NotSealedYet {
  return new NotSealedYet(
    `${size} entries are not sealed yet, but ${newest?.size ?? 0}: ask again`,
  );
}
