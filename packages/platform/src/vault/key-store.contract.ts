import { afterEach, describe, expect, test } from 'vitest';
import { subjectNamed, wrappedKey, wrappingKey } from './contract/samples.ts';
import type { KeyStore, LiveSubject, StoredSubject, WrappedKey } from './key-store.ts';

export interface KeyStoreUnderTest {
  readonly store: KeyStore;
  /** Opens the same store once more, beside what is open. */
  another(): Promise<KeyStore>;
  /** Closes whatever is open and removes it. */
  destroy(): Promise<void>;
}

/**
 * The suite that every store of keys passes, each against the real thing. `open` makes an empty store; it is
 * called once for every test.
 */
export function describeKeyStoreContract(
  name: string,
  open: () => Promise<KeyStoreUnderTest>,
): void {
  describe(`${name} keeps the contract of the store of keys`, () => {
    let current: KeyStoreUnderTest | undefined;

    const opened = async (wrappingKeys: readonly string[] = ['k1']): Promise<KeyStoreUnderTest> => {
      current = await open();
      let before: string | undefined;
      for (const [place, id] of wrappingKeys.entries()) {
        await current.store.addWrappingKey(wrappingKey(id, 1_000 + place), before);
        before = id;
      }
      return current;
    };

    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    wrappingKeyTests(opened);
    rotationTests(opened);
    keepingTests(opened);
    erasingTests(opened);
  });
}

type Opened = (wrappingKeys?: readonly string[]) => Promise<KeyStoreUnderTest>;

const zed = subjectNamed('Z');

function wrappingKeyTests(opened: Opened): void {
  test('has one current wrapping key, and remembers the retired ones with what was kept', async () => {
    const { store } = await opened(['k1', 'k2']);

    expect((await store.wrappingKeys()).map(plainWrappingKey)).toEqual([
      { id: 'k1', createdAt: 1_000, kept: 'kept of k1', retired: true },
      { id: 'k2', createdAt: 1_001, kept: 'kept of k2', retired: false },
    ]);
  });

  test('takes a wrapping key only in place of the one that is current', async () => {
    const { store } = await opened(['k1', 'k2']);

    expect(await store.addWrappingKey(wrappingKey('k3'), 'k1')).toBe(false);
    expect(await store.addWrappingKey(wrappingKey('k3'), undefined)).toBe(false);

    expect((await store.wrappingKeys()).map(({ id }) => id)).toEqual(['k1', 'k2']);
  });

  test('lets one of two be the first', async () => {
    const { store, another } = await opened([]);
    const other = await another();

    const added = await Promise.all([
      store.addWrappingKey(wrappingKey('a'), undefined),
      other.addWrappingKey(wrappingKey('b'), undefined),
    ]);

    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await store.wrappingKeys()).toHaveLength(1);
  });

  test('keeps a retired wrapping key while something is wrapped under it', async () => {
    const { store } = await opened();
    const key = wrappedKey('A');
    await store.add([key], 'k1');
    await store.addWrappingKey(wrappingKey('k2'), 'k1');

    await expect(store.removeWrappingKey('k1')).rejects.toThrow(Error);
    await store.rewrap([{ ...key, wrapped: Buffer.from('anew') }], 'k2');
    await store.removeWrappingKey('k1');

    expect((await store.wrappingKeys()).map(({ id }) => id)).toEqual(['k2']);
  });

  test('never removes the current wrapping key', async () => {
    const { store } = await opened();

    await store.removeWrappingKey('k1');

    expect(await store.wrappingKeys()).toHaveLength(1);
  });
}

function rotationTests(opened: Opened): void {
  test('rewraps nothing under a wrapping key that is not current: it may be about to go', async () => {
    const { store } = await opened();
    const key = wrappedKey('A');
    await store.add([key], 'k1');
    await store.addWrappingKey(wrappingKey('k2'), 'k1');
    await store.addWrappingKey(wrappingKey('k3'), 'k2');

    expect(await store.rewrap([{ ...key, wrapped: Buffer.from('anew') }], 'k2')).toBe(false);
    expect(await store.listUnder('k2', 5)).toEqual([]);
    expect(await store.rewrap([{ ...key, wrapped: Buffer.from('anew') }], 'k3')).toBe(true);
    expect(await store.listUnder('k3', 5)).toHaveLength(1);
  });

  test('lets one process at a time rotate, until its time is over or it is done', async () => {
    const { store, another } = await opened();
    const other = await another();

    const claimed = await Promise.all([
      store.claimRotation('a', 1_000, 2_000),
      other.claimRotation('b', 1_000, 2_000),
    ]);
    expect(claimed.filter(Boolean)).toHaveLength(1);
    const [first, second] = claimed[0] ? ['a', 'b'] : ['b', 'a'];

    expect(await other.claimRotation(second, 1_999, 3_000)).toBe(false);
    expect(await store.claimRotation(first, 1_999, 3_000)).toBe(true);
    expect(await other.claimRotation(second, 2_999, 4_000)).toBe(false);
    expect(await other.claimRotation(second, 3_000, 4_000)).toBe(true);
    await store.releaseRotation(first);
    expect(await store.claimRotation(first, 3_000, 4_000)).toBe(false);
    await other.releaseRotation(second);
    expect(await store.claimRotation(first, 3_000, 4_000)).toBe(true);
  });
}

