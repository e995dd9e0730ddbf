import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { copyLog, instantFromMilliseconds, type EventStorage } from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KeysUnavailable, SealBroken } from '../failures.ts';
import {
  ada,
  bob,
  cause,
  newDirectory,
  noted,
  openKeysUnderTest,
  openSealedStore,
  public_,
} from './payloads.fixture.ts';

type Opened = Awaited<ReturnType<typeof openSealedStore>>;

async function append({ store }: Opened, stream: typeof ada, expected: number, ...texts: string[]) {
  const events = texts.map(noted);
  return store.append({ appends: [{ stream, expected, events }], cause });
}

async function textsOf({ store }: Pick<Opened, 'store'>, stream: typeof ada) {
  return (await store.readStream(stream)).map(({ data }) => (data as { text: string }).text);
}

async function rawBodies(storage: EventStorage): Promise<readonly Uint8Array[]> {
  return (await storage.readAll({ after: 0, limit: 1_000 })).records.map(({ body }) => body);
}

const marker = 'Zwetschgenbaum-7f3a91';
const all = { after: 0, limit: 1_000 };

describe('RC-04 the payload of an event', () => {
  test('is read back as it was appended, whatever it is and however many at once', async () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { maxLength: 5 }), async (appends) => {
        const opened = await openSealedStore();
        const before = appends.map((_, place) => appends.slice(0, place).flat().length);
        // All in one batch, each on what the one before it leaves.
        await Promise.all(
          appends.map((one, place) => append(opened, ada, before[place] ?? 0, ...one)),
        );

        expect(await textsOf(opened, ada)).toEqual(appends.flat());
        const { events } = await opened.store.readAll(all);
        expect(events.map(({ data }) => data)).toEqual(appends.flat().map((text) => ({ text })));
      }),
      { numRuns: 50 },
    );
  });

  test('is in no file of the log, nor is what is kept of it in a snapshot; who caused it is', async () => {
    const directory = await newDirectory();
    onTestFinished(() => rm(directory, { recursive: true }));
    const log = await openSqliteStorage({ file: path.join(directory, 'log.sqlite') });
    const opened = await openSealedStore(log);
    const snapshot = { version: 1, format: 'state-1', bytes: Buffer.from(`{"${marker}":1}`) };

    await append(opened, ada, 0, marker);
    await opened.sealed.saveSnapshot(ada, snapshot);

    expect(await opened.sealed.loadSnapshot(ada, 'state-1')).toEqual(snapshot);
    expect(await opened.sealed.loadSnapshot(ada, 'state-2')).toBeUndefined();
    await opened.store.close();
    expect(await filesHolding(directory, marker)).toEqual([]);
    expect(await filesHolding(directory, 'order 7')).not.toEqual([]);
    expect(await filesHolding(directory, 'account-A1')).not.toEqual([]);
  });

  test('stays open in streams of other kinds', async () => {
    const opened = await openSealedStore();
    await append(opened, public_, 0, marker);

    const [body] = await rawBodies(opened.storage);
    expect(Buffer.from(body ?? []).includes(marker)).toBe(true);
    expect(await textsOf(opened, public_)).toEqual([marker]);
  });

  test('can be read after sealing was turned off, and from before it was turned on', async () => {
    const storage = openMemoryStorage();
    const under = openKeysUnderTest();
    const plain = await openSealedStore(storage, under, () => false);
    await append(plain, ada, 0, 'before');
    await append(await openSealedStore(storage, under), ada, 1, 'while');
    const after = await openSealedStore(storage, under, () => false);
    await append(after, ada, 2, 'after');

    expect((await rawBodies(storage)).map((body) => body[0])).toEqual([1, 2, 1]);
    expect(await textsOf(after, ada)).toEqual(['before', 'while', 'after']);
  });

  test('is bound to its version: an append at whatever version is refused, and nobody else with it', async () => {
    const opened = await openSealedStore();
    const events = [noted('x')];
    const loose = opened.store.append({
      appends: [{ stream: ada, expected: 'any', events }],
      cause,
    });
    const exact = append(opened, bob, 0, 'y');

    await expect(loose).rejects.toThrow('append to it at an exact version');
    expect(await exact).toMatchObject({ kind: 'appended' });
    expect(await textsOf(opened, ada)).toEqual([]);
  });

  test('goes into a copy of the log as it is stored, and can be read there with the same keys', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, 'one', 'two');
    const backup = openMemoryStorage();
    await copyLog(opened.storage, backup, { end: { kind: 'head' } });

    expect(await rawBodies(backup)).toEqual(await rawBodies(opened.storage));
    expect(await textsOf(await openSealedStore(backup, opened), ada)).toEqual(['one', 'two']);
    const restored = openMemoryStorage();
    await copyLog(backup, (await openSealedStore(restored, opened)).sealed, {
      end: { kind: 'head' },
    });
    expect(await rawBodies(restored)).toEqual(await rawBodies(opened.storage));
  });

  test('is sealed once, also beside one that was before', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, 'one');
    const [sealed] = (await opened.storage.readAll(all)).records;
    const { sealed: other, store, storage } = await openSealedStore(undefined, opened);
    const records = [...(sealed ? [sealed] : []), store.raw.encode(noted('two'), cause)];

    await other.append([{ appends: [{ stream: ada, expected: 0, records }] }], opened.clock());

    expect(await textsOf({ store }, ada)).toEqual(['one', 'two']);
    expect((await rawBodies(storage))[0]).toEqual(sealed?.body);
  });

  test('keeps its order behind a batch whose keys take longer', async () => {
    const opened = await openSealedStore();
    const { keys, storage } = opened;
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = {
      ...keys,
      make: async (stream: typeof ada) => {
        if (stream === ada) await promise;
        return keys.make(stream);
      },
    };
    const order: string[] = [];
    const watched: EventStorage = {
      ...storage,
      append: (batch, at) => {
        order.push(batch[0]?.appends[0]?.stream ?? '');
        return storage.append(batch, at);
      },
    };
    const late = await openSealedStore(watched, { ...opened, keys: slow });
    const streams = [ada, bob, public_];
    const records = [late.store.raw.encode(noted('x'), cause)];
    const writing = streams.map((stream) =>
      late.sealed.append(
        [{ appends: [{ stream, expected: 'none', records }] }],
        instantFromMilliseconds(1),
      ),
    );
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    resolve();
    await Promise.all(writing);

    expect(order).toEqual(streams);
  });
});

