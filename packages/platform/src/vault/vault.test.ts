import { randomBytes } from 'node:crypto';
import {
  instantFromMilliseconds,
  plainSensitive,
  Sealed,
  sealedText,
  streamId,
  type Place,
  type Sensitive,
} from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { ErasedSubject, KeysUnavailable, SealBroken } from './failures.ts';
import { createKeyRing } from './key-ring.ts';
import type { KeyStore } from './key-store.ts';
import { openMemoryKeys, openMemoryProvider } from './memory/memory-keys.ts';
import { createVault } from './vault.ts';

const ada = streamId('account-ADA');
const bob = streamId('account-BOB');
const place: Place = { stream: ada, version: 1, type: 'AccountOpened', path: 'ownerName' };

function opened(changed: Partial<KeyStore> = {}) {
  let now = instantFromMilliseconds(1_790_000_000_000);
  let down = false;
  const clock = () => now;
  const kept = openMemoryKeys();
  const store = { ...kept, ...changed };
  const provider = openMemoryProvider();
  const guard = <Result>(work: () => Promise<Result>): Promise<Result> =>
    down ? Promise.reject(new Error('no way to it')) : work();
  const vaultOn = () => {
    const ring = createKeyRing({ store, provider, guard, clock, randomBytes });
    return { vault: createVault({ store, ring, clock, randomBytes }), ring };
  };
  return {
    ...vaultOn(),
    store: kept,
    /** As another process has it, on the same keys. */
    another: () => vaultOn().vault,
    pass: (seconds: number) => {
      now = instantFromMilliseconds(Number(now / 1_000_000n) + seconds * 1_000);
    },
    shutOff: () => {
      down = true;
    },
    turnOn: () => {
      down = false;
    },
  };
}

/** As the log gives it back. */
function written(value: Sensitive, at = place): Sealed {
  return new Sealed(at, value.sealedFor(at));
}

describe('RC-04 the vault', () => {
  test('gives back what it sealed, from the log and from a column', async () => {
    const { vault, another } = opened();
    const sealed = written(await vault.hold(ada, 'Ada Lovelace'));

    expect(await vault.open(ada, sealed)).toBe('Ada Lovelace');
    expect(await another().open(ada, sealedText(sealed))).toBe('Ada Lovelace');
  });

  test('opens what it holds and what was never sealed, too', async () => {
    const { vault } = opened();

    expect(await vault.open(ada, await vault.hold(ada, 'Ada'))).toBe('Ada');
    expect(await vault.open(ada, plainSensitive('Ada'))).toBe('Ada');
    expect(await vault.open(ada, 'open Ada')).toBe('Ada');
  });

  test('opens many in the order in which they were given', async () => {
    const { vault, another } = opened();
    const subjects = Array.from({ length: 20 }, (_, at) => streamId(`account-${at}`));
    const values = await Promise.all(
      subjects.map(async (subject) => {
        const value = written(await vault.hold(subject, `Owner ${subject}`), {
          ...place,
          stream: subject,
        });
        return { subject, value };
      }),
    );

    expect(await another().openAll([...values, ...values.slice(0, 5)])).toEqual(
      [...subjects, ...subjects.slice(0, 5)].map((subject) => `Owner ${subject}`),
    );
  });

  test('has one key for a subject, whoever asks for it at once', async () => {
    const { vault, another, store } = opened();
    const other = another();

    const held = await Promise.all([
      ...Array.from({ length: 10 }, () => vault.hold(ada, 'Ada')),
      ...Array.from({ length: 10 }, () => other.hold(ada, 'Ada')),
    ]);

    const third = another();
    for (const value of held) expect(await third.open(ada, written(value))).toBe('Ada');
    expect(await store.count()).toEqual({ live: 1, erased: 0 });
  });

  test('shows nothing of what it holds to whatever prints it', async () => {
    const { vault } = opened();
    const value = await vault.hold(ada, 'Ada Lovelace');
    const { inspect } = await import('node:util');

    expect(JSON.stringify({ value })).toBe('{"value":"[sealed]"}');
    expect(inspect(value, { depth: 9, showHidden: true })).not.toContain('Ada');
  });

  test('opens nothing of another subject, nor what was moved or changed', async () => {
    const { vault } = opened();
    await vault.hold(bob, 'Bob');
    const sealed = written(await vault.hold(ada, 'Ada'));

    await expect(vault.open(bob, sealed)).rejects.toThrow(SealBroken);
    const moved = new Sealed({ ...place, version: 2 }, sealed.bytes);
    await expect(vault.open(ada, moved)).rejects.toThrow(SealBroken);
    await expect(vault.open(ada, 'sealed nonsense')).rejects.toThrow(SealBroken);
  });

  test('makes of a text one blind index, the same in every process, that tells nothing', async () => {
    const { vault, another } = opened();
    const strange = opened().vault;

    const index = await vault.blindIndex('ada@example.org');

    expect(index).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await another().blindIndex('ada@example.org')).toBe(index);
    expect(await vault.blindIndex('bob@example.org')).not.toBe(index);
    expect(await strange.blindIndex('ada@example.org')).not.toBe(index);
  });
});

