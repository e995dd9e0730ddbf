import { createHash, createHmac, hkdfSync } from 'node:crypto';
import type { RandomBytes, StreamId } from '@counterfoil/event-store';
import { KeysUnavailable, SealBroken } from './failures.ts';
import type { StoredSubject, WrappedKey, WrappingKey } from './key-store.ts';
import type { OpenedKeys } from './opened-keys.ts';
import type { DataKey } from './sealing.ts';
import { unwrap, wrap, type KeyEncryptionKey } from './wrapping.ts';

// A backup of the keys is JSON Lines: a header, the wrapping keys, then every subject, and at last an HMAC-SHA256
// over all lines before it, under a key that is derived (RFC 5869) from the wrapping key that was current. It opens
// nothing without the provider that guarded the keys, and nothing at all once that has destroyed them; and nobody
// can make or change one who can't open the keys.

const format = 'counterfoil-keys/2';
const pageSize = 1_000;

type BackupLine =
  | { readonly kind: 'keys'; readonly format: string }
  | { readonly kind: 'wrapping-key'; readonly id: string; readonly kept: string }
  | {
      readonly kind: 'key';
      readonly subject: StreamId;
      readonly id: string;
      readonly wrapped: string;
      readonly under: string;
    }
  | { readonly kind: 'erased'; readonly subject: StreamId; readonly at: number }
  | { readonly kind: 'seal'; readonly under: string; readonly mac: string };

type KeyLine = Extract<BackupLine, { readonly kind: 'key' }>;
type ErasedLine = Extract<BackupLine, { readonly kind: 'erased' }>;
type WrappingKeyLine = Extract<BackupLine, { readonly kind: 'wrapping-key' }>;

/** The lines of a backup, each with its line end. Rejects with a KeysUnavailable. */
export async function* backUpKeys({
  store,
  ring,
}: Pick<OpenedKeys, 'store' | 'ring'>): AsyncGenerator<string> {
  const hash = createHash('sha256');
  for await (const line of contentOf(store)) {
    hash.update(line);
    yield line;
  }
  // The newest there is: whatever in it can still be opened later, that can be, too.
  const current = await ring.reopened();
  const last = lineOf(wrappingKeyLine(await storedKey(store, current.id)));
  hash.update(last);
  yield last;
  yield lineOf({ kind: 'seal', under: current.id, mac: macOf(hash.digest(), current) });
}

async function* contentOf(store: OpenedKeys['store']): AsyncGenerator<string> {
  yield lineOf({ kind: 'keys', format });
  const written = new Set<string>();
  let after = '';
  for (;;) {
    const page = await store.list(after, pageSize);
    // Asked for behind each page: some of it may have been wrapped anew under a key that came only now.
    for (const key of await store.wrappingKeys()) {
      if (!written.has(key.id)) yield lineOf(wrappingKeyLine(key));
      written.add(key.id);
    }
    for (const subject of page) yield lineOf(subjectLine(subject));
    if (page.length < pageSize) return;
    after = page.at(-1)?.subject ?? after;
  }
}

async function storedKey(store: OpenedKeys['store'], id: string): Promise<WrappingKey> {
  const key = (await store.wrappingKeys()).find((one) => one.id === id);
  if (key !== undefined) return key;
  throw new KeysUnavailable('the key-encryption key was just replaced: back up once more');
}

export interface RestoredKeys {
  /** Subjects that had no key, and have one now. */
  readonly restored: number;
  /** Subjects that have a key already, or are erased here: they stay as they are. */
  readonly kept: number;
  /** Subjects that the backup knows as erased, that had no key here, and will never have one. */
  readonly erased: number;
  /** Keys that nobody can open any more: what wrapped them was destroyed. */
  readonly lost: number;
}

/** The file is no backup of these keys, or not as it was written; the message says why. */
export class NoKeyBackup extends Error {
  override readonly name = 'NoKeyBackup';
}

/**
 * Brings back keys, wrapped under the current key of this store, once all of the backup is proven. Whoever is erased
 * here stays so; whoever has a key here keeps it, whatever the backup says. `lines` is asked for twice. Rejects with
 * a NoKeyBackup, or a KeysUnavailable; what was restored by then stays.
 */
export async function restoreKeys(
  lines: () => AsyncIterable<string>,
  keys: OpenedKeys,
  randomBytes: RandomBytes,
): Promise<RestoredKeys> {
  const { wrappers, digest } = await proven(lines(), keys);
  const tally = { restored: 0, kept: 0, erased: 0, lost: 0 };
  let page: KeyLine[] = [];
  const restorePage = async (): Promise<void> => {
    const { restored, kept, lost } = await restoreSome(page, wrappers, keys, randomBytes);
    tally.restored += restored;
    tally.kept += kept;
    tally.lost += lost;
    page = [];
  };
  const reading = startReading(lines());
  for await (const line of reading.lines) {
    switch (line.kind) {
      case 'keys':
      case 'wrapping-key':
      case 'seal':
        break;
      case 'erased':
        tally[await eraseAgain(line, keys)] += 1;
        break;
      case 'key':
        if (page.push(line) === pageSize) await restorePage();
        break;
    }
  }
  await restorePage();
  if (!reading.digest().equals(digest)) throw new NoKeyBackup('it was changed while it was read');
  return tally;
}

