import { randomBytes } from 'node:crypto';
import type { Clock } from '@counterfoil/event-store';
import { createKeyRing } from './key-ring.ts';
import { openMemoryKeys, openMemoryProvider } from './memory/memory-keys.ts';
import { createVault, type Vault } from './vault.ts';

/** A vault whose keys are gone with the test. */
export function openVault(clock: Clock): Vault {
  const store = openMemoryKeys();
  const provider = openMemoryProvider();
  const ring = createKeyRing({ store, provider, guard: (work) => work(), clock, randomBytes });
  return createVault({ store, ring, clock, randomBytes });
}
