import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

const repository = 'https://repo.maven.apache.org/maven2';
const cache = path.join(homedir(), '.cache', 'counterfoil');

/** A file of Maven Central that tests need. */
export interface PinnedFile {
  /** Within the repository. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * The files, fetched from Maven Central where they are not in the cache of this user. Rejects when one can't
 * be had, with what `without` says to do then, or is not the file that its checksum here is of.
 */
export async function fetchFiles(
  files: readonly PinnedFile[],
  without: string,
): Promise<readonly string[]> {
  return Promise.all(files.map((file) => fetchFile(file, without)));
}

async function fetchFile({ path: name, sha256 }: PinnedFile, without: string): Promise<string> {
  const file = path.join(cache, 'jars', name);
  const kept = await readFile(file).catch(() => undefined);
  if (kept !== undefined && checksumOf(kept) === sha256) return file;
  const content = await download(`${repository}/${name}`, without);
  if (checksumOf(content) !== sha256) {
    throw new Error(`${repository}/${name} is not the file that was expected: SHA-256 differs`);
  }
  await mkdir(path.dirname(file), { recursive: true });
  // Two runs may fetch the same file: each puts a whole one in place.
  const part = `${file}.${process.pid}`;
  await writeFile(part, content);
  await rename(part, file);
  return file;
}

async function download(url: string, without: string): Promise<Buffer> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new Error(`${url} can't be had, and ${without}`, { cause });
  }
}

function checksumOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
