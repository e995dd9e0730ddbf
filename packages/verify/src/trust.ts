import { sameBytes } from './bytes.ts';
import {
  openCheckpoint,
  parseCheckpoint,
  type Checkpoint,
  type SignedCheckpoint,
} from './checkpoint.ts';
import { Problem, type Place } from './problem.ts';
import { parseNote, splitNotes } from './signed-note.ts';
import { parseVerifierKey, type VerifierKey } from './verifier-key.ts';

/** What whoever verifies knows from elsewhere. */
export interface Trust {
  /** Empty when nothing was given: then what is verified can be shown to be whole, and no more. */
  readonly keys: readonly VerifierKey[];
  /** Checkpoints that were kept, which what is verified must agree with. */
  readonly kept: readonly SignedCheckpoint[];
}

/**
 * Reads keys and notes; each text may hold several keys, one a line, or several notes. A checkpoint must
 * be signed by one of the keys, if there is any. Throws a Problem when one of them is not to be used.
 */
export async function openTrust(
  keyTexts: readonly string[],
  noteTexts: readonly string[],
): Promise<Trust> {
  const lines = keyTexts.flatMap((text) => text.split('\n')).map((line) => line.trim());
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const keys = await Promise.all(names.map(parseVerifierKey));
  const notes = noteTexts.flatMap((text) => {
    const found = splitNotes(text);
    if (found.length === 0) throw new Problem('MALFORMED', 'a file of checkpoints is empty');
    return found;
  });
  const kept = await Promise.all(notes.map((note) => openNote(note, keys)));
  return { keys, kept };
}

/** The checkpoint of a note; without a key, no signature is looked at. */
export async function openNote(
  note: string,
  keys: readonly VerifierKey[],
): Promise<SignedCheckpoint> {
  if (keys.length > 0) return openCheckpoint(note, keys);
  return { ...parseCheckpoint(parseNote(note).text), signers: [] };
}

/**
 * Holds the kept checkpoints against the one that something leads to, without the entries between. Throws
 * a Problem when one says something else, or is of another size: then it takes an export to compare them.
 */
export function requireAgreement(checkpoint: Checkpoint, kept: readonly Checkpoint[]): void {
  for (const earlier of kept) {
    requireOrigin(earlier, checkpoint.origin);
    if (earlier.size !== checkpoint.size) {
      throw new Problem(
        'NOT_COMPARABLE',
        `the checkpoint that was kept covers ${earlier.size} entries and this one ${checkpoint.size}: ` +
          'whether one grew out of the other, only an export of the entries can show',
      );
    }
    requireKeptRoot(earlier, checkpoint.root);
  }
}

export function requireOrigin(kept: Checkpoint, origin: string): void {
  if (kept.origin === origin) return;
  throw new Problem(
    'ORIGIN_DIFFERS',
    `this is of the log "${origin}", and the checkpoint that was kept of "${kept.origin}"`,
  );
}

/** Throws a Problem unless the tree of the kept checkpoint's size has its root. */
export function requireKeptRoot(kept: Checkpoint, root: Uint8Array, place: Place = {}): void {
  if (sameBytes(kept.root, root)) return;
  throw new Problem(
    'CHECKPOINT_CONTRADICTED',
    `the checkpoint that was kept says that the first ${kept.size} entries were others: ` +
      'the log was rewritten after it was signed',
    place,
  );
}
