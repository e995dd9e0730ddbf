import { randomBytes } from 'node:crypto';
import { instantFromMilliseconds, streamId } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { ErasedSubject, KeysUnavailable } from '../failures.ts';
import { openMemoryKeys, openMemoryProvider } from '../memory/memory-keys.ts';
import { openedKeys } from '../opened-keys.ts';
import { keysWhenNeeded, withPayloadKeys, type KeysWithPayloads } from './payload-keys.ts';

const ada = streamId('account-A1');
const clock = () => instantFromMilliseconds(1_800_000_000_000);

function openKeys(): KeysWithPayloads {
  const keys = openedKeys({
    store: openMemoryKeys(),
    provider: openMemoryProvider(),
    guard: (work) => work(),
    clock,
    randomBytes,
    close: async () => {},
  });
  return withPayloadKeys(keys, { clock, randomBytes });
}

describe('RC-04 the keys of payloads', () => {
  test('are those of the vault, and are gone with them at once', async () => {
    const { vault, payloadKeys, store } = openKeys();
    await vault.hold(ada, 'Ada Lovelace');
    const made = await payloadKeys.make(ada);
    const stored = (await store.find([ada])).get(ada);
    expect(stored).toMatchObject({ kind: 'live', keyId: made.id });

    await vault.erase(ada);

    await expect(payloadKeys.make(ada)).rejects.toThrow(ErasedSubject);
    expect((await payloadKeys.find([ada])).get(ada)).toBe('erased');
  });

  test('are opened with the first that is needed, once, and closed if they were', async () => {
    let opened = 0;
    let closed = 0;
    const keys = keysWhenNeeded(async () => {
      opened += 1;
      if (opened === 1) throw new KeysUnavailable('not yet');
      return { ...openKeys(), close: async () => void (closed += 1) };
    });

    await expect(keys.find([ada])).rejects.toThrow('not yet');
    await keys.make(ada);
    await keys.find([ada]);
    expect([opened, closed]).toEqual([2, 0]);
    await keys.close();
    expect([opened, closed]).toEqual([2, 1]);
    await keysWhenNeeded(() => Promise.reject(new Error('opened for nothing'))).close();
  });
});
