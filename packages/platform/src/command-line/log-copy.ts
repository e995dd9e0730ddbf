import {
  copyLog,
  CopyMismatch,
  type CopyEnd,
  type CopyResult,
  type EventStorage,
} from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { removeDatabase, settleLogFile } from './sqlite-log.ts';
import type { Terminal } from './terminal.ts';

export interface LogCopy {
  readonly end: CopyEnd;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Copies a log, with progress. */
export async function copyWithProgress(
  source: EventStorage,
  target: EventStorage,
  { end, signal, terminal }: LogCopy,
): Promise<CopyResult> {
  const progress = terminal.startProgress({ doing: 'Copying', unit: 'events' });
  try {
    return await copyLog(source, target, { end, signal, onProgress: progress.update });
  } finally {
    progress.end();
  }
}

/** Copies a log into a file, continuing the beginning of it that the file holds; leaves one whole file. */
export async function copyIntoFile(
  source: EventStorage,
  file: string,
  copy: LogCopy,
): Promise<CopyResult> {
  const target = await openSqliteStorage({ file });
  try {
    return await copyWithProgress(source, target, copy);
  } finally {
    await target.close();
    settleLogFile(file);
  }
}

/** As `copyIntoFile`, into a file of our own: if it holds anything else, that is thrown away. */
export async function copyIntoScratchFile(
  source: EventStorage,
  file: string,
  copy: LogCopy,
): Promise<CopyResult> {
  try {
    return await copyIntoFile(source, file, copy);
  } catch (failure) {
    if (!(failure instanceof CopyMismatch)) throw failure;
    removeDatabase(file);
    return copyIntoFile(source, file, copy);
  }
}
