import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { epochDayOf, parseCalendarDate, type Instant } from '@counterfoil/event-store';
import { exportLog, type ExportedLog, type LogExport } from '../record/export/export-log.ts';
import { openStorage } from '../stores.ts';
import { onSealedLog } from './export.ts';
import { CommandFailure, opening } from './failure.ts';
import { moveFile } from './files.ts';
import { exitCodeOfInterruption } from './interruption.ts';
import { onExistingLog, type KeptConfig, type StoreOptions } from './kept-store.ts';
import { count, type Terminal } from './terminal.ts';

export interface ArchiveOptions extends StoreOptions {
  /** The directory of the archive. */
  readonly to: string;
  /** A day of UTC: what was recorded before it. */
  readonly until: string;
}

/** So many that a file stays handy; each verifies by itself. */
const entriesInFile = 1_000_000;

/**
 * Writes what was recorded before a day into compressed exports, behind those that are in the directory already:
 * each has its checkpoint, and begins where the one before it ends. The store keeps all of it too.
 */
export async function archive(options: ArchiveOptions, terminal: Terminal): Promise<number> {
  const { to: directory } = options;
  const before = momentOf(options.until);
  requireDirectory(directory);
  return onExistingLog(options, async (config, signal) => {
    const last = await lastBefore(config, before);
    return onSealedLog(config, async (log) => {
      // Rejects when nothing was ever sealed.
      await log.checkpoint();
      const { size: sealed } = log.sealedUpTo();
      for (;;) {
        const from = (await archivedTo(directory)) + 1;
        const until = Math.min(last, sealed, from + entriesInFile - 1);
        if (until < from) break;
        if (signal.aborted) return exitCodeOfInterruption;
        await writeFile(log, { from, until }, directory, terminal);
      }
      const archived = await archivedTo(directory);
      if (archived === 0) {
        terminal.say(`Nothing was recorded before ${options.until}`);
        return 0;
      }
      terminal.say(`${directory} holds entries 1 to ${count(archived)}`);
      if (archived < last) {
        const waiting = count(last - archived);
        terminal.tell(`${waiting} more are not sealed yet: archive again once the server has run`);
      }
      terminal.say(`Unpacked, each file verifies with --key ${log.publicKeys()[0]}`);
      return 0;
    });
  });
}

const nanosecondsOfDay = 86_400_000_000_000n;

function momentOf(text: string): Instant {
  const date = parseCalendarDate(text);
  if (date === undefined) {
    throw new CommandFailure(`--until is "${text}": use a day, such as 2026-01-01`);
  }
  return (BigInt(epochDayOf(date)) * nanosecondsOfDay) as Instant;
}

function requireDirectory(directory: string): void {
  if (existsSync(directory) && statSync(directory).isDirectory()) return;
  throw new CommandFailure(`There is no directory ${directory}: make it first`);
}

async function lastBefore(config: KeptConfig, moment: Instant): Promise<number> {
  const storage = await opening(config, () => openStorage(config));
  try {
    const { records } = await storage.readAll({ after: 0, limit: 1, since: moment });
    return records[0] === undefined ? (await storage.head()).position : records[0].position - 1;
  } finally {
    await storage.close();
  }
}

const fileName = /^entries-(\d+)-(\d+)\.jsonl\.gz$/;

/** The last entry that is archived; 0 for none. Throws where a file between is missing. */
async function archivedTo(directory: string): Promise<number> {
  const ranges = (await readdir(directory))
    .flatMap((name) => {
      const [, from, to] = fileName.exec(name) ?? [];
      return from === undefined || to === undefined ? [] : [[Number(from), Number(to)] as const];
    })
    .toSorted(([one], [other]) => one - other);
  let last = 0;
  for (const [from, to] of ranges) {
    if (from !== last + 1) {
      throw new CommandFailure(`${directory} has no file of entry ${last + 1}: bring it back`);
    }
    last = to;
  }
  return last;
}

/** A file has its name only once it is whole, on the disk, and was read again. */
async function writeFile(
  log: ExportedLog,
  range: { readonly from: number; readonly until: number },
  directory: string,
  terminal: Terminal,
): Promise<void> {
  const started = await exportLog(log, range);
  const { from, to } = started;
  const file = path.join(directory, `entries-${from}-${to}.jsonl.gz`);
  const building = `${file}.partial`;
  try {
    const written = await compressInto(building, started, terminal);
    if ((await hashOf(building)) !== written) {
      throw new CommandFailure(`${building} does not read as it was written: check the disk`);
    }
    await moveFile(building, file);
  } catch (cause) {
    await rm(building, { force: true });
    throw cause;
  }
}

/** Answers the SHA-256 of what was compressed. */
async function compressInto(
  file: string,
  { from, to, pieces }: LogExport,
  terminal: Terminal,
): Promise<string> {
  const hash = createHash('sha256');
  const progress = terminal.startProgress({ doing: 'Archiving', unit: 'entries' });
  const texts = async function* (): AsyncGenerator<string> {
    for await (const { text, position } of pieces()) {
      hash.update(text);
      progress.update(position - from + 1, to - from + 1);
      yield text;
    }
  };
  try {
    // It tells as much as the store itself, which others may not read either.
    await pipeline(Readable.from(texts()), createGzip(), createWriteStream(file, { mode: 0o600 }));
  } finally {
    progress.end();
  }
  const handle = await open(file);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), createGunzip(), hash);
  return hash.digest('hex');
}
