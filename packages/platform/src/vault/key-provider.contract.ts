import { afterEach, describe, expect, test } from 'vitest';
import type { KeyProvider } from './key-provider.ts';

export interface KeyProviderUnderTest {
  readonly provider: KeyProvider;
  /** The same keys, seen by a program that starts anew. */
  reopened(): Promise<KeyProvider>;
  /** From now on it is out of order. */
  shutOff(): Promise<void>;
  destroy(): Promise<void>;
}

/** The suite that every provider of key-encryption keys passes, each against the real thing. */
export function describeKeyProviderContract(
  name: string,
  open: () => Promise<KeyProviderUnderTest>,
): void {
  describe(`${name} keeps the contract of the provider of keys`, () => {
    let current: KeyProviderUnderTest | undefined;
    const opened = async (): Promise<KeyProviderUnderTest> => {
      current = await open();
      return current;
    };
    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    test('makes keys of 256 bits, each another', async () => {
      const { provider } = await opened();

      const [first, second] = [await provider.create('a'), await provider.create('b')];

      expect(first.secret).toHaveLength(32);
      expect(Buffer.from(first.secret).equals(second.secret)).toBe(false);
    });

    test('opens a key again, also when the program starts anew', async () => {
      const { provider, reopened } = await opened();
      const { secret, kept } = await provider.create('a');
      await provider.create('b');

      for (const one of [provider, await reopened()]) {
        expect(Buffer.from(await one.open('a', kept)).equals(secret)).toBe(true);
      }
    });

    test('keeps nothing secret beside the data keys', async () => {
      const { provider } = await opened();

      const { secret, kept } = await provider.create('a');

      expect(Buffer.from(kept).includes(Buffer.from(secret))).toBe(false);
    });

    test('opens no key under the id of another', async () => {
      const { provider } = await opened();
      const { secret, kept } = await provider.create('a');
      await provider.create('b');

      const other = await provider.open('b', kept).catch(() => undefined);

      expect(other === undefined || !Buffer.from(other).equals(secret)).toBe(true);
    });

    test('destroys a key, and is done with one that it does not know', async () => {
      const { provider, reopened } = await opened();
      await provider.create('a');
      const { secret, kept } = await provider.create('b');

      await provider.destroy('a');
      await provider.destroy('a');

      expect(Buffer.from(await (await reopened()).open('b', kept)).equals(secret)).toBe(true);
    });

    test('rejects everything while it is out of order', async () => {
      const { provider, shutOff } = await opened();
      const { kept } = await provider.create('a');

      await shutOff();

      await expect(provider.open('a', kept)).rejects.toThrow(Error);
    });
  });
}
