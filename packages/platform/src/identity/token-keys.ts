import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  createCommandHandler,
  type Clock,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type Instant,
} from '@counterfoil/event-store';
import { tokenKeysStream, type TokenKeyEvent } from '../domain/users/events.ts';
import { tokenKeysDecider } from '../domain/users/token-keys.ts';
import type { IdentityBook } from './identity-book.ts';
import { trustedFrom } from './token-lifetime.ts';

/**
 * The keys that sign access tokens (Ed25519). Private keys stay in a file that its owner alone can read;
 * public ones go into the log, so that every process knows those of every other.
 */
export interface TokenKeys {
  /** The key to sign with now; makes and publishes the next one when it is time. */
  signer(): Promise<SigningKey>;
  /**
   * Has nobody trust any key that was published so far, here at once and elsewhere as soon as the log is read
   * there. Every process then signs with a new one. It is durable when the promise resolves.
   */
  withdraw(reason: string, options: HandleOptions<never>): Promise<CommandResult<never>>;
}

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

interface StoredKey {
  readonly keyId: string;
  /** Both in base64url, 32 bytes each (RFC 8037). */
  readonly x: string;
  readonly d: string;
  readonly signsFrom: Instant;
  readonly signsUntil: Instant;
}

const day = 24n * 3_600_000_000_000n;
const signsFor = 30n * day;
// Those who keep the public keys for a while know the next one before it is used.
const publishedBefore = 1n * day;

export interface TokenKeyParts {
  /** Where the file is; undefined to keep the keys in memory alone. */
  readonly directory: string | undefined;
  readonly store: EventStore;
  readonly book: IdentityBook;
  readonly clock: Clock;
}

/** The file can be read by others than its owner, or is none of this program's. */
export class TokenKeysUnsafe extends Error {
  override readonly name = 'TokenKeysUnsafe';
}

export async function openTokenKeys(parts: TokenKeyParts): Promise<TokenKeys> {
  const { directory, store, book, clock } = parts;
  const file = directory === undefined ? undefined : path.join(directory, 'token-keys.json');
  let keys = file === undefined ? [] : await readKeys(file);
  let making: Promise<void> | undefined;
  const published = createCommandHandler(store, tokenKeysDecider);

  const publish = async (missing: readonly StoredKey[]): Promise<void> => {
    if (missing.length === 0) return;
    const result = await store.append({
      appends: [{ stream: tokenKeysStream, expected: 'any', events: missing.map(publication) }],
      cause: { userId: 'counterfoil' },
    });
    if (result.kind === 'appended') await book.reach(result.position);
  };

  const isGood = ({ keyId, signsUntil }: StoredKey, now: Instant): boolean =>
    now < signsUntil && !book.isWithdrawn(keyId);

  const make = async (signsFrom: Instant, now: Instant): Promise<void> => {
    const kept = [...keys.filter((key) => isGood(key, now)), newKey(signsFrom)];
    // Kept first: a key that was published and is lost would be trusted for nothing.
    if (file !== undefined) await writeKeys(file, kept);
    keys = kept;
    await publish(kept.slice(-1));
  };

  const makeOnce = (signsFrom: Instant, now: Instant): Promise<void> => {
    making ??= make(signsFrom, now).finally(() => {
      making = undefined;
    });
    return making;
  };

  const signingAt = (now: Instant): StoredKey | undefined =>
    keys.findLast((key) => key.signsFrom <= now && isGood(key, now));

  // A crash, or another log than before, may have left some unpublished.
  const at = clock();
  await publish(keys.filter((key) => isGood(key, at) && !book.tokenKeys().has(key.keyId)));
  return {
    signer: async () => {
      const now = clock();
      let signing = signingAt(now);
      if (signing === undefined) {
        await makeOnce(now, now);
        signing = signingAt(now);
      } else if (keys.at(-1) === signing && signing.signsUntil - now <= publishedBefore) {
        await makeOnce(signing.signsUntil, now);
      }
      if (signing === undefined) throw new Error('there is no key to sign with');
      const { keyId, x, d } = signing;
      const key = { kty: 'OKP', crv: 'Ed25519', x, d };
      return { keyId, privateKey: createPrivateKey({ format: 'jwk', key }) };
    },
    withdraw: async (reason, options) => {
      const command = {
        type: 'WithdrawTokenKeys',
        trustedFrom: trustedFrom(clock()),
        reason,
      } as const;
      const result = await published.handle(tokenKeysStream, command, options);
      if (result.kind === 'accepted') await book.reach(result.position ?? 0);
      return result;
    },
  };
}

function newKey(signsFrom: Instant): StoredKey {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new Error('a key of Ed25519 has no x and d');
  const keyId = randomBytes(12).toString('base64url');
  return { keyId, x, d, signsFrom, signsUntil: (signsFrom + signsFor) as Instant };
}

function publication({ keyId, x, signsFrom, signsUntil }: StoredKey): TokenKeyEvent {
  return { type: 'TokenKeyPublished', data: { keyId, publicKey: x, signsFrom, signsUntil } };
}

async function readKeys(file: string): Promise<StoredKey[]> {
  let text: string;
  try {
    const { mode } = await stat(file);
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new TokenKeysUnsafe(
        `${file} holds private keys and others may read it: make it its owner's alone (chmod 600). If somebody ` +
          'has read it, run "counterfoil users withdraw-token-keys": removing the file does not keep its keys ' +
          'from being trusted',
      );
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  return parseKeys(text, file);
}

function parseKeys(text: string, file: string): StoredKey[] {
  try {
    const { keys } = JSON.parse(text) as { keys: Record<keyof StoredKey, string>[] };
    return keys.map(({ keyId, x, d, signsFrom, signsUntil }) => ({
      keyId,
      x,
      d,
      signsFrom: BigInt(signsFrom) as Instant,
      signsUntil: BigInt(signsUntil) as Instant,
    }));
  } catch (cause) {
    throw new TokenKeysUnsafe(
      `${file} can't be read as keys: restore it, or remove it, and new ones are made`,
      { cause },
    );
  }
}

async function writeKeys(file: string, keys: readonly StoredKey[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  const handle = await open(partial, 'wx', 0o600);
  try {
    const texts = keys.map((key) => ({
      ...key,
      signsFrom: String(key.signsFrom),
      signsUntil: String(key.signsUntil),
    }));
    await handle.writeFile(JSON.stringify({ keys: texts }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}
