import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Instant } from '@counterfoil/event-store';
import type { ReportId } from '../domain/reports/events.ts';

/** The files of reports that were written as jobs. */
export interface ReportFiles {
  /** Writes a file as a whole: under its name it is complete and on the disk, or not there. */
  write(id: ReportId, bytes: AsyncIterable<Uint8Array>, at: () => Instant): Promise<WrittenReport>;
  /** Undefined when it is not there, or not any more. */
  read(id: ReportId): Promise<{ readonly stream: Readable; readonly bytes: number } | undefined>;
  remove(id: ReportId): Promise<void>;
  /** Removes those that were written before a moment, and what interrupted writes left. */
  removeBefore(moment: Instant): Promise<void>;
}

export interface WrittenReport {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

const partialEnd = '.partial';

/** They lie in one directory, which is made when the first is written, for their owner alone. */
export function createReportFiles(directory: string): ReportFiles {
  const fileOf = (id: ReportId): string => path.join(directory, id);
  return {
    write: async (id, bytes, at) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const partial = fileOf(id) + partialEnd;
      try {
        const written = await writeAll(partial, bytes);
        const seconds = secondsOf(at());
        await utimes(partial, seconds, seconds);
        await rename(partial, fileOf(id));
        await flush(directory);
        return written;
      } catch (cause) {
        await removeIfThere(partial);
        throw cause;
      }
    },
    read: async (id) => {
      const found = await stat(fileOf(id)).catch(ifMissing);
      if (found === undefined) return undefined;
      return { stream: createReadStream(fileOf(id)), bytes: found.size };
    },
    remove: (id) => removeIfThere(fileOf(id)),
    removeBefore: async (moment) => {
      const names = (await readdir(directory).catch(ifMissing)) ?? [];
      for (const name of names) {
        const file = path.join(directory, name);
        const found = await stat(file).catch(ifMissing);
        if (found !== undefined && found.mtimeMs / 1_000 < secondsOf(moment)) {
          await removeIfThere(file);
        }
      }
    },
  };
}

function removeIfThere(file: string): Promise<void> {
  return rm(file, { force: true });
}

async function writeAll(file: string, bytes: AsyncIterable<Uint8Array>): Promise<WrittenReport> {
  const hashing = createHash('sha256');
  let written = 0;
  const handle = await open(file, 'w', 0o600);
  try {
    for await (const chunk of bytes) {
      hashing.update(chunk);
      written += chunk.length;
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes: written, sha256: hashing.digest('hex') };
}

/** The name of a new file is safe only once its directory is; Windows can't open one, and needs no such thing. */
async function flush(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function secondsOf(instant: Instant): number {
  return Number(instant / 1_000_000n) / 1_000;
}

function ifMissing(cause: NodeJS.ErrnoException): undefined {
  if (cause.code === 'ENOENT') return undefined;
  throw cause;
}
