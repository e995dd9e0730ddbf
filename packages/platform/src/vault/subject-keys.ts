import type { Clock, RandomBytes, StreamId } from '@counterfoil/event-store';
import { gather } from '../streams/gathering.ts';
import { ErasedSubject, keysFrom, KeysUnavailable } from './failures.ts';
import { openedForMs, type KeyRing } from './key-ring.ts';
import type { KeyStore, LiveSubject, StoredSubject } from './key-store.ts';
import { passingMemory } from './passing-memory.ts';
import type { DataKey } from './sealing.ts';
import { unwrap, wrap } from './wrapping.ts';

/** The data keys of subjects, made when first needed, opened for a minute at a time. */
export interface SubjectKeys {
  /** The subject's key, durable; made when it has none. Rejects with an ErasedSubject or a KeysUnavailable. */
  make(subject: StreamId): Promise<OpenedKey>;
  /** The keys of those that have one. Rejects with a KeysUnavailable. */
  find(subjects: readonly StreamId[]): Promise<ReadonlyMap<StreamId, OpenedKey | 'erased'>>;
  erase(subject: StreamId): Promise<void>;
  sweep(): void;
}

export interface OpenedKey extends DataKey {
  /** Counts one more sealing. Throws a KeysUnavailable when the key has sealed as often as it may. */
  use(): void;
}

interface SubjectKeysParts {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Some tens of megabytes. */
const openedMost = 50_000;

/** Of a key that is opened for sealing; noted in the store before the first, so that a crash loses none. */
const usesAtOnce = 65_536;

/** NIST SP 800-38D, section 8.3: as often may one key seal with random nonces. */
const usesMost = 2 ** 32;

export function createSubjectKeys(parts: SubjectKeysParts): SubjectKeys {
  const { store, ring, clock, randomBytes } = parts;
  const memory = { lifetimeMs: openedForMs, most: openedMost };
  const opened = passingMemory<StreamId, CountedKey>(clock, memory);

  const openStored = async ({
    subject,
    keyId,
    wrapped,
    under,
  }: LiveSubject): Promise<CountedKey> => {
    const known = opened.get(subject);
    if (known !== undefined) return known;
    const key = countedKey(unwrap({ subject, id: keyId }, wrapped, await ring.key(under)));
    opened.set(subject, key);
    return key;
  };

  /** What is there for each subject; new keys where there was none. */
  const makeAll = async (subjects: readonly StreamId[]): Promise<readonly StoredSubject[]> => {
    for (let attempt = 1; attempt <= attemptsMost; attempt += 1) {
      const under = await ring.current();
      const keys = subjects.map((subject): DataKey => {
        return { subject, id: randomBytes(16), secret: randomBytes(32) };
      });
      const wrapped = keys.map((key) => {
        return { subject: key.subject, keyId: key.id, wrapped: wrap(key, under, randomBytes) };
      });
      const stored = await store.add(wrapped, under.id);
      if (stored !== undefined) {
        stored.forEach((entry, place) => {
          const key = keys[place];
          if (key === undefined || !isSame(entry, key)) return;
          opened.set(key.subject, countedKey(key, usesAtOnce));
        });
        return stored;
      }
      // Another process has just replaced the key-encryption key.
      ring.forget();
    }
    throw new KeysUnavailable('the key-encryption key changed again and again: try again');
  };

  const making = gather<StreamId, StoredSubject>(async (batch) => {
    const subjects = [...new Set(batch)];
    const stored = await keysFrom('the store of keys', () => makeAll(subjects));
    const places = new Map(subjects.map((subject, place) => [subject, stored[place]]));
    return batch.map((subject) => places.get(subject) as StoredSubject);
  });

  /** Lets the key seal some more, unless it has sealed as often as it may. */
  const provide = async (key: CountedKey): Promise<CountedKey> => {
    if (key.left > 0) return key;
    const uses = await keysFrom('the store of keys', () => store.reserve(key.subject, usesAtOnce));
    // None at all: somebody has erased it since.
    if (uses === 0) throw erased(key.subject);
    if (uses > usesMost) {
      throw new KeysUnavailable(`the key of ${key.subject} has sealed as often as a key may`);
    }
    key.left += usesAtOnce;
    return key;
  };

  return {
    make: async (subject) => {
      const known = opened.get(subject);
      if (known !== undefined) return provide(known);
      const stored = await making.add(subject);
      if (stored.kind === 'erased') throw erased(subject);
      return provide(await openStored(stored));
    },
    find: async (subjects) => {
      const found = new Map<StreamId, OpenedKey | 'erased'>();
      const missing = new Set<StreamId>();
      for (const subject of subjects) {
        const known = opened.get(subject);
        if (known === undefined) missing.add(subject);
        else found.set(subject, known);
      }
      if (missing.size === 0) return found;
      const stored = await keysFrom('the store of keys', () => store.find([...missing]));
      for (const [subject, entry] of stored) {
        found.set(subject, entry.kind === 'erased' ? 'erased' : await openStored(entry));
      }
      return found;
    },
    erase: async (subject) => {
      const at = Number(clock() / 1_000_000n);
      await keysFrom('the store of keys', () => store.erase(subject, at));
      opened.delete(subject);
    },
    sweep: opened.sweep,
  };
}

const attemptsMost = 3;

interface CountedKey extends OpenedKey {
  /** How often it may still seal before that has to be noted in the store. */
  left: number;
}

function countedKey(key: DataKey, left = 0): CountedKey {
  const counted: CountedKey = {
    ...key,
    left,
    use: () => {
      if (counted.left <= 0)
        throw new KeysUnavailable(`the key of ${key.subject} is in too much use`);
      counted.left -= 1;
    },
  };
  return counted;
}

function isSame(entry: StoredSubject, key: DataKey): boolean {
  return entry.kind === 'live' && Buffer.from(entry.keyId).equals(key.id);
}

function erased(subject: StreamId): ErasedSubject {
  return new ErasedSubject(`${subject} was erased: nothing more can be written of it`);
}
