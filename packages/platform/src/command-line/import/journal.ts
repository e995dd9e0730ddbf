import type { EventStore } from '@counterfoil/event-store';
import type { Line } from '../../api/bulk/line-splitter.ts';
import { CommandFailure } from '../failure.ts';
import { count, type Terminal } from '../terminal.ts';
import {
  isMarkOf,
  isRunning,
  markOf,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
  type Checkpoint,
  type Tally,
} from './checkpoint.ts';
import type { Header } from './header.ts';
import type { ImportKind } from './kinds.ts';
import { beginRun, type LineOutcome } from './once-per-line.ts';
import { openRefusedFile } from './refused-file.ts';
import type { SourceFile } from './source-file.ts';

/** The journal of an import: what is done, what was refused, and where to go on after a crash. */
export interface ImportJournal {
  readonly name: string;
  readonly run: number;
  readonly refusedFile: string;
  /** The last line that is done, as are all before it. */
  line(): number;
  /** No line behind this one has been started yet, by this process or one that was interrupted. */
  startedUpTo(): number;
  /** Call it before a line is started, and wait for what it answers. */
  start(line: number): Promise<void> | undefined;
  take(line: Line, outcome: LineOutcome): void;
  /** Leaves word of how far it came or, when it is complete, nothing but the result file. */
  close(complete: boolean): Promise<Tally>;
}

export interface JournalParts {
  readonly kind: ImportKind;
  readonly source: SourceFile;
  readonly header: Header;
  readonly store: EventStore;
  readonly terminal: Terminal;
}

const saveEveryMs = 1_000;
// After a crash this many lines are looked up in the log, because they may have been refused already.
const linesUnsavedMax = 50_000;
const refusalsTold = 10;
const headerLine = 1;

/** Takes up the journal of an import that was interrupted, or opens one. */
export async function openJournal(parts: JournalParts): Promise<ImportJournal> {
  const { kind, source, header, store, terminal } = parts;
  const name = `${kind.name}/${source.hash}`;
  const checkpointFile = `${source.file}.checkpoint.json`;
  const begun = await takeUp(checkpointFile, name, store);
  const refused = openRefusedFile(`${source.file}.refused.csv`, header, begun.refusedBytes);
  const tally = { ...begun.tally };
  const told: string[] = [];
  let { line: lastLine } = begun;
  let savedLine = lastLine;
  let startedUpTo = begun.isResumed ? lastLine + linesUnsavedMax : headerLine;
  let saving: Promise<void> | undefined;
  let savedAtMs = performance.now();

  const save = async (pid: number | null): Promise<void> => {
    const { run } = begun;
    const done = { line: lastLine, tally: { ...tally }, refusedBytes: refused.flush() };
    const log = await markOf(store);
    await writeCheckpoint(checkpointFile, { name, run, ...done, log, process: pid });
    savedLine = done.line;
  };
  const saveNowAndThen = (): void => {
    if (saving !== undefined || performance.now() - savedAtMs < saveEveryMs) return;
    saving = save(process.pid)
      // It is tried again; should it fail to the end, closing says so.
      .catch(() => undefined)
      .finally(() => {
        saving = undefined;
        savedAtMs = performance.now();
      });
  };
  const saveNow = async (): Promise<void> => {
    await saving;
    await save(process.pid);
  };

  await save(process.pid);
  if (lastLine > headerLine) terminal.tell(`Going on behind line ${count(lastLine)}`);
  const progress = terminal.startProgress({ doing: `Importing ${kind.name}`, unit: 'lines' });
  return {
    name,
    run: begun.run,
    refusedFile: refused.file,
    line: () => lastLine,
    startedUpTo: () => startedUpTo,
    start: (line) => {
      startedUpTo = Math.max(startedUpTo, line);
      return line <= savedLine + linesUnsavedMax ? undefined : saveNow();
    },
    take: (line, outcome) => {
      lastLine = line.number;
      switch (outcome.kind) {
        case 'blank':
          return;
        case 'imported':
          tally.imported += 1;
          break;
        case 'imported-before':
          tally.importedBefore += 1;
          break;
        case 'refused': {
          const { code, reason } = outcome.refusal;
          tally.refused += 1;
          refused.add(line, outcome.refusal);
          if (told.length < refusalsTold) told.push(`line ${line.number}: ${code}: ${reason}`);
        }
      }
      progress.update(lastLine, source.lines);
      saveNowAndThen();
    },
    close: async (complete) => {
      progress.end();
      await saving;
      for (const line of told) terminal.tell(line);
      if (complete && tally.refused > told.length) terminal.tell('...');
      if (!complete) await save(null);
      refused.close();
      if (complete) await removeCheckpoint(checkpointFile);
      return tally;
    },
  };
}

interface Begun extends Pick<Checkpoint, 'run' | 'line' | 'tally' | 'refusedBytes'> {
  readonly isResumed: boolean;
}

/** Where to begin: behind the checkpoint, if it is of this content and this log, else at the beginning. */
async function takeUp(checkpointFile: string, name: string, store: EventStore): Promise<Begun> {
  const checkpoint = await readCheckpoint(checkpointFile);
  if (checkpoint !== undefined && checkpoint.process !== null && isRunning(checkpoint.process)) {
    throw new CommandFailure(
      `The file is being imported by process ${checkpoint.process}: let it finish, or, if that process is ` +
        `something else, remove ${checkpointFile}`,
    );
  }
  if (checkpoint?.name === name && (await isMarkOf(store, checkpoint.log))) {
    return { ...checkpoint, isResumed: true };
  }
  const tally = { imported: 0, importedBefore: 0, refused: 0 };
  const run = await beginRun(name, store);
  return { run, line: headerLine, tally, refusedBytes: 0, isResumed: false };
}
