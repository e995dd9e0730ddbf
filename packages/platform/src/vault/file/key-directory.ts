import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** The directory of the keys, a file in it, or what is in that file is not as it has to be. */
export class KeyFileRefused extends Error {
  override readonly name = 'KeyFileRefused';
}

/**
 * Makes the directory of the keys when it is missing, for its owner alone. Rejects with a KeyFileRefused when
 * others can look into it, or read a file in it.
 */
export async function openKeyDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (isForOthers((await stat(directory)).mode)) {
    throw new KeyFileRefused(
      `${directory} is open to others than its owner: chmod 700 it, and rotate the keys in it`,
    );
  }
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name);
    const mode = await modeOf(file);
    if (mode === undefined || !isForOthers(mode)) continue;
    throw new KeyFileRefused(
      `${file} may be read by others than its owner: chmod 600 it, and rotate the keys in it`,
    );
  }
}

/** Windows has no such modes. */
export function isForOthers(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

/** Undefined for a file that is gone by now: others write beside each other here. */
async function modeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mode;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
