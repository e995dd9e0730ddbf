import type { SealedEntry, SealedLog } from '@counterfoil/event-store/log';
import {
  checkpointLine,
  entryLine,
  frontierLine,
  headerLine,
  keyLine,
  schemaLine,
} from './export-lines.ts';

export type ExportedLog = Pick<
  SealedLog,
  'origin' | 'publicKeys' | 'sealedUpTo' | 'checkpoint' | 'entries' | 'frontier' | 'proof'
>;

/** Which entries: from the first, and to the last one that is sealed, unless said otherwise. */
export interface ExportRange {
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

/** An export that can be begun: its range is there, and sealed. */
export interface LogExport {
  readonly from: number;
  readonly to: number;
  /**
   * The text of the export in pieces of whole lines, each made when it is asked for: as much as one holds
   * is all that is held. Rejects with a RecordAltered where the record is not what was sealed.
   */
  pieces(): AsyncGenerator<ExportPiece, void, void>;
}

export interface ExportPiece {
  readonly text: string;
  /** The last entry in it, or before it. */
  readonly position: number;
}

/** The range is not one of the sealed entries; the message says what there is. */
export class ExportRangeInvalid extends Error {
  override readonly name = 'ExportRangeInvalid';
}

const entriesInPiece = 500;

/** So that a rewritten log is found wrong near where it was rewritten, not only at the end. */
const entriesBetweenCheckpoints = 100_000;

/**
 * Begins an export of what is sealed now. Rejects with an ExportRangeInvalid when that does not hold the
 * range, and with a NotSealedYet when nothing was ever sealed.
 */
export async function exportLog(log: ExportedLog, range: ExportRange): Promise<LogExport> {
  await log.checkpoint();
  const { size } = log.sealedUpTo();
  const { from = 1, until: to = size } = range;
  if (from < 1 || from > to || to > size) {
    throw new ExportRangeInvalid(
      `there are no entries ${from} to ${to}: the log is sealed up to entry ${size}`,
    );
  }
  return { from, to, pieces: () => piecesOf(log, from, to) };
}

async function* piecesOf(
  log: ExportedLog,
  from: number,
  to: number,
): AsyncGenerator<ExportPiece, void, void> {
  const written = new Set<string>();
  const keys = log.publicKeys().map(keyLine);
  yield { text: [headerLine(log.origin, from, to), ...keys].join(''), position: from - 1 };
  for (let after = from - 1; after < to;) {
    const entries = await log.entries(after, nextPiece(after, to));
    const [first] = entries;
    // Whatever is sealed stays sealed.
    if (first === undefined) throw new Error(`entry ${after + 1} is sealed and can't be read`);
    const frontier = after === from - 1 && from > 1 ? await beginning(log, first, from) : '';
    after += entries.length;
    const lines = entries.map((entry) => linesOf(entry, written)).join('');
    const isMarked = after === to || after % entriesBetweenCheckpoints === 0;
    const mark = isMarked ? checkpointLine((await log.proof(after, after)).checkpoint) : '';
    yield { text: frontier + lines + mark, position: after };
  }
}

/** Pieces end where a checkpoint stands. */
function nextPiece(after: number, to: number): number {
  const beforeCheckpoint = entriesBetweenCheckpoints - (after % entriesBetweenCheckpoints);
  return Math.min(entriesInPiece, beforeCheckpoint, to - after);
}

async function beginning(log: ExportedLog, first: SealedEntry, from: number): Promise<string> {
  return frontierLine(first.previousHash, await log.frontier(from - 1));
}

/** The entry's line, and before its first use that of its schema. */
function linesOf(entry: SealedEntry, written: Set<string>): string {
  const schema = `${entry.schemaVersion} ${entry.type}`;
  if (written.has(schema)) return entryLine(entry);
  written.add(schema);
  return schemaLine(entry) + entryLine(entry);
}
