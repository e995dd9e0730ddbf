import { randomBytes } from 'node:crypto';
import type { StreamId } from '@counterfoil/event-store';
import type { KeyProvider } from '../key-provider.ts';
import type { KeyStore, LiveSubject, StoredSubject, WrappingKey } from '../key-store.ts';

/** A store of keys that is gone at the end, for a log that is. */
export function openMemoryKeys(): KeyStore {
  const wrappingKeys = new Map<string, WrappingKey>();
  const subjects = new Map<StreamId, StoredSubject>();
  const uses = new Map<StreamId, number>();
  let claim: { readonly holder: string; readonly until: number } | undefined;
  const currentId = () => [...wrappingKeys.values()].find(({ retired }) => !retired)?.id;
  const live = (): readonly LiveSubject[] =>
    [...subjects.values()].filter((entry) => entry.kind === 'live');

  return {
    wrappingKeys: async () => [...wrappingKeys.values()],
    addWrappingKey: async (key, replacing) => {
      const current = currentId();
      if (current !== replacing) return false;
      for (const [id, known] of wrappingKeys) wrappingKeys.set(id, { ...known, retired: true });
      wrappingKeys.set(key.id, { ...key, retired: false });
      return true;
    },
    removeWrappingKey: async (id) => {
      if (live().some(({ under }) => under === id)) throw new Error(`keys are wrapped under ${id}`);
      if (wrappingKeys.get(id)?.retired === true) wrappingKeys.delete(id);
    },
    add: async (keys, under) => {
      if (currentId() !== under) return undefined;
      return keys.map(({ subject, keyId, wrapped }) => {
        const known = subjects.get(subject);
        if (known !== undefined) return known;
        const entry: StoredSubject = { kind: 'live', subject, keyId, wrapped, under };
        subjects.set(subject, entry);
        uses.set(subject, firstUses);
        return entry;
      });
    },
    find: async (wanted) =>
      new Map(
        wanted.flatMap((subject) => {
          const known = subjects.get(subject);
          return known === undefined ? [] : [[subject, known]];
        }),
      ),
    reserve: async (subject, count) => {
      if (subjects.get(subject)?.kind !== 'live') return 0;
      const all = (uses.get(subject) ?? 0) + count;
      uses.set(subject, all);
      return all;
    },
    erase: async (subject, erasedAt) => {
      if (subjects.get(subject)?.kind === 'erased') return;
      subjects.set(subject, { kind: 'erased', subject, erasedAt });
    },
    list: async (after, limit) =>
      [...subjects.values()]
        .filter(({ subject }) => subject > after)
        .toSorted((one, other) => (one.subject < other.subject ? -1 : 1))
        .slice(0, limit),
    listUnder: async (id, limit) =>
      live()
        .filter(({ under }) => under === id)
        .slice(0, limit),
    rewrap: async (keys, under) => {
      if (currentId() !== under) return false;
      for (const { subject, keyId, wrapped } of keys) {
        const known = subjects.get(subject);
        if (known?.kind !== 'live' || !Buffer.from(known.keyId).equals(keyId)) continue;
        subjects.set(subject, { ...known, wrapped, under });
      }
      return true;
    },
    claimRotation: async (holder, now, until) => {
      if (claim !== undefined && claim.holder !== holder && claim.until > now) return false;
      claim = { holder, until };
      return true;
    },
    releaseRotation: async (holder) => {
      if (claim?.holder === holder) claim = undefined;
    },
    count: async () => {
      const count = live().length;
      return { live: count, erased: subjects.size - count };
    },
    close: async () => {},
  };
}

/** See `KeyStore.reserve`. */
const firstUses = 65_536;

/** Key-encryption keys that are gone at the end. */
export function openMemoryProvider(): KeyProvider {
  const keys = new Map<string, Uint8Array>();
  return {
    create: async (id) => {
      if (keys.has(id)) throw new Error(`there is a key ${id} already`);
      const secret = randomBytes(32);
      keys.set(id, secret);
      return { secret, kept: new Uint8Array(0) };
    },
    open: async (id) => {
      const secret = keys.get(id);
      if (secret === undefined) throw new Error(`there is no key ${id}`);
      return secret;
    },
    destroy: async (id) => {
      keys.delete(id);
    },
  };
}
