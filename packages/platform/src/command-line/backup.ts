import { existsSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { CopyMismatch, type CopyResult, type EventStorage } from '@counterfoil/event-store';
import { openStorage } from '../stores.ts';
import { CommandFailure, opening } from './failure.ts';
import { moveFile } from './files.ts';
import { exitCodeOfInterruption } from './interruption.ts';
import { onExistingLog, type KeptConfig, type StoreOptions } from './kept-store.ts';
import { copyIntoFile, copyIntoScratchFile, type LogCopy } from './log-copy.ts';
import { isEmbeddedLog, logFileKind } from './sqlite-log.ts';
import { count, type Terminal } from './terminal.ts';

/**
 * Copies the log into an SQLite file while it may be written. A file that holds an earlier backup is
 * brought up to date; a new one is built beside its place and put there when it is whole.
 */
export async function backup(
  file: string,
  options: StoreOptions,
  terminal: Terminal,
): Promise<number> {
  return onExistingLog(options, async (config, signal) => {
    requireBackupPlace(file, config);
    const source = await opening(config, () => openStorage(config));
    try {
      const copy: LogCopy = { end: { kind: 'head' }, signal, terminal };
      const isNew = logFileKind(file) === 'absent';
      const { position, complete } = isNew
        ? await makeBackup(source, file, copy)
        : await updateBackup(source, file, copy);
      if (complete) {
        terminal.say(`${file} holds the log up to position ${count(position)}`);
        return 0;
      }
      terminal.tell(
        `Stopped at position ${count(position)}: start the same command again to continue`,
      );
      return exitCodeOfInterruption;
    } finally {
      await source.close();
    }
  });
}

/** What is not complete stays under another name, where nobody takes it for a backup. */
async function makeBackup(source: EventStorage, file: string, copy: LogCopy): Promise<CopyResult> {
  const building = `${file}.partial`;
  const result = await copyIntoScratchFile(source, building, copy);
  if (result.complete) {
    // It tells as much as the store itself, which others may not read either.
    await chmod(building, 0o600);
    await moveFile(building, file);
  }
  return result;
}

async function updateBackup(
  source: EventStorage,
  file: string,
  copy: LogCopy,
): Promise<CopyResult> {
  try {
    return await copyIntoFile(source, file, copy);
  } catch (cause) {
    if (!(cause instanceof CopyMismatch)) throw cause;
    throw new CommandFailure(
      `${file} is a backup of another log, or of more than this one: name another file`,
      { cause },
    );
  }
}

function requireBackupPlace(file: string, { store, dataDirectory }: KeptConfig): void {
  if (store.kind === 'sqlite' && isEmbeddedLog(file, dataDirectory)) {
    throw new CommandFailure(`${file} is the log itself: name another file`);
  }
  if (logFileKind(file) === 'other') {
    throw new CommandFailure(`${file} is there, and is no backup of a log: name another file`);
  }
  const directory = path.dirname(path.resolve(file));
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new CommandFailure(`There is no directory ${directory}: make it first`);
  }
}
