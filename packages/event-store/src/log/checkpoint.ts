import { hashBytes } from './hashing.ts';
import { decodeBase64, NoteRefused, openNote, type NoteVerifier } from './note.ts';

/** Says that the tree of a size has a root (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** The log's name. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Throws a NoteRefused when the text is no checkpoint, or of more entries than can be counted here. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', digits = '', encoded = '', ...more] = text.split('\n');
  const root = decodeBase64(encoded);
  // Extension lines may follow, none of them empty; the last line ends with a newline.
  if (origin === '' || more.pop() !== '' || more.includes('')) {
    throw new NoteRefused('a note is not a checkpoint');
  }
  if (!/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(Number(digits))) {
    throw new NoteRefused('a checkpoint has no size');
  }
  if (root?.length !== hashBytes) throw new NoteRefused('a checkpoint has no root');
  return { origin, size: Number(digits), root };
}

/** What a signed checkpoint says. Throws a NoteRefused, also when it is another log's. */
export function openCheckpoint(
  note: string,
  origin: string,
  verifiers: readonly NoteVerifier[],
): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifiers));
  if (checkpoint.origin === origin) return checkpoint;
  throw new NoteRefused(`a checkpoint is of the log ${checkpoint.origin}, not of ${origin}`);
}
