import { copyFileSync, linkSync } from 'node:fs';
import path from 'node:path';
import { formatInstant, type CopyEnd, type EventStorage } from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { projections } from '../read-models/projections.ts';
import { openLog, openReadModelDatabase, openStorage, systemClock } from '../stores.ts';
import { catchUp } from './catch-up.ts';
import { CommandFailure, opening } from './failure.ts';
import { canWrite, moveFile } from './files.ts';
import { exitCodeOfInterruption, untilInterrupted } from './interruption.ts';
import { keptConfigOf, type KeptConfig, type StoreOptions } from './kept-store.ts';
import { copyIntoScratchFile, copyWithProgress, type LogCopy } from './log-copy.ts';
import { justBehind, parseLogPoint } from './log-point.ts';
import { rebuildReadModels } from './rebuild.ts';
import {
  embeddedLog,
  isEmbeddedLog,
  isLogInUse,
  logFileKind,
  removeDatabase,
  settleLogFile,
} from './sqlite-log.ts';
import { count, type Terminal } from './terminal.ts';
import { isUnfinished, whileUnfinished } from './unfinished-restore.ts';
import { sqliteProblem } from './verify/sqlite-check.ts';

export interface RestoreOptions extends StoreOptions {
  /** A position or a moment; all of the backup when left out. */
  readonly to?: string | undefined;
  readonly inPlace?: boolean | undefined;
}

/** Makes the configured store what the backup was at a position or moment. */
export async function restore(
  file: string,
  options: RestoreOptions,
  terminal: Terminal,
): Promise<number> {
  const end: CopyEnd =
    options.to === undefined ? { kind: 'head' } : parseLogPoint('--to', options.to);
  const config = keptConfigOf(options);
  requireBackup(file, config);
  return untilInterrupted(async (signal) => {
    const backup = await openSqliteStorage({ file });
    const copy: LogCopy = { end, signal, terminal };
    try {
      await requireContent(backup, end);
      const complete =
        config.store.kind === 'sqlite'
          ? await restoreEmbedded(config, backup, copy, options.inPlace === true)
          : await restoreDatabase(config, backup, copy);
      if (complete) return 0;
      terminal.tell('Stopped: start the same command again to continue');
      return exitCodeOfInterruption;
    } finally {
      await backup.close();
      // Opening it left files beside it. Should another process have it open, they stay.
      isLogInUse(file);
    }
  });
}

function requireBackup(file: string, { store, dataDirectory }: KeptConfig): void {
  if (logFileKind(file) !== 'log') throw new CommandFailure(`${file} is no backup of a log`);
  if (store.kind === 'sqlite' && isEmbeddedLog(file, dataDirectory)) {
    throw new CommandFailure(`${file} is the log itself: make a backup of it, and restore that`);
  }
  if (!canWrite(file) || !canWrite(path.dirname(path.resolve(file)))) {
    throw new CommandFailure(
      `This user may not write ${file} or its directory, which SQLite needs to open it: copy it elsewhere`,
    );
  }
  const problem = sqliteProblem(file);
  if (problem !== undefined) throw new CommandFailure(`Not restored: ${problem}`);
}

async function requireContent(backup: EventStorage, end: CopyEnd): Promise<void> {
  const { position } = await backup.head();
  if (end.kind === 'position' && end.position > position) {
    throw new CommandFailure(
      `Not restored: the backup ends at position ${count(position)}, before ${count(end.position)}`,
    );
  }
  const until = end.kind === 'time' ? justBehind(end.time) : undefined;
  const { records } = await backup.readAll({ after: 0, limit: 1, until });
  if (records.length === 0 || (end.kind === 'position' && end.position === 0)) {
    throw new CommandFailure('Not restored: the backup holds nothing up to there');
  }
}

/** Builds the log beside its place and puts it there when it is whole, then the read models. */
async function restoreEmbedded(
  config: KeptConfig,
  backup: EventStorage,
  copy: LogCopy,
  inPlace: boolean,
): Promise<boolean> {
  const log = embeddedLog(config.dataDirectory);
  requireUnused(log);
  const present = await eventsIn(config);
  if (present > 0 && !inPlace) {
    throw new CommandFailure(
      `${config.dataDirectory} holds a log of ${count(present)} events: restore into an empty data ` +
        'directory, or add --in-place, which keeps the present log under another name',
    );
  }
  const building = `${log}.restoring`;
  const { position, complete } = await copyIntoScratchFile(backup, building, copy);
  if (!complete) return false;
  requireUnused(log);
  // First of all: read models that are ahead of their log would miss what comes next.
  removeReadModels(config);
  const kept = present > 0 ? keepUnderAnotherName(log) : undefined;
  await moveFile(building, log);
  await tellRestored(config, position, copy.terminal);
  if (kept !== undefined) copy.terminal.say(`The log before is kept as ${kept}`);
  return buildReadModels(config, copy);
}

function requireUnused(log: string): void {
  if (!isLogInUse(log)) return;
  throw new CommandFailure(`Another process has ${log} open: stop the server first`);
}

async function eventsIn(config: KeptConfig): Promise<number> {
  const storage = await opening(config, () => openStorage(config));
  try {
    return (await storage.head()).position;
  } finally {
    await storage.close();
  }
}

function removeReadModels({ dataDirectory }: KeptConfig): void {
  removeDatabase(path.join(dataDirectory, 'read-models.sqlite'));
}

/** Answers the name. The log keeps its own as well, until another file takes it: it is never without. */
function keepUnderAnotherName(log: string): string {
  const kept = `${log}.${formatInstant(systemClock()).replaceAll(':', '-')}`;
  try {
    linkSync(log, kept);
  } catch {
    // Some file systems know no links.
    copyFileSync(log, kept);
    settleLogFile(kept);
  }
  return kept;
}

/** The database must be empty, or hold the beginning that an interrupted restore has left. */
async function restoreDatabase(
  config: KeptConfig,
  backup: EventStorage,
  copy: LogCopy,
): Promise<boolean> {
  const storage = await opening(config, () => openStorage(config));
  const restoring = async (): Promise<boolean> => {
    const { position, complete } = await copyWithProgress(backup, storage, copy);
    if (!complete) return false;
    await tellRestored(config, position, copy.terminal);
    return buildReadModels(config, copy);
  };
  try {
    const { position: present } = await storage.head();
    if (present > 0 && !(await isUnfinished(config))) {
      throw new CommandFailure(
        `The database holds a log of ${count(present)} events: restore into an empty one`,
      );
    }
    return await whileUnfinished(config, restoring, (complete) => complete);
  } finally {
    await storage.close();
  }
}

async function tellRestored(
  config: KeptConfig,
  position: number,
  terminal: Terminal,
): Promise<void> {
  const storage = await openStorage(config);
  try {
    const { recordedAt } = await storage.head();
    terminal.say(
      `The log is restored up to position ${count(position)}, recorded at ${formatInstant(recordedAt)}`,
    );
  } finally {
    await storage.close();
  }
}

async function buildReadModels(
  config: KeptConfig,
  { signal, terminal }: LogCopy,
): Promise<boolean> {
  const log = await openLog(config);
  const database = await openReadModelDatabase(config);
  try {
    return config.store.kind === 'sqlite'
      ? await catchUp(log, database, signal, terminal)
      : // The database may hold read models of another log.
        await rebuildReadModels(log, database, { chosen: projections, signal, terminal });
  } finally {
    await database.close();
    await log.close();
  }
}
