import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  eventType,
  field,
  instantFromMilliseconds,
  openEventStore,
  streamId,
  type Clock,
  type EventStorage,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { createKeyRing } from '../key-ring.ts';
import { openMemoryKeys, openMemoryProvider } from '../memory/memory-keys.ts';
import { createSubjectKeys } from '../subject-keys.ts';
import { foldable } from './erased-events.ts';
import { sealPayloads } from './payload-storage.ts';

const Noted = eventType('Noted', { text: field.text() });
const Struck = eventType('Struck', { text: field.text() });

export const ada = streamId('account-A1');
export const bob = streamId('account-B1');
export const public_ = streamId('instrument-XYZ');

export const cause = { userId: 'clerk', correlationId: 'order 7' };

export function noted(text: string) {
  return { type: 'Noted', data: { text } };
}

/** Keys that a test can put out of reach, and what stands on them. */
export function openKeysUnderTest() {
  let now = 1_800_000_000_000;
  let away = false;
  const clock: Clock = () => instantFromMilliseconds(now);
  const store = openMemoryKeys();
  const ring = createKeyRing({
    store,
    provider: openMemoryProvider(),
    guard: (work) => (away ? Promise.reject(new Error('no route to the provider')) : work()),
    clock,
    randomBytes,
  });
  return {
    clock,
    keys: createSubjectKeys({ store, ring, clock, randomBytes }),
    /** Also passes the minute for which keys stay opened. */
    setAway: (isAway: boolean) => {
      away = isAway;
      now += 61_000;
    },
  };
}

export async function openSealedStore(
  storage: EventStorage = openMemoryStorage(),
  under = openKeysUnderTest(),
  seals = (stream: string) => stream.startsWith('account-'),
) {
  const { keys, clock } = under;
  const sealed = sealPayloads({ storage, keys, seals, randomBytes });
  const options = { eventTypes: [Noted, Struck], clock, randomBytes };
  const store = foldable(await openEventStore({ ...options, storage: sealed }));
  return { ...under, storage, sealed, store };
}

export async function newDirectory(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'counterfoil-payloads-'));
}
