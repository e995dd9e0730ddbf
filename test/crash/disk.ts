import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Random } from '../simulation/random.ts';

/** A call on a file of the store that fails, as `disk-shim.c` reads it. */
export interface DiskFault {
  readonly call: 'write' | 'sync';
  /** The end of the file's name. */
  readonly file: string;
  /** Which call on it is the first to fail, from 1. */
  readonly first: number;
  readonly error: 'EIO' | 'ENOSPC';
  /** How many calls fail. */
  readonly calls: number;
}

/** A disk that goes wrong below a program, and forgets what was not synced when the power goes. */
export interface Disk {
  /** What a program's environment has to hold for its files to be on this disk. */
  environment(fault: DiskFault | undefined): Readonly<Record<string, string>>;
  /**
   * Takes back, of what was written but not synced, everything, nothing, or a random part down to single
   * sectors; to be called when the program has ended. What was written before a sync that failed counts as
   * not synced until it is written and synced again. Answers how many writes were lost, in whole or part.
   */
  losePower(random: Random): number;
}

const linuxErrors = { EIO: 5, ENOSPC: 28 };

/** Compiles the shim with the system's C compiler. */
export async function openDisk(directory: string, watched: string): Promise<Disk> {
  const shim = path.join(directory, 'disk-shim.so');
  const source = path.join(import.meta.dirname, 'disk-shim.c');
  await promisify(execFile)('cc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', shim, source, '-ldl']);
  const journals = path.join(directory, 'disk-journals');
  mkdirSync(journals);
  return {
    environment: (fault) => ({
      LD_PRELOAD: shim,
      DISK_WATCHED: watched,
      DISK_JOURNAL: journals,
      ...(fault && { DISK_FAULT: formatFault(fault) }),
    }),
    losePower: (random) => {
      let lost = 0;
      for (const name of readdirSync(journals)) {
        lost += takeBack(path.join(watched, name), readEntries(path.join(journals, name)), random);
        rmSync(path.join(journals, name));
      }
      // Shared memory is gone with the power.
      for (const name of readdirSync(watched)) {
        if (name.endsWith('-shm')) rmSync(path.join(watched, name));
      }
      return lost;
    },
  };
}

function formatFault({ call, file, first, error, calls }: DiskFault): string {
  return [call, file, first, linuxErrors[error], calls].join(':');
}

/** A write, with the bytes that were there before. */
interface Entry {
  readonly offset: number;
  readonly size: number;
  readonly before: Buffer;
  /** Whether it is known to have reached the disk. */
  durable: boolean;
}

const syncFailed = 0xffff_ffff_ffff_ffffn;
const syncSucceeded = syncFailed - 1n;

function readEntries(journal: string): readonly Entry[] {
  const bytes = readFileSync(journal);
  const entries: Entry[] = [];
  // Those since the last sync, of whatever outcome.
  let pending: Entry[] = [];
  // A kill can cut the last entry short; its write had not begun then.
  for (let at = 0; at + 16 <= bytes.length;) {
    const offset = bytes.readBigUInt64LE(at);
    const size = bytes.readUInt32LE(at + 8);
    const end = at + 16 + bytes.readUInt32LE(at + 12);
    if (end > bytes.length) break;
    if (offset === syncFailed || offset === syncSucceeded) {
      for (const entry of pending) entry.durable = offset === syncSucceeded;
      pending = [];
    } else {
      const before = bytes.subarray(at + 16, end);
      const entry = { offset: Number(offset), size, before, durable: false };
      entries.push(entry);
      pending.push(entry);
    }
    at = end;
  }
  return entries;
}

type Loss = 'nothing' | 'everything' | 'writes' | 'sectors';

function takeBack(file: string, entries: readonly Entry[], random: Random): number {
  if (!existsSync(file) || entries.every(({ durable }) => durable)) return 0;
  const loss = random.pick<Loss>(['nothing', 'everything', 'writes', 'sectors']);
  if (loss === 'nothing') return 0;
  const bytes = readFileSync(file);
  // What a later write has brought to the disk stays, whatever becomes of those before it.
  const safe = Buffer.alloc(bytes.length);
  let end = bytes.length;
  let lost = 0;
  for (const entry of entries.toReversed()) {
    if (entry.durable) {
      safe.subarray(entry.offset, entry.offset + entry.size).fill(1);
      continue;
    }
    const pieces = loss === 'sectors' ? sectorsOf(entry) : [entry];
    const gone = pieces.filter(() => loss === 'everything' || random.chance(0.5));
    for (const piece of gone) restore(bytes, safe, piece);
    if (gone.length > 0) lost += 1;
    const endBefore = entry.offset + entry.before.length;
    if (loss === 'everything' && entry.before.length < entry.size) end = Math.min(end, endBefore);
  }
  writeFileSync(file, bytes.subarray(0, Math.max(end, safe.lastIndexOf(1) + 1)));
  return lost;
}

function restore(bytes: Buffer, safe: Buffer, { offset, size, before }: Entry): void {
  for (let at = 0; at < size && offset + at < bytes.length; at += 1) {
    if (safe[offset + at] === 0) bytes[offset + at] = before[at] ?? 0;
  }
}

// The smallest piece that a disk writes whole.
const sectorSize = 512;

function sectorsOf({ offset, size, before }: Entry): readonly Entry[] {
  const sectors: Entry[] = [];
  for (let from = 0; from < size;) {
    const end = Math.min(size, from + sectorSize - ((offset + from) % sectorSize));
    const piece = before.subarray(from, end);
    sectors.push({ offset: offset + from, size: end - from, before: piece, durable: false });
    from = end;
  }
  return sectors;
}