/** A log of two events of Ada and one of Bob, read with records changed. */
async function readWith(change: (bodies: readonly Buffer[]) => readonly Uint8Array[]) {
  const opened = await openSealedStore();
  await append(opened, ada, 0, 'first', 'other');
  await append(opened, bob, 0, 'third');
  const { records } = await opened.storage.readAll(all);
  const changed = change(records.map(({ body }) => Buffer.from(body)));
  const tampered: EventStorage = {
    ...opened.storage,
    readStream: async (stream) =>
      records
        .map((record, place) => ({ ...record, body: changed[place] ?? record.body }))
        .filter((record) => record.stream === stream),
  };
  const { store } = await openSealedStore(tampered, opened);
  return [await textsOf({ store }, ada), await textsOf({ store }, bob)];
}

describe('RC-04 a sealed payload', () => {
  test('is read where it was written', async () => {
    expect(await readWith((bodies) => bodies)).toEqual([['first', 'other'], ['third']]);
  });

  test.each<[string, (bodies: readonly Buffer[]) => readonly (Buffer | undefined)[]]>([
    ['swapped with another version of the stream', ([one, other, third]) => [other, one, third]],
    ['swapped with that of another stream', ([one, other, third]) => [third, other, one]],
    ['with a bit of the ciphertext changed', ([one, ...rest]) => [flipped(one, -20), ...rest]],
    ['with a bit of the tag changed', ([one, ...rest]) => [flipped(one, -1), ...rest]],
    ['cut by a byte', ([one, ...rest]) => [one?.subarray(0, -1), ...rest]],
    ['cut to its envelope', ([one, ...rest]) => [one?.subarray(0, -60), ...rest]],
    [
      'with bytes behind it',
      ([one, ...rest]) => [Buffer.concat([one ?? noBytes, noBytes]), ...rest],
    ],
  ])('is refused %s', async (_, change) => {
    const reading = readWith((bodies) => change(bodies).map((body) => body ?? noBytes));
    await expect(reading).rejects.toThrow(SealBroken);
  });

  test('is refused as an event of another type', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, 'first');
    const schemas = await opened.storage.schemas();
    const struck = schemas.find(({ type }) => type === 'Struck')?.id ?? 0;
    const tampered: EventStorage = {
      ...opened.storage,
      readStream: async (...query) =>
        (await opened.storage.readStream(...query)).map((record) => ({
          ...record,
          schema: struck,
        })),
    };
    const { store } = await openSealedStore(tampered, opened);

    await expect(store.readStream(ada)).rejects.toThrow(SealBroken);
  });
});