function keepingTests(opened: Opened): void {
  test('keeps the keys of subjects, to be found by others too', async () => {
    const { store, another } = await opened();
    const keys = [wrappedKey('A'), wrappedKey('B')];

    const added = await store.add(keys, 'k1');

    expect(added?.map(plain)).toEqual(keys.map((key) => live(key, 'k1')));
    const found = await (await another()).find(keys.map(({ subject }) => subject));
    expect([...found.values()].map(plain)).toEqual(keys.map((key) => live(key, 'k1')));
    expect(await store.find([zed])).toEqual(new Map());
  });

  test('keeps the first key of a subject, and answers with it whoever comes later', async () => {
    const { store, another } = await opened();
    const first = wrappedKey('A');
    await store.add([first], 'k1');

    const added = await (await another()).add([wrappedKey('A'), wrappedKey('B')], 'k1');

    expect(plain(added?.[0])).toEqual(live(first, 'k1'));
    expect(added?.[1]?.subject).toBe(subjectNamed('B'));
  });

  test('takes no key under a wrapping key that is retired or unknown', async () => {
    const { store } = await opened(['k1', 'k2']);

    expect(await store.add([wrappedKey('A')], 'k1')).toBeUndefined();
    expect(await store.add([wrappedKey('A')], 'k3')).toBeUndefined();

    expect(await store.count()).toEqual({ live: 0, erased: 0 });
  });

  test('counts the uses of a key, over all who use it', async () => {
    const { store, another } = await opened();
    await store.add([wrappedKey('A')], 'k1');

    const before = await store.reserve(subjectNamed('A'), 10);
    const after = await (await another()).reserve(subjectNamed('A'), 5);

    expect(before).toBeGreaterThan(10);
    expect(after - before).toBe(5);
    expect(await store.reserve(zed, 5)).toBe(0);
  });

  test('lists its subjects in order, a page at a time', async () => {
    const { store } = await opened();
    await store.add(['C', 'A', 'B', 'a'].map(wrappedKey), 'k1');

    const first = await store.list('', 2);
    const second = await store.list(String(first.at(-1)?.subject), 2);

    expect([...first, ...second].map(({ subject }) => subject)).toEqual(
      ['A', 'B', 'C', 'a'].map(subjectNamed),
    );
  });

  test('rewraps keys, and says what is left to be rewrapped', async () => {
    const { store } = await opened();
    const keys = ['A', 'B', 'C'].map(wrappedKey);
    await store.add(keys, 'k1');
    await store.addWrappingKey(wrappingKey('k2'), 'k1');

    const page = await store.listUnder('k1', 2);
    const anew = page.map((key) => ({ ...key, wrapped: Buffer.from(`${key.subject} anew`) }));
    await store.rewrap(anew, 'k2');

    expect(page).toHaveLength(2);
    expect(await store.listUnder('k1', 5)).toHaveLength(1);
    expect((await store.listUnder('k2', 5)).map(plain)).toEqual(anew.map((key) => live(key, 'k2')));
  });

  test('rewraps no key that is another by now', async () => {
    const { store } = await opened();
    const key = wrappedKey('A');
    await store.add([key], 'k1');

    await store.rewrap([wrappedKey('A')], 'k1');

    expect(plain((await store.find([key.subject])).get(key.subject))).toEqual(live(key, 'k1'));
  });
}

function erasingTests(opened: Opened): void {
  const erasedAt = 5_000;

  test('erases a subject for ever: no key comes back, by whatever way', async () => {
    const { store } = await opened();
    const key = wrappedKey('A');
    const { subject } = key;
    await store.add([key], 'k1');

    await store.erase(subject, erasedAt);
    await store.erase(subject, erasedAt + 1);
    const added = await store.add([key], 'k1');
    await store.rewrap([key], 'k1');

    const tombstone = { kind: 'erased', subject, erasedAt };
    expect(added).toEqual([tombstone]);
    expect((await store.find([subject])).get(subject)).toEqual(tombstone);
    expect(await store.list('', 5)).toEqual([tombstone]);
    expect(await store.reserve(subject, 5)).toBe(0);
    expect(await store.count()).toEqual({ live: 0, erased: 1 });
  });

  test('remembers a subject as erased that never had a key', async () => {
    const { store } = await opened();

    await store.erase(zed, erasedAt);

    expect(await store.add([wrappedKey('Z')], 'k1')).toEqual([
      { kind: 'erased', subject: zed, erasedAt },
    ]);
  });

  test('lets go of a retired wrapping key when what was under it was erased', async () => {
    const { store } = await opened();
    await store.add([wrappedKey('A')], 'k1');
    await store.addWrappingKey(wrappingKey('k2'), 'k1');

    await store.erase(subjectNamed('A'), erasedAt);
    await store.removeWrappingKey('k1');

    expect((await store.wrappingKeys()).map(({ id }) => id)).toEqual(['k2']);
  });
}

function live({ subject, keyId, wrapped }: WrappedKey, under: string) {
  return plain({ kind: 'live', subject, keyId, wrapped, under });
}

/** With bytes as text: drivers answer with different kinds of arrays. */
function plain(stored: StoredSubject | undefined): unknown {
  if (stored?.kind !== 'live') return stored;
  const { subject, keyId, wrapped, under }: LiveSubject = stored;
  return { kind: 'live', subject, keyId: hexOf(keyId), wrapped: hexOf(wrapped), under };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function plainWrappingKey<Key extends { readonly kept: Uint8Array }>(key: Key) {
  return { ...key, kept: Buffer.from(key.kept).toString() };
}
