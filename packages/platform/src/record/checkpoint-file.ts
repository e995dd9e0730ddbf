import { open, readFile } from 'node:fs/promises';
import { NoteRefused, parseCheckpoint, type Checkpoint } from '@counterfoil/event-store/log';

/** A file of checkpoints, one signed note behind another. */
export interface CheckpointFile {
  /** Adds a note; it is on the disk when this resolves. */
  append(note: string): Promise<void>;
  /** Every whole note about a log, in the order in which they were added. */
  notes(origin: string): Promise<readonly string[]>;
}

// Three lines, an empty one, and signatures.
const notePattern = /^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ [A-Za-z0-9+/=]+\n)+/gmu;

/** Behind a note that was cut off when the power failed, so that it is not taken for a whole one. */
const cutOffMark = ' (cut off)\n';

export function checkpointFile(file: string): CheckpointFile {
  return {
    append: async (note) => {
      const handle = await open(file, 'a+', 0o644);
      try {
        const { size } = await handle.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await handle.read(last, 0, 1, size - 1);
        const cutOff = size > 0 && last.toString() !== '\n';
        await handle.appendFile(cutOff ? cutOffMark + note : note);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
    notes: async (origin) => {
      const found = (await textOf(file)).match(notePattern) ?? [];
      return found.filter((note) => signedText(note)?.origin === origin);
    },
  };
}

/** The one with the most entries; undefined when there is none. */
export function newestNote(notes: readonly string[]): string | undefined {
  let newest: { readonly size: number; readonly note: string } | undefined;
  for (const note of notes) {
    const size = signedText(note)?.size ?? 0;
    if (newest === undefined || size > newest.size) newest = { size, note };
  }
  return newest?.note;
}

/** What a note says, whoever signed it. */
function signedText(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  } catch (cause) {
    if (cause instanceof NoteRefused) return undefined;
    throw cause;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return '';
    throw cause;
  }
}
