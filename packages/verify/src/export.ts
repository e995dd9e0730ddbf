import { sameBytes } from './bytes.ts';
import { openCheckpoint, type Checkpoint, type SignedCheckpoint } from './checkpoint.ts';
import { beginEntries, type EntryCheck } from './export-entries.ts';
import { exportMalformed, type ExportLine, type LineOf } from './export-line.ts';
import { Problem } from './problem.ts';
import type { GrowingTree } from './tree.ts';
import type { Trust } from './trust.ts';
import { parseVerifierKey, type VerifierKey } from './verifier-key.ts';

/** What an export turned out to be. */
export interface VerifiedExport {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  /** The last one, which covers all its entries. */
  readonly checkpoint: SignedCheckpoint;
}

/** Takes the lines of an export in their order; each call throws, or rejects with, a Problem where they are not right. */
export interface ExportCheck {
  /** The position of the entry that is next, or undefined before the first could come. */
  readonly nextPosition: number | undefined;
  take(line: ExportLine): Promise<void> | void;
  end(): VerifiedExport;
}

export function createExportCheck(trust: Trust): ExportCheck {
  let header: LineOf<'export'> | undefined;
  const included: VerifierKey[] = [];
  let entries: EntryCheck | undefined;
  let last: SignedCheckpoint | undefined;

  const begun = (frontier?: LineOf<'frontier'>): EntryCheck => {
    if (header === undefined)
      throw exportMalformed('an export begins with a line of the kind "export"');
    if (entries !== undefined && frontier !== undefined)
      throw exportMalformed('a frontier comes first');
    entries ??= beginEntries(header, frontier, trust);
    return entries;
  };
  const takeCheckpoint = async ({ note }: LineOf<'checkpoint'>): Promise<void> => {
    const { tree, origin } = begun();
    const keys = trust.keys.length > 0 ? trust.keys : included;
    const checkpoint = await openCheckpoint(note, keys);
    if (checkpoint.origin !== origin) {
      throw new Problem(
        'ORIGIN_DIFFERS',
        `the checkpoint is of the log "${checkpoint.origin}", and the export of "${origin}"`,
      );
    }
    requireRoot(checkpoint, tree);
    last = checkpoint;
  };

  return {
    get nextPosition() {
      return entries === undefined ? undefined : entries.tree.size + 1;
    },
    take: (line) => {
      if (line.kind === 'export' ? header !== undefined : header === undefined) {
        throw exportMalformed('an export begins with one line of the kind "export"');
      }
      switch (line.kind) {
        case 'export':
          header = requireHeader(line);
          return;
        case 'key':
          if (entries !== undefined) throw exportMalformed('keys stand at the beginning');
          return includeKey(line, header?.origin, included);
        case 'frontier':
          begun(line);
          return;
        case 'schema':
          begun().takeSchema(line);
          return;
        case 'entry':
          begun().takeEntry(line);
          last = undefined;
          return;
        case 'checkpoint':
          return takeCheckpoint(line);
      }
    },
    end: () => {
      const check = begun();
      check.requireComplete();
      if (last === undefined)
        throw exportMalformed('it does not end with a checkpoint: it was cut off');
      for (const kept of trust.kept) requireReached(kept, check.tree);
      const { origin, from, to } = check;
      return { origin, from, to, checkpoint: last };
    },
  };
}

function requireHeader(line: LineOf<'export'>): LineOf<'export'> {
  if (line.format !== 'counterfoil-export/1') {
    throw exportMalformed(`its format is "${line.format}", which this verifier does not know`);
  }
  if (line.from < 1 || line.to < line.from - 1) {
    throw exportMalformed(`it goes from entry ${line.from} to ${line.to}`);
  }
  return line;
}

async function includeKey(
  { verifier_key: text }: LineOf<'key'>,
  origin: string | undefined,
  included: VerifierKey[],
): Promise<void> {
  const key = await parseVerifierKey(text);
  if (key.name !== origin) {
    throw new Problem(
      'ORIGIN_DIFFERS',
      `the key is of "${key.name}", and the export of "${origin}"`,
    );
  }
  included.push(key);
}

function requireRoot(checkpoint: Checkpoint, tree: GrowingTree): void {
  const size = BigInt(tree.size);
  if (checkpoint.size !== size) {
    throw new Problem(
      'POSITION_WRONG',
      `the checkpoint covers ${checkpoint.size} entries, and stands behind entry ${size}`,
    );
  }
  if (!sameBytes(checkpoint.root, tree.root())) {
    throw new Problem(
      'ROOT_DIFFERS',
      'the entries up to here are not those that the checkpoint was signed for: they were changed ' +
        'together with their hashes, somewhere behind the checkpoint before this one',
    );
  }
}

/** Throws a Problem when a kept checkpoint covers more than the tree of all entries. */
function requireReached(kept: Checkpoint, tree: GrowingTree): void {
  if (kept.size <= BigInt(tree.size)) return;
  throw new Problem(
    'CUT_OFF',
    `the checkpoint that was kept covers ${kept.size} entries, and this ends with entry ${tree.size}: ` +
      'entries were cut off, or it was exported before, or in part',
  );
}
