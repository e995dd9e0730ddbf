import type { Clock, RandomBytes } from '@counterfoil/event-store';
import { keysFrom, KeysUnavailable } from './failures.ts';
import type { KeyProvider } from './key-provider.ts';
import type { KeyStore, WrappingKey } from './key-store.ts';
import { passingMemory } from './passing-memory.ts';
import type { KeyEncryptionKey } from './wrapping.ts';

/** The key-encryption keys, opened by their provider for a minute at a time. */
export interface KeyRing {
  /** The one under which new keys are wrapped; the first call of all makes it. Rejects with a KeysUnavailable. */
  current(): Promise<KeyEncryptionKey>;
  /** The one with this id. Rejects with a KeysUnavailable. */
  key(id: string): Promise<KeyEncryptionKey>;
  /**
   * Makes a new current key in place of that one, and answers it; undefined when another was current already.
   * Rejects with a KeysUnavailable.
   */
  replace(id: string | undefined): Promise<KeyEncryptionKey | undefined>;
  /**
   * The current key, as its provider has it now: what is remembered of it does not count. Rejects with a
   * KeysUnavailable, also when the provider has another key under that id than is in use here.
   */
  reopened(): Promise<KeyEncryptionKey>;
  /** Another process may have made another key the current one. */
  forget(): void;
  sweep(): void;
}

export interface KeyRingParts {
  readonly store: KeyStore;
  readonly provider: KeyProvider;
  /** Round every call of the provider: it may be out of order for long. */
  readonly guard: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** As long, at most, a provider that was shut off is not noticed. */
export const openedForMs = 60_000;

export function createKeyRing(parts: KeyRingParts): KeyRing {
  const { store, provider, guard, clock, randomBytes } = parts;
  const memory = { lifetimeMs: openedForMs, most: 16 };
  const opened = passingMemory<string, KeyEncryptionKey>(clock, memory);
  const currents = passingMemory<'current', KeyEncryptionKey>(clock, memory);

  const openKey = async ({ id, kept }: WrappingKey): Promise<KeyEncryptionKey> => {
    const known = opened.get(id);
    if (known !== undefined) return known;
    const key = { id, secret: await guard(() => provider.open(id, kept)) };
    opened.set(id, key);
    return key;
  };

  const replace = async (before: string | undefined): Promise<KeyEncryptionKey | undefined> => {
    const id = `kek-${Buffer.from(randomBytes(8)).toString('hex')}`;
    const { secret, kept } = await guard(() => provider.create(id));
    // Nothing may ever be wrapped under a key that lives in this memory alone.
    requireSame({ id, secret }, await guard(() => provider.open(id, kept)));
    const createdAt = Number(clock() / 1_000_000n);
    currents.clear();
    if (!(await store.addWrappingKey({ id, createdAt, kept }, before))) {
      await guard(() => provider.destroy(id));
      return undefined;
    }
    const key = { id, secret };
    opened.set(id, key);
    return key;
  };

  const findCurrent = async (): Promise<KeyEncryptionKey> => {
    const current = (await store.wrappingKeys()).find(({ retired }) => !retired);
    if (current !== undefined) return openKey(current);
    const made = await replace(undefined);
    // Another process was faster: its key is the current one now.
    return made ?? findCurrent();
  };

  const reopened = async (): Promise<KeyEncryptionKey> => {
    const current = (await store.wrappingKeys()).find(({ retired }) => !retired);
    if (current === undefined) return findCurrent();
    const { id, kept } = current;
    const secret = await guard(() => provider.open(id, kept));
    const known = opened.get(id);
    if (known !== undefined) requireSame(known, secret);
    const key = { id, secret };
    opened.set(id, key);
    currents.set('current', key);
    return key;
  };

  // Many ask at once when it has just been forgotten.
  let finding: Promise<KeyEncryptionKey> | undefined;

  return {
    current: async () => {
      const known = currents.get('current');
      if (known !== undefined) return known;
      finding ??= keysFrom('the key-encryption key', findCurrent).finally(() => {
        finding = undefined;
      });
      const key = await finding;
      currents.set('current', key);
      return key;
    },
    key: (id) =>
      keysFrom(`the key-encryption key ${id}`, async () => {
        const known = opened.get(id);
        if (known !== undefined) return known;
        const found = (await store.wrappingKeys()).find((one) => one.id === id);
        if (found === undefined) throw new KeysUnavailable(`there is no key-encryption key ${id}`);
        return openKey(found);
      }),
    replace: (before) => keysFrom('the key-encryption key', () => replace(before)),
    reopened: () => keysFrom('the key-encryption key', reopened),
    forget: currents.clear,
    sweep: () => {
      opened.sweep();
      currents.sweep();
    },
  };
}

function requireSame({ id, secret }: KeyEncryptionKey, answered: Uint8Array): void {
  if (Buffer.from(secret).equals(answered)) return;
  throw new KeysUnavailable(`what guards the keys has another key under the id ${id} than it made`);
}
