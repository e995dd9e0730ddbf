import { createHmac } from 'node:crypto';
import {
  isSensitive,
  openTextOf,
  parseSealed,
  Sealed,
  sealedMark,
  streamId,
  type Clock,
  type RandomBytes,
  type Sensitive,
  type StreamId,
} from '@counterfoil/event-store';
import { KeysUnavailable, SealBroken } from './failures.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyStore } from './key-store.ts';
import { seal, unseal } from './sealing.ts';
import { createSubjectKeys, type OpenedKey } from './subject-keys.ts';

/** Seals what is sensitive under a key of whom it tells of, and opens it while that key exists. */
export interface Vault {
  /**
   * A text as a sensitive value of a subject; its key is durable when this resolves. Rejects with a
   * KeysUnavailable, or an ErasedSubject: nobody who was erased is written of again.
   */
  hold(subject: StreamId, text: string): Promise<Sensitive>;

  /**
   * The text of a value, given as it was read or as the text that a read model keeps of it; undefined once the
   * subject is erased. Rejects with a KeysUnavailable, or with a SealBroken when the value was tampered with.
   */
  open(subject: StreamId, value: Sensitive | string): Promise<string | undefined>;

  /** As `open`, of many at once, in the order given: their keys are fetched together. */
  openAll(values: readonly SubjectValue[]): Promise<readonly (string | undefined)[]>;

  /**
   * A text's keyed hash (HMAC-SHA256, base64url): the same for the same text, and nothing to guess from without
   * the key. For looking up a login name that is not stored. Rejects with a KeysUnavailable.
   */
  blindIndex(text: string): Promise<string>;

  /** Destroys the subject's key, for good, in this process at once and in others within a minute. */
  erase(subject: StreamId): Promise<void>;

  /** Forgets opened keys that have had their time. */
  sweep(): void;
}

export interface SubjectValue {
  readonly subject: StreamId;
  readonly value: Sensitive | string;
}

export interface VaultParts {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Whose data key keys the blind index: no person, and never erased. */
const lookupSubject = streamId('vault-lookup');

export function createVault({ store, ring, clock, randomBytes }: VaultParts): Vault {
  const keys = createSubjectKeys({ store, ring, clock, randomBytes });
  // Here and nowhere else: whatever prints or sends a held value finds nothing in it.
  const held = new WeakMap<Sensitive, string>();

  const hold = (key: OpenedKey, text: string): Sensitive => {
    const value: Sensitive & { toJSON(): string } = {
      sealedFor: (place) => {
        key.use();
        return seal(key, place, text, randomBytes);
      },
      toJSON: () => sealedMark,
    };
    held.set(value, text);
    return value;
  };

  const openWith = (key: OpenedKey | undefined, value: Sensitive, subject: StreamId): string => {
    const plain = held.get(value) ?? openTextOf(value);
    if (plain !== undefined) return plain;
    if (!(value instanceof Sealed)) throw new TypeError('a sensitive value of another vault');
    // Its key was there when it was written: the store is not the one that belongs to the log.
    if (key === undefined) throw new KeysUnavailable(`the store of keys has none for ${subject}`);
    return unseal(key, value.place, value.bytes);
  };

  const openAll = async (
    values: readonly SubjectValue[],
  ): Promise<readonly (string | undefined)[]> => {
    const found = await keys.find(values.map(({ subject }) => subject));
    return values.map(({ subject, value }) => {
      const key = found.get(subject);
      if (key === 'erased') return undefined;
      return openWith(key, isSensitive(value) ? value : parsed(value, subject), subject);
    });
  };

  return {
    hold: async (subject, text) => hold(await keys.make(subject), text),
    open: async (subject, value) => (await openAll([{ subject, value }]))[0],
    openAll,
    blindIndex: async (text) => {
      const { secret } = await keys.make(lookupSubject);
      return createHmac('sha256', secret).update(text).digest('base64url');
    },
    erase: async (subject) => {
      if (subject === lookupSubject) throw new RangeError(`${subject} is no subject`);
      await keys.erase(subject);
    },
    sweep: keys.sweep,
  };
}

function parsed(text: string, subject: StreamId): Sensitive {
  try {
    return parseSealed(text);
  } catch (cause) {
    throw new SealBroken(`what a read model keeps of ${subject} is no sealed value`, { cause });
  }
}
