import type { Clock, EventStore, RandomBytes } from '@counterfoil/event-store';
import { repeatedly } from '../corporate-actions/repeatedly.ts';
import type { OpenedKeys } from './opened-keys.ts';
import { createKeyRotation, type KeyRotation } from './rotation.ts';

/** Replaces key-encryption keys when they have had their time, and forgets opened ones. */
export interface VaultService {
  readonly rotation: KeyRotation;
  /** Looks after the keys at once, as it does once a minute by itself. */
  tend(): Promise<void>;
  /** Finishes what is under way. */
  close(): Promise<void>;
}

export interface VaultServiceParts {
  readonly keys: OpenedKeys;
  readonly log: EventStore;
  readonly rotationDays: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly onFailure: (failure: unknown) => void;
}

const everyMs = 60_000;

export function startVaultService(parts: VaultServiceParts): VaultService {
  const { keys, log, rotationDays: everyDays, clock, randomBytes, onFailure } = parts;
  const rotation = createKeyRotation({ ...keys, log, everyDays, clock, randomBytes });
  const tending = repeatedly(
    everyMs,
    async () => {
      keys.vault.sweep();
      keys.ring.sweep();
      await rotation.rotateWhenDue();
    },
    onFailure,
  );
  // It may be due since long; nobody has to wait for that.
  void tending.now().catch(() => undefined);
  return { rotation, tend: tending.now, close: tending.stop };
}
