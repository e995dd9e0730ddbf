import { randomBytes } from 'node:crypto';
import {
  instantFromMilliseconds,
  openEventStore,
  Sealed,
  streamId,
  type Place,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, test } from 'vitest';
import { keyEventTypes, keyStream } from '../domain/vault/events.ts';
import { KeysUnavailable } from './failures.ts';
import type { KeyProvider } from './key-provider.ts';
import type { KeyStore } from './key-store.ts';
import { openMemoryKeys, openMemoryProvider } from './memory/memory-keys.ts';
import { openedKeys } from './opened-keys.ts';
import { createKeyRotation } from './rotation.ts';

const subjects = Array.from({ length: 25 }, (_, at) => streamId(`account-${at}`));

async function opened(
  changed: (store: KeyStore) => Partial<KeyStore> = () => ({}),
  changedProvider: (provider: KeyProvider) => Partial<KeyProvider> = () => ({}),
) {
  let now = 1_790_000_000_000;
  const clock = () => instantFromMilliseconds(now);
  const kept = openMemoryKeys();
  const store = { ...kept, ...changed(kept) };
  const memory = openMemoryProvider();
  const destroyed: string[] = [];
  const provider = {
    ...memory,
    ...changedProvider(memory),
    destroy: async (id: string) => {
      destroyed.push(id);
      await memory.destroy(id);
    },
  };
  const log = await openEventStore({
    storage: openMemoryStorage(),
    eventTypes: keyEventTypes,
    clock,
    randomBytes,
  });
  const process = () => {
    const keys = openedKeys({
      store,
      provider,
      guard: (work) => work(),
      clock,
      randomBytes,
      close: async () => {},
    });
    return {
      ...keys,
      rotation: createKeyRotation({ ...keys, log, everyDays: 90, clock, randomBytes }),
    };
  };
  const here = process();
  const places = subjects.map((stream): Place => {
    return { stream, version: 1, type: 'AccountOpened', path: 'ownerName' };
  });
  const sealed = await Promise.all(
    places.map(async (place) => {
      const value = await here.vault.hold(place.stream, `Owner of ${place.stream}`);
      return new Sealed(place, value.sealedFor(place));
    }),
  );
  return {
    ...here,
    process,
    destroyed,
    pass: (days: number) => {
      now += days * 86_400_000;
    },
    told: async () => (await log.readStream(keyStream)).map(({ data }) => data),
    /** As a program reads it that starts anew. */
    names: () =>
      process().vault.openAll(sealed.map((value) => ({ subject: value.place.stream, value }))),
  };
}

const owners = subjects.map((subject) => `Owner of ${subject}`);

