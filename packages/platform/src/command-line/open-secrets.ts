import { readFile, stat } from 'node:fs/promises';
import type { TlsFiles } from '../config.ts';

export interface SecretFiles {
  /** The file of settings, if one is named. */
  readonly settings: string | undefined;
  readonly tls: TlsFiles | undefined;
}

/**
 * A warning for each file with a secret in it that everybody on this machine may read. Nothing is refused: such
 * files are made by others, who may have their reasons, and a container has no other users.
 */
export async function openSecrets({ settings, tls }: SecretFiles): Promise<readonly string[]> {
  const files: string[] = [];
  if (tls !== undefined && (await isForEverybody(tls.key))) files.push(tls.key);
  if (settings !== undefined && (await isForEverybody(settings))) {
    if (holdsSecret(JSON.parse(await readFile(settings, 'utf8')))) files.push(settings);
  }
  return files.map(
    (file) =>
      `Warning: everybody on this machine may read ${file}, which holds a secret: chmod 600 it, and have the ` +
      'secret replaced if others use this machine',
  );
}

/** Windows has no such modes. */
async function isForEverybody(file: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(file)).mode & 0o004) !== 0;
}

const secretName = /secret|password/i;
const addressWithPassword = /:\/\/[^/@\s]*:[^/@\s]+@/;

function holdsSecret(value: unknown): boolean {
  if (typeof value === 'string') return addressWithPassword.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => secretName.test(name) || holdsSecret(inner));
}