/** The backup's wrapping keys that can be opened. Rejects with a NoKeyBackup when its seal is not one of them. */
async function proven(texts: AsyncIterable<string>, keys: OpenedKeys) {
  const wrappers = new Map<string, KeyEncryptionKey | undefined>();
  const reading = startReading(texts);
  let last: BackupLine | undefined;
  for await (const line of reading.lines) {
    if (line.kind === 'wrapping-key') wrappers.set(line.id, await openedWrapper(line, keys));
    last = line;
  }
  if (last === undefined) throw new NoKeyBackup('the file is empty');
  if (last.kind !== 'seal') throw new NoKeyBackup('its end is missing');
  const under = wrappers.get(last.under);
  if (under === undefined) {
    throw new NoKeyBackup(
      `${last.under} can't be opened, which proves it and wraps what is in it: that was destroyed by a rotation, ` +
        'or what guards the keys is out of reach, or not what it was',
    );
  }
  const digest = reading.digest();
  if (macOf(digest, under) !== last.mac) {
    throw new NoKeyBackup('it is not as it was written, so nothing of it was restored');
  }
  return { wrappers, digest };
}

interface Reading {
  readonly lines: AsyncIterable<BackupLine>;
  /** Of all lines before the last. */
  digest(): Buffer;
}

function startReading(texts: AsyncIterable<string>): Reading {
  const hash = createHash('sha256');
  const lines = async function* (): AsyncGenerator<BackupLine> {
    let number = 0;
    let isSealed = false;
    for await (const text of texts) {
      number += 1;
      if (isSealed) throw new NoKeyBackup(`line ${number} is behind its end`);
      const line = parsed(text, number);
      isSealed = line.kind === 'seal';
      if (!isSealed) hash.update(`${text}\n`);
      yield line;
    }
  };
  return { lines: lines(), digest: () => hash.digest() };
}

function macOf(digest: Uint8Array, { secret }: KeyEncryptionKey): string {
  const key = hkdfSync('sha256', secret, '', 'counterfoil backup of keys', 32);
  return createHmac('sha256', Buffer.from(key)).update(digest).digest('base64');
}

/** Whom the log says is erased is erased at every start: a backup has nothing to say about a key that is in use. */
async function eraseAgain(
  { subject }: ErasedLine,
  { store, vault }: OpenedKeys,
): Promise<'kept' | 'erased'> {
  const there = (await store.find([subject])).get(subject);
  if (there?.kind === 'live') return 'kept';
  await vault.erase(subject);
  return 'erased';
}

/** Undefined for one that its provider has destroyed. */
async function openedWrapper(
  { id, kept }: WrappingKeyLine,
  { provider }: OpenedKeys,
): Promise<KeyEncryptionKey | undefined> {
  try {
    return { id, secret: await provider.open(id, Buffer.from(kept, 'base64')) };
  } catch {
    return undefined;
  }
}

async function restoreSome(
  lines: readonly KeyLine[],
  wrappers: ReadonlyMap<string, KeyEncryptionKey | undefined>,
  { store, ring }: OpenedKeys,
  randomBytes: RandomBytes,
): Promise<Omit<RestoredKeys, 'erased'>> {
  const there = await store.find(lines.map(({ subject }) => subject));
  const missing = lines.filter(({ subject }) => !there.has(subject));
  const found = missing.flatMap((line) => opened(line, wrappers.get(line.under)) ?? []);
  const kept = lines.length - missing.length;
  if (found.length === 0) return { restored: 0, kept, lost: missing.length };
  const current = await ring.current();
  const added = await store.add(
    found.map((key): WrappedKey => {
      return { subject: key.subject, keyId: key.id, wrapped: wrap(key, current, randomBytes) };
    }),
    current.id,
  );
  if (added === undefined) {
    throw new KeysUnavailable('the key-encryption key is just being replaced: restore once more');
  }
  return { restored: found.length, kept, lost: missing.length - found.length };
}

function opened(
  { subject, id, wrapped }: KeyLine,
  under: KeyEncryptionKey | undefined,
): DataKey | undefined {
  if (under === undefined) return undefined;
  try {
    const name = { subject, id: Buffer.from(id, 'base64') };
    return unwrap(name, Buffer.from(wrapped, 'base64'), under);
  } catch (cause) {
    if (cause instanceof SealBroken) return undefined;
    throw cause;
  }
}

function wrappingKeyLine({ id, kept }: WrappingKey): WrappingKeyLine {
  return { kind: 'wrapping-key', id, kept: base64(kept) };
}

function subjectLine(stored: StoredSubject): BackupLine {
  if (stored.kind === 'erased') {
    return { kind: 'erased', subject: stored.subject, at: stored.erasedAt };
  }
  const { subject, keyId, wrapped, under } = stored;
  return { kind: 'key', subject, id: base64(keyId), wrapped: base64(wrapped), under };
}

function lineOf(line: BackupLine): string {
  return `${JSON.stringify(line)}\n`;
}

function parsed(text: string, number: number): BackupLine {
  let line: Partial<BackupLine> | undefined;
  try {
    line = JSON.parse(text) as Partial<BackupLine>;
  } catch {
    line = undefined;
  }
  const isHeader = line?.kind === 'keys' && 'format' in line && line.format === format;
  const isKnown = kindsBehindHeader.has(String(line?.kind));
  if (number === 1 ? isHeader : isKnown) return line as BackupLine;
  throw new NoKeyBackup(`line ${number} is not of a backup of keys`);
}

const kindsBehindHeader: ReadonlySet<string> = new Set(['wrapping-key', 'key', 'erased', 'seal']);

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
