import { base64Length, writeBase64 } from './base64.ts';
import { sameBytes, utf8 } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { exportMalformed, type LineOf } from './export-line.ts';
import { hashIn } from './hash-text.ts';
import { createLeafWriter, type LeafWriter } from './leaf.ts';
import { Problem } from './problem.ts';
import { hashBytes, sha256 } from './sha256.ts';
import { bitsOf, growTree, leafHashOf, type GrowingTree } from './tree.ts';
import { requireKeptRoot, requireOrigin, type Trust } from './trust.ts';

/** The part of the check that goes from entry to entry. */
export interface EntryCheck {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  readonly tree: GrowingTree;
  takeSchema(line: LineOf<'schema'>): void;
  takeEntry(line: LineOf<'entry'>): void;
  /** Throws a Problem unless the last entry was there. */
  requireComplete(): void;
}

export function beginEntries(
  { origin, from, to }: LineOf<'export'>,
  frontier: LineOf<'frontier'> | undefined,
  { kept }: Trust,
): EntryCheck {
  const tree = treeBefore(from, frontier);
  const writer = createLeafWriter();
  const schemaHashes = new Map<string, Uint8Array>();
  const stated = new Uint8Array(hashBytes);
  let previousHash = frontier === undefined ? new Uint8Array(hashBytes) : hashIn(frontier.previous);
  let unusedSchema: string | undefined;

  for (const checkpoint of kept) requireWithin(checkpoint, origin, from);
  const compareWithKept = comparison(tree, kept);
  compareWithKept();

  return {
    origin,
    from,
    to,
    tree,
    takeSchema: ({ type, version, avro }) => {
      const name = schemaName(type, version);
      if (schemaHashes.has(name) || unusedSchema !== undefined) {
        throw exportMalformed(
          'a schema stands once, and right before the first entry that uses it',
        );
      }
      schemaHashes.set(name, sha256(utf8(avro)));
      unusedSchema = name;
    },
    takeEntry: (line) => {
      requireNext(line.position, tree.size + 1, to);
      const name = schemaName(line.type, line.schema_version);
      const schemaHash = schemaHashes.get(name);
      if (schemaHash === undefined) {
        throw exportMalformed(
          `the schema of ${line.type}, version ${line.schema_version}, is missing`,
        );
      }
      if (unusedSchema !== undefined && unusedSchema !== name) {
        throw exportMalformed('the schema before it is of another type');
      }
      unusedSchema = undefined;
      const leaf = leafOf(line, schemaHash, previousHash, writer);
      const leafHash = leafHashOf(leaf);
      if (!isHash(line.leaf_hash, stated) || !sameBytes(leafHash, stated)) throw altered(line);
      tree.append(leafHash);
      previousHash = leafHash;
      compareWithKept();
    },
    requireComplete: () => {
      if (unusedSchema !== undefined) throw exportMalformed('a schema stands before no entry');
      if (tree.size === to) return;
      throw new Problem(
        'POSITION_WRONG',
        `its first line says that it goes to entry ${to}, and it ends after entry ${tree.size}`,
      );
    },
  };
}

/** Compares the tree with each kept checkpoint as it comes to that's size. */
function comparison(tree: GrowingTree, kept: readonly Checkpoint[]): () => void {
  const ahead = kept
    .filter(({ size }) => size >= BigInt(tree.size))
    .toSorted((left, right) => (left.size < right.size ? -1 : 1));
  let [next] = ahead;
  return () => {
    while (next !== undefined && Number(next.size) === tree.size) {
      requireKeptRoot(next, tree.root(), { position: tree.size });
      ahead.shift();
      [next] = ahead;
    }
  };
}

/** The tree of all that comes before the first entry. */
function treeBefore(from: number, frontier: LineOf<'frontier'> | undefined): GrowingTree {
  const hashes = (frontier?.hashes ?? []).map(hashIn);
  if (hashes.length !== bitsOf(from - 1).length || (frontier !== undefined) !== from > 1) {
    throw exportMalformed(`its frontier is not that of a log with ${from - 1} entries`);
  }
  return growTree(from - 1, hashes);
}

function requireWithin(kept: Checkpoint, origin: string, from: number): void {
  requireOrigin(kept, origin);
  if (kept.size === 0n || kept.size >= BigInt(from - 1)) return;
  throw new Problem(
    'NOT_COMPARABLE',
    `the checkpoint that was kept covers ${kept.size} entries, and this export begins with entry ${from}: ` +
      'export from an earlier entry to compare them',
  );
}

function requireNext(position: number, expected: number, to: number): void {
  if (position === expected && position <= to) return;
  throw new Problem(
    'POSITION_WRONG',
    expected > to
      ? `entry ${position} comes behind the end, which is entry ${to}`
      : `entry ${expected} should be here, and entry ${position} is: entries are missing, doubled or moved`,
  );
}

function leafOf(
  line: LineOf<'entry'>,
  schemaHash: Uint8Array,
  previousHash: Uint8Array,
  writer: LeafWriter,
): Uint8Array {
  const { position, recorded_at: recordedAt, stream, version, type, body } = line;
  if (!/^(?:0|[1-9]\d{0,19})$/.test(recordedAt)) throw exportMalformed('its time is no number');
  const schemaVersion = line.schema_version;
  const entry = { position, recordedAt, stream, version, type, schemaVersion, schemaHash, body };
  const leaf = writer.leafOf(entry, previousHash);
  if (leaf === undefined)
    throw exportMalformed('its body is not in base64, or a member is too large');
  return leaf;
}

function altered({ position, type, stream }: LineOf<'entry'>): Problem {
  return new Problem(
    'ENTRY_ALTERED',
    `entry ${position} (${type} of ${stream}) is not what was sealed: it, its schema or its place was changed`,
    { position },
  );
}

/** Writes a hash's bytes into `target`; answers whether the text is one. */
function isHash(text: string, target: Uint8Array): boolean {
  return base64Length(text) === hashBytes && writeBase64(text, target, 0);
}

function schemaName(type: string, version: number): string {
  return `${version} ${type}`;
}
