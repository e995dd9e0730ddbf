import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { KeyProvider } from '../key-provider.ts';
import { exclusively } from './exclusively.ts';
import { isForOthers, KeyFileRefused } from './key-directory.ts';

const format = 'counterfoil-key-encryption/1';

interface KeyFile {
  readonly format: typeof format;
  /** Base64 of 256 bits, by id. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * Keeps key-encryption keys in a file that only its owner may read, made with the first key; several processes may
 * share it. It is read for every answer, so that taking it away shuts everything off. Rejects with a KeyFileRefused.
 */
export async function openFileKeys(file: string): Promise<KeyProvider> {
  await read(file);
  // Each change reads the file and writes it anew: nobody else's may come between.
  const change = <Result>(edit: (keys: Map<string, string>) => Result): Promise<Result> =>
    exclusively(`${file}.lock`, async () => {
      await removeUnfinished(file);
      const keys = new Map(Object.entries((await read(file)).keys));
      const result = edit(keys);
      await write(file, { format, keys: Object.fromEntries(keys) });
      return result;
    });

  return {
    create: (id) =>
      change((keys) => {
        if (keys.has(id)) throw new Error(`${file} holds a key ${id} already`);
        const secret = randomBytes(32);
        keys.set(id, secret.toString('base64'));
        return { secret, kept: new Uint8Array(0) };
      }),
    open: async (id) => {
      const { keys } = await read(file);
      const secret = Buffer.from(keys[id] ?? '', 'base64');
      if (secret.length === 32) return secret;
      throw new Error(`${file} holds no key ${id}: bring back the file that does`);
    },
    destroy: (id) =>
      change((keys) => {
        keys.delete(id);
      }),
  };
}

/** No key is in a file that is not there. */
async function read(file: string): Promise<KeyFile> {
  let text: string;
  try {
    if (isForOthers((await stat(file)).mode)) {
      throw new KeyFileRefused(
        `${file} may be read by others than its owner: chmod 600 it, and rotate its keys`,
      );
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { format, keys: {} };
    throw cause;
  }
  const content = parsed(text);
  if (content?.format === format && typeof content.keys === 'object') return content;
  throw new KeyFileRefused(
    `${file} is no file of key-encryption keys: bring back the one that was`,
  );
}

function parsed(text: string): KeyFile | undefined {
  try {
    return JSON.parse(text) as KeyFile;
  } catch {
    return undefined;
  }
}

/** In place of the old one, which is whole until the new one is. */
async function write(file: string, content: KeyFile): Promise<void> {
  const next = `${file}.${randomBytes(8).toString('hex')}${unfinished}`;
  const handle = await open(next, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  const folder = await open(path.dirname(file), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const unfinished = '.next';

/** What a process has left that died while it wrote: no key may outlive its destruction there. */
async function removeUnfinished(file: string): Promise<void> {
  const directory = path.dirname(file);
  for (const name of await readdir(directory)) {
    if (name.startsWith(`${path.basename(file)}.`) && name.endsWith(unfinished)) {
      await rm(path.join(directory, name), { force: true });
    }
  }
}
