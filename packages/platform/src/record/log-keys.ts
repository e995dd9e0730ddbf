import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatInstant, type Clock } from '@counterfoil/event-store';
import { noteSigner, type NoteSigner } from '@counterfoil/event-store/log';
import { ConfigError } from '../config-error.ts';

/** The log's name, and what it signs with. */
export interface LogKeys {
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Verifier keys, the newest first: it is the one that signs. */
  readonly publicKeys: readonly string[];
}

export interface LogKeysOptions {
  /** Where keys are kept. */
  readonly directory: string;
  /** The name to begin with; one is made when it is left out. */
  readonly origin: string | undefined;
  readonly clock: Clock;
}

/** What the file holds: the newest key first, and of older ones the public half alone. */
interface KeyFile {
  readonly origin: string;
  readonly keys: readonly KeptKey[];
}

interface KeptKey {
  readonly verifier_key: string;
  readonly made_at: string;
  /** The private key of Ed25519, 32 bytes in base64. */
  readonly private_key?: string | undefined;
}

const fileName = 'log-signing-keys.json';

/**
 * Reads the keys, or makes the first. Throws a ConfigError when others may read them, or the log has
 * another name.
 */
export async function openLogKeys(options: LogKeysOptions): Promise<LogKeys> {
  const { directory, origin } = options;
  const file = path.join(directory, fileName);
  const kept = (await readKeys(file)) ?? (await makeFirst(file, options));
  if (origin !== undefined && origin !== kept.origin) {
    throw new ConfigError(
      `origin is "${origin}", and this log has been signed as "${kept.origin}": a log keeps its name`,
    );
  }
  return keysOf(kept, file);
}

/** Makes a key that signs from the next start on. The private half of the one before is forgotten. */
export async function renewLogKey(options: LogKeysOptions): Promise<LogKeys> {
  const file = path.join(options.directory, fileName);
  const kept = (await readKeys(file)) ?? (await makeFirst(file, options));
  const older = kept.keys.map(({ verifier_key, made_at }) => ({ verifier_key, made_at }));
  const renewed = { ...kept, keys: [newKey(kept.origin, options.clock), ...older] };
  const beside = `${file}.new`;
  await writePrivately(beside, renewed);
  await rename(beside, file);
  return keysOf(renewed, file);
}

/** Keys that are gone with the process, for a log that is. */
export function temporaryLogKeys(origin: string | undefined, clock: Clock): LogKeys {
  const name = origin ?? madeUpName();
  return keysOf({ origin: name, keys: [newKey(name, clock)] }, 'memory');
}

async function makeFirst(file: string, { origin, clock }: LogKeysOptions): Promise<KeyFile> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const name = origin ?? madeUpName();
  const mine = { origin: name, keys: [newKey(name, clock)] };
  const beside = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writePrivately(beside, mine);
  try {
    // Fails when another process was quicker: then its keys are the log's.
    await link(beside, file);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'EEXIST') throw cause;
  } finally {
    await unlink(beside);
  }
  return (await readKeys(file)) ?? mine;
}

async function writePrivately(file: string, content: KeyFile): Promise<void> {
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flush: true });
}

function newKey(origin: string, clock: Clock): KeptKey {
  const seed = randomBytes(32);
  return {
    verifier_key: noteSigner(origin, seed).verifierKey,
    made_at: formatInstant(clock()),
    private_key: seed.toString('base64'),
  };
}

function madeUpName(): string {
  return `counterfoil.local/${randomBytes(4).toString('hex')}`;
}

async function readKeys(file: string): Promise<KeyFile | undefined> {
  let text: string;
  try {
    const { mode } = await stat(file);
    // Windows has no such modes.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ConfigError(`${file} holds private keys and others may read it: chmod 600 it`);
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return undefined;
    throw cause;
  }
  return JSON.parse(text) as KeyFile;
}

function keysOf({ origin, keys }: KeyFile, file: string): LogKeys {
  const seed = keys[0]?.private_key;
  if (seed === undefined) throw new ConfigError(`${file} has no private key: restore it`);
  return {
    origin,
    signer: noteSigner(origin, Buffer.from(seed, 'base64')),
    publicKeys: keys.map((key) => key.verifier_key),
  };
}
