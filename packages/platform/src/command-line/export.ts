import { existsSync, statSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { NotSealedYet, openSealedLog, RecordAltered } from '@counterfoil/event-store/log';
import type { Config } from '../config.ts';
import {
  ExportRangeInvalid,
  exportLog,
  type ExportedLog,
  type ExportRange,
  type LogExport,
} from '../record/export/export-log.ts';
import { openSigningKeys, openStorage, openTree } from '../stores.ts';
import { CommandFailure, opening } from './failure.ts';
import { moveFile } from './files.ts';
import { exitCodeOfInterruption } from './interruption.ts';
import { onExistingLog, type StoreOptions } from './kept-store.ts';
import { count, type Terminal } from './terminal.ts';

export interface ExportOptions extends StoreOptions {
  /** The file to write. */
  readonly to: string;
  /** Positions. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** Writes the record, or a part of it, as a file that an auditor verifies without this program. */
export async function exportRecord(options: ExportOptions, terminal: Terminal): Promise<number> {
  const { to: file } = options;
  const range = {
    from: positionIn('--from', options.from),
    until: positionIn('--until', options.until),
  };
  return onExistingLog(options, async (config, signal) => {
    requireExportPlace(file);
    return onSealedLog(config, (log) => writeExport(log, range, file, { signal, terminal }));
  });
}

/** Runs work on the sealed log of the configured store, without a server. */
export async function onSealedLog<Result>(
  config: Config,
  work: (log: ExportedLog) => Promise<Result>,
): Promise<Result> {
  const storage = await opening(config, () => openStorage(config));
  try {
    const tree = await opening(config, () => openTree(config));
    try {
      const keys = await openSigningKeys(config);
      // What is not sealed by now is not waited for.
      return await work(await openSealedLog({ storage, tree, ...keys, waitMsMax: 0 }));
    } finally {
      await tree.close();
    }
  } catch (cause) {
    throw asSentence(cause);
  } finally {
    await storage.close();
  }
}

interface Writing {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** What is not whole stays under another name while it is written, and goes if it does not get whole. */
async function writeExport(
  log: ExportedLog,
  range: ExportRange,
  file: string,
  { signal, terminal }: Writing,
): Promise<number> {
  const started = await exportLog(log, range);
  const building = `${file}.partial`;
  // It tells as much as the store itself, which others may not read either.
  const handle = await open(building, 'w', 0o600);
  let isWhole = false;
  try {
    isWhole = await writePieces(started, handle, { signal, terminal });
  } finally {
    await handle.close();
    if (!isWhole) await rm(building, { force: true });
  }
  if (!isWhole) {
    terminal.tell('Stopped: nothing was exported');
    return exitCodeOfInterruption;
  }
  await moveFile(building, file);
  const { from, to } = started;
  terminal.say(`${file} holds entries ${count(from)} to ${count(to)}, as they were sealed`);
  terminal.say(`counterfoil-verify ${file} --key ${log.publicKeys()[0]}`);
  return 0;
}

/** Answers false when it was told to stop before the end. */
async function writePieces(
  { from, to, pieces }: LogExport,
  handle: FileHandle,
  { signal, terminal }: Writing,
): Promise<boolean> {
  const progress = terminal.startProgress({ doing: 'Exporting', unit: 'entries' });
  try {
    for await (const { text, position } of pieces()) {
      if (signal.aborted) return false;
      await handle.appendFile(text);
      progress.update(position - from + 1, to - from + 1);
    }
    await handle.sync();
    return true;
  } finally {
    progress.end();
  }
}

function positionIn(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new CommandFailure(`${option} is "${text}": use a position, such as 1200`);
}

function requireExportPlace(file: string): void {
  if (existsSync(file)) throw new CommandFailure(`${file} is there already: name another file`);
  const directory = path.dirname(path.resolve(file));
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new CommandFailure(`There is no directory ${directory}: make it first`);
  }
}

function asSentence(cause: unknown): unknown {
  if (cause instanceof ExportRangeInvalid) {
    return new CommandFailure(`Nothing was exported: ${cause.message}`, { cause });
  }
  if (cause instanceof NotSealedYet) {
    return new CommandFailure(
      'Nothing of this log was ever sealed: "counterfoil serve" seals it as soon as it runs',
      { cause },
    );
  }
  if (cause instanceof RecordAltered) {
    return new CommandFailure(
      `Nothing was exported, as the record was changed: ${cause.message}. "counterfoil verify" says more`,
      { cause },
    );
  }
  return cause;
}
