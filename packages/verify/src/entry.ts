import { fromBase64 } from './base64.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { readLeaf, type Leaf } from './leaf.ts';
import { Problem } from './problem.ts';
import { requireInclusion } from './proofs.ts';
import { parseTlogProof } from './tlog-proof.ts';
import { leafHashOf } from './tree.ts';
import { openNote, type Trust } from './trust.ts';

/** An entry that was shown to be in the log. */
export interface VerifiedEntry {
  readonly leaf: Leaf;
  readonly checkpoint: SignedCheckpoint;
}

/**
 * Verifies an entry with its proof, as `GET /api/v1/audit/entries/{position}/proof` answers it. Throws a
 * Problem when it does not hold.
 */
export async function verifyEntry(text: string, open: OpenCheckpoint): Promise<VerifiedEntry> {
  const { position, leaf: encoded, proof } = parseEntry(text);
  const bytes = fromBase64(encoded);
  if (bytes === undefined) throw malformed('its leaf is not in base64');
  const leaf = readLeaf(bytes);
  if (position !== undefined && BigInt(position) !== leaf.position) {
    throw new Problem(
      'POSITION_WRONG',
      `it says that it is entry ${position}, and its leaf is that of entry ${leaf.position}`,
    );
  }
  const { index, checkpoint } = await verifyTlogProof(proof, bytes, open);
  if (index + 1n !== leaf.position) {
    throw new Problem(
      'POSITION_WRONG',
      `the proof is of leaf ${index}, where entry ${index + 1n} is, and the leaf of entry ${leaf.position}`,
    );
  }
  return { leaf, checkpoint };
}

/** Verifies that a leaf of whatever bytes is in the tree that a proof leads to; answers its index. */
export async function verifyTlogProof(
  text: string,
  leaf: Uint8Array,
  open: OpenCheckpoint,
): Promise<{ readonly index: bigint; readonly checkpoint: SignedCheckpoint }> {
  const { index, hashes, checkpoint: note } = parseTlogProof(text);
  const checkpoint = await open(note);
  const { size, root } = checkpoint;
  requireInclusion({ index, size, leafHash: leafHashOf(leaf), root }, hashes);
  return { index, checkpoint };
}

/** Reads a checkpoint from its note, having verified its signature. */
export type OpenCheckpoint = (note: string) => Promise<SignedCheckpoint>;

/** Notes that come again and again are verified once. Without a key, no signature is looked at. */
export function checkpointOpener({ keys }: Pick<Trust, 'keys'>): OpenCheckpoint {
  let known: { readonly note: string; readonly checkpoint: SignedCheckpoint } | undefined;
  return async (note) => {
    if (known?.note !== note) known = { note, checkpoint: await openNote(note, keys) };
    return known.checkpoint;
  };
}

interface EntryText {
  readonly format: string;
  readonly leaf: string;
  readonly proof: string;
  readonly position?: number;
}

const members = new Set(['format', 'leaf', 'position', 'proof']);

function parseEntry(text: string): EntryText {
  let parsed: Partial<EntryText> | null;
  try {
    parsed = JSON.parse(text) as Partial<EntryText> | null;
  } catch {
    throw malformed('it is no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw malformed('it is no JSON object');
  const unknown = Object.keys(parsed).find((name) => !members.has(name));
  if (unknown !== undefined) throw malformed(`it has a member "${unknown}"`);
  const { format, leaf, proof, position } = parsed;
  if (format !== 'counterfoil-entry/1') throw malformed('its format is not "counterfoil-entry/1"');
  if (typeof leaf !== 'string' || typeof proof !== 'string') {
    throw malformed('it has no leaf, or no proof');
  }
  if (position !== undefined && !Number.isSafeInteger(position)) {
    throw malformed('its position is no whole number');
  }
  return parsed as EntryText;
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `this is no entry with its proof: ${why}`);
}