describe('RC-04 rotation of the key-encryption key', () => {
  test('wraps every data key anew, destroys the old one, and leaves what was sealed readable', async () => {
    const { rotation, store, destroyed, names, told } = await opened();
    const [before] = await store.wrappingKeys();

    const { current, rewrapped } = await rotation.rotate('operator');

    expect(rewrapped).toBe(25);
    expect((await store.wrappingKeys()).map(({ id }) => id)).toEqual([current]);
    expect(destroyed).toEqual([before?.id]);
    expect(await names()).toEqual(owners);
    expect(await told()).toEqual([{ retired: before?.id, current, subjects: 25 }]);
  });

  test('happens after 90 days, and not before', async () => {
    const { rotation, pass, names, told } = await opened();

    pass(89);
    expect(await rotation.rotateWhenDue()).toBeUndefined();
    pass(1);
    expect(await rotation.rotateWhenDue()).toMatchObject({ rewrapped: 25 });
    expect(await rotation.rotateWhenDue()).toBeUndefined();

    expect(await names()).toEqual(owners);
    expect(await told()).toHaveLength(1);
  });

  test('goes on where it was broken off', async () => {
    let left = 1;
    const { rotation, store, names, told } = await opened((kept) => ({
      listUnder: (id, limit) => kept.listUnder(id, Math.min(limit, 10)),
      rewrap: (keys, under) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('crashed')) : kept.rewrap(keys, under);
      },
    }));

    await expect(rotation.rotate('operator')).rejects.toThrow(KeysUnavailable);
    expect(await store.wrappingKeys()).toHaveLength(2);
    expect(await names()).toEqual(owners);
    left = 10;

    expect(await rotation.rotateWhenDue()).toMatchObject({ rewrapped: 15 });
    expect(await store.wrappingKeys()).toHaveLength(1);
    expect(await names()).toEqual(owners);
    expect(await told()).toHaveLength(1);
  });

  test('tells of itself once, also when it is broken off behind that', async () => {
    let fails = true;
    const { rotation, store, told } = await opened((kept) => ({
      removeWrappingKey: (id) => {
        if (!fails) return kept.removeWrappingKey(id);
        fails = false;
        return Promise.reject(new Error('crashed'));
      },
    }));

    await expect(rotation.rotate('operator')).rejects.toThrow(KeysUnavailable);
    await rotation.rotateWhenDue();

    expect(await store.wrappingKeys()).toHaveLength(1);
    expect(await told()).toHaveLength(1);
  });

  test('loses no key that another process makes meanwhile', async () => {
    const { rotation, process } = await opened();
    const other = process();
    const late = Array.from({ length: 50 }, (_, at) => streamId(`user-${at}`));
    const places = late.map((stream): Place => ({ stream, version: 1, type: 'T', path: 'p' }));
    // It knows the key that is about to be replaced.
    await other.vault.hold(streamId('user-first'), 'first');

    const rotating = rotation.rotate('operator');
    const values = await Promise.all(
      places.map(async (place) => {
        const held = await other.vault.hold(place.stream, `Name of ${place.stream}`);
        const value = new Sealed(place, held.sealedFor(place));
        return { subject: place.stream, value };
      }),
    );
    await rotating;

    expect(await process().vault.openAll(values)).toEqual(late.map((one) => `Name of ${one}`));
  });

  test('by two processes at once is done by one of them', async () => {
    const { rotation, process, store, names, told } = await opened();

    const both = await Promise.allSettled([
      rotation.rotate('operator'),
      process().rotation.rotate('operator'),
    ]);

    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { message: expect.stringContaining('another process is replacing') },
    });
    expect(await told()).toHaveLength(1);
    expect(await store.wrappingKeys()).toHaveLength(1);
    expect(await names()).toEqual(owners);
  });

  test('leaves what is due to the process that is at it', async () => {
    const { rotation, store, pass, destroyed } = await opened();
    pass(90);
    const at = 1_790_000_000_000 + 90 * 86_400_000;
    await store.claimRotation('another', at, at + 1_000);

    expect(await rotation.rotateWhenDue()).toBeUndefined();
    expect(destroyed).toEqual([]);
    await store.releaseRotation('another');
    expect(await rotation.rotateWhenDue()).toMatchObject({ rewrapped: 25 });
  });

  test.each<[string, (created: Uint8Array) => Promise<Uint8Array>]>([
    ['has lost', () => Promise.reject(new Error('no such key'))],
    ['has another of', async (secret) => secret.map((byte) => byte ^ 1)],
  ])('stops before it loses anything to a provider that %s the new key', async (_, spoilt) => {
    // It fails from the first time on that the new key is opened, or from the second or third.
    for (const goodFor of [0, 1, 2]) {
      let watching = false;
      let made = '';
      let opens = 0;
      const { rotation, destroyed, names } = await opened(undefined, (provider) => ({
        create: (id) => {
          made = watching ? id : '';
          return provider.create(id);
        },
        open: async (id, kept) => {
          const secret = await provider.open(id, kept);
          if (!watching || id !== made) return secret;
          opens += 1;
          return opens > goodFor ? spoilt(secret) : secret;
        },
      }));

      watching = true;
      await expect(rotation.rotate('operator')).rejects.toThrow(KeysUnavailable);
      watching = false;

      expect(opens).toBe(goodFor + 1);
      expect(destroyed).toEqual([]);
      expect(await names()).toEqual(owners);
    }
  });
});