describe('RC-04 the vault and an erased subject', () => {
  test('opens nothing any more, however it was kept, and holds nothing', async () => {
    const { vault, another } = opened();
    const held = await vault.hold(ada, 'Ada');
    const sealed = written(held);

    await vault.erase(ada);

    for (const value of [held, sealed, sealedText(sealed), plainSensitive('Ada')]) {
      expect(await vault.open(ada, value)).toBeUndefined();
    }
    expect(await another().open(ada, sealed)).toBeUndefined();
    await expect(vault.hold(ada, 'Ada')).rejects.toThrow(ErasedSubject);
  });

  test('is noticed by other processes within a minute', async () => {
    const { vault, another, pass } = opened();
    const other = another();
    const sealed = written(await other.hold(ada, 'Ada'));

    await vault.erase(ada);
    pass(60);

    expect(await other.open(ada, sealed)).toBeUndefined();
    await expect(other.hold(ada, 'Ada')).rejects.toThrow(ErasedSubject);
  });

  test('leaves all others as they are', async () => {
    const { vault } = opened();
    const sealed = written(await vault.hold(bob, 'Bob'));

    await vault.erase(ada);

    expect(await vault.open(bob, sealed)).toBe('Bob');
  });
});

describe('RC-04 the vault when its keys are out of reach', () => {
  test('refuses what needs them, within a minute, and goes on when they are back', async () => {
    const { vault, pass, shutOff, turnOn } = opened();
    const sealed = written(await vault.hold(ada, 'Ada'));
    shutOff();
    pass(60);

    await expect(vault.open(ada, sealed)).rejects.toThrow(KeysUnavailable);
    await expect(vault.hold(ada, 'Ada')).rejects.toThrow(KeysUnavailable);
    await expect(vault.hold(bob, 'Bob')).rejects.toThrow(KeysUnavailable);
    await expect(vault.blindIndex('x')).rejects.toThrow(KeysUnavailable);

    turnOn();
    expect(await vault.open(ada, sealed)).toBe('Ada');
    await vault.hold(bob, 'Bob');
  });

  test('says so when the store of keys is', async () => {
    const { vault } = opened({ add: () => Promise.reject(new Error('connection lost')) });

    await expect(vault.hold(ada, 'Ada')).rejects.toThrow(KeysUnavailable);
  });

  test('erases all the same: destroying a key takes no other', async () => {
    const { vault, shutOff, pass } = opened();
    const sealed = written(await vault.hold(ada, 'Ada'));
    shutOff();
    pass(60);

    await vault.erase(ada);

    expect(await vault.open(ada, sealed)).toBeUndefined();
  });
});

describe('RC-04 a data key', () => {
  test('is opened for a minute, and then asked for anew', async () => {
    let finds = 0;
    const kept = openMemoryKeys();
    const { vault, pass } = opened({
      ...kept,
      find: (subjects) => {
        finds += 1;
        return kept.find(subjects);
      },
    });
    const sealed = written(await vault.hold(ada, 'Ada'));

    await vault.open(ada, sealed);
    pass(59);
    await vault.open(ada, sealed);
    expect(finds).toBe(0);
    pass(1);
    await vault.open(ada, sealed);
    expect(finds).toBe(1);
  });

  test('seals no more than it may: its uses are noted before they are made', async () => {
    const { vault, store, another } = opened();
    await vault.hold(ada, 'Ada');
    await store.reserve(ada, 2 ** 32 - 65_536);

    await vault.hold(ada, 'Ada');
    await expect(another().hold(ada, 'Ada')).rejects.toThrow('as often as a key may');
  });

  test('has to be asked for again when the noted uses are over', async () => {
    const { vault, store } = opened();
    const value = await vault.hold(ada, 'Ada');
    for (let use = 0; use < 65_536; use += 1) value.sealedFor(place);

    expect(() => value.sealedFor(place)).toThrow(KeysUnavailable);
    const more = await vault.hold(ada, 'Ada');
    more.sealedFor(place);
    expect(await store.reserve(ada, 0)).toBe(2 * 65_536);
  });
});
