import { accessSync, constants, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/** Puts a text in the place of a file, so that at any moment either the old or the new is there whole. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await moveFile(beside, file);
}

/** Renames a file, over what was there before, and returns when that is durable. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(path.dirname(path.resolve(to)));
}

/** A rename is durable once the directory is (POSIX leaves it to fsync of the directory). */
async function syncDirectory(directory: string): Promise<void> {
  // Windows can't open a directory, and needs no such thing.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether this user may write a file, or make and rename files in a directory. */
export function canWrite(file: string): boolean {
  const { W_OK, X_OK } = constants;
  try {
    accessSync(file, statSync(file).isDirectory() ? W_OK | X_OK : W_OK);
    return true;
  } catch {
    return false;
  }
}
