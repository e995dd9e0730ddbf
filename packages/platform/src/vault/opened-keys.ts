import type { Clock, RandomBytes } from '@counterfoil/event-store';
import type { KeyProvider } from './key-provider.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';
import type { KeyStore } from './key-store.ts';
import { randomPool } from './random-pool.ts';
import { createVault, type Vault } from './vault.ts';

/** The vault, and what it stands on: for rotation, backup and the like. */
export interface OpenedKeys {
  readonly vault: Vault;
  readonly store: KeyStore;
  readonly provider: KeyProvider;
  readonly ring: KeyRing;
  close(): Promise<void>;
}

export interface KeysParts {
  readonly store: KeyStore;
  readonly provider: KeyProvider;
  /** Round every call of the provider. */
  readonly guard: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Lets go of the store and the provider. */
  close(): Promise<void>;
}

export function openedKeys({
  store,
  provider,
  guard,
  clock,
  randomBytes,
  close,
}: KeysParts): OpenedKeys {
  const random = randomPool(randomBytes);
  const ring = createKeyRing({ store, provider, guard, clock, randomBytes });
  const vault = createVault({ store, ring, clock, randomBytes: random });
  return { vault, store, provider, ring, close };
}