const noBytes = Buffer.of(0);

function flipped(body: Buffer = noBytes, at: number): Buffer {
  const changed = Buffer.from(body);
  const place = changed.length + at;
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}

describe('RC-04 payloads of an erased stream', () => {
  test('are refused with SUBJECT_ERASED, and so is writing to it, alone', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, 'first');
    await opened.sealed.saveSnapshot(ada, { version: 1, format: 'f', bytes: Buffer.from('first') });
    await opened.keys.erase(ada);

    const refused = append(opened, ada, 1, 'second');
    const behind = opened.store.raw.append({
      appends: [
        { stream: bob, expected: 0, records: [opened.store.raw.encode(noted('third'), cause)] },
      ],
    }).verdict;
    await expect(refused).rejects.toMatchObject({ code: 'SUBJECT_ERASED' });
    expect(await behind).toMatchObject({ kind: 'appended', firstPosition: 2 });
    await expect(opened.store.readStream(ada)).rejects.toMatchObject({ code: 'SUBJECT_ERASED' });
    expect(await opened.sealed.loadSnapshot(ada, 'f')).toBeUndefined();
    expect(await textsOf(opened, bob)).toEqual(['third']);
  });

  test('take with them what stands on what was refused, and nothing else', async () => {
    const { sealed, store, keys } = await openSealedStore();
    await keys.make(ada);
    await keys.erase(ada);
    const records = [store.raw.encode(noted('x'), cause)];
    const to = (stream: typeof ada, expected: number, standsOn?: number) => {
      return { appends: [{ stream, expected, records }], standsOn };
    };

    const verdicts = await sealed.append(
      [to(ada, 0), to(bob, 0), to(ada, 1, 0), to(bob, 1, 1), to(public_, 0)],
      instantFromMilliseconds(1),
    );

    const refused = { kind: 'failed', reason: { code: 'SUBJECT_ERASED' } };
    expect(verdicts).toMatchObject([
      refused,
      { kind: 'appended', firstPosition: 1 },
      refused,
      { kind: 'appended', firstPosition: 2 },
      { kind: 'appended', firstPosition: 3 },
    ]);
  });

  test('leave their place in the log, and are left out for who folds', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, marker);
    await append(opened, bob, 0, 'bob');
    await opened.keys.erase(ada);

    const whole = await opened.store.readAll(all);
    expect(whole.events).toMatchObject([
      { type: 'PayloadSealed', data: { eventType: 'Noted' }, stream: ada, metadata: cause },
      { type: 'Noted', data: { text: 'bob' } },
    ]);
    const folded = await opened.store.readAll({ ...all, types: ['Noted'] });
    expect(folded.events.map(({ stream }) => stream)).toEqual([bob]);
    expect([folded.scannedTo, folded.more]).toEqual([2, false]);
  });
});

describe('RC-04 payloads while the keys are out of reach', () => {
  test('are neither written nor read; everything else is, also from the same batch', async () => {
    const opened = await openSealedStore();
    await append(opened, ada, 0, 'first');
    await append(opened, public_, 0, 'open');
    opened.setAway(true);

    const refused = append(opened, ada, 1, 'second');
    const other = append(opened, public_, 1, 'more');
    await expect(refused).rejects.toThrow(KeysUnavailable);
    expect(await other).toMatchObject({ kind: 'appended', position: 3 });
    await expect(opened.store.readStream(ada)).rejects.toThrow(KeysUnavailable);
    await expect(opened.store.readAll(all)).rejects.toThrow(KeysUnavailable);
    expect((await opened.store.readAll({ ...all, after: 1 })).events).toHaveLength(2);
    expect(await textsOf(opened, public_)).toEqual(['open', 'more']);

    opened.setAway(false);
    await append(opened, ada, 1, 'second');
    expect(await textsOf(opened, ada)).toEqual(['first', 'second']);
  });
});

async function filesHolding(directory: string, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(directory)) {
    if ((await readFile(path.join(directory, name))).includes(text)) found.push(name);
  }
  return found;
}
