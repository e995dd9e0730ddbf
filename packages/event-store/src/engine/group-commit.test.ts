import { describe, expect, test, vi } from 'vitest';
import { streamId, type StreamId } from '../kernel/identifiers.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import {
  StorageFailure,
  type Commit,
  type EventStorage,
  type Expectation,
  type Verdict,
} from '../storage/storage.ts';
import { collectGarbage } from './garbage.fixture.ts';
import { a, adds, b, c, epoch, openGroup, type GroupFixture } from './group-commit.fixture.ts';
import {
  createGroupCommit,
  StoreOverloaded,
  type GroupCommitOptions,
  type Pending,
} from './group-commit.ts';
import { turn } from './held-batches.fixture.ts';

const outage = new StorageFailure('the line broke', { final: false });

describe('LG-01 group commit gathers', () => {
  test('what one turn of the event loop appends into one batch', async () => {
    const { storage, group, schema } = await opened();

    const inOneTurn = [a, b, c].map((stream) => group.append(adds(schema, stream, 0)));
    await Promise.resolve();
    inOneTurn.push(group.append(adds(schema, a, 1)));
    await storage.writeAll();
    inOneTurn.push(group.append(adds(schema, a, 2)));
    await storage.writeAll();

    expect(await kindsOf(inOneTurn)).toEqual(Array.from({ length: 5 }, () => 'appended'));
    expect(storage.sent.map(({ length }) => length)).toEqual([4, 1]);
  });

  test.each([
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [5, [5]],
    [6, [5]],
  ])('at most %i commits into a batch', async (batchSizeMax, sizes) => {
    const { storage, group, schema } = await opened({ batchSizeMax });

    const pending = Array.from({ length: 5 }, () => group.append(adds(schema, a, 'any')));
    await storage.writeAll();

    expect(storage.sent.map(({ length }) => length)).toEqual(sizes);
    expect(await kindsOf(pending)).toEqual(pending.map(() => 'appended'));
  });

  test.each([1, 2, 3])('while %i batches are under way', async (batchesInFlightMax) => {
    const { storage, group, schema } = await opened({ batchesInFlightMax });

    for (let turns = 0; turns < 5; turns += 1) {
      group.append(adds(schema, a, 'any'));
      await turn();
    }
    expect(storage.sent.map(({ length }) => length)).toEqual(
      Array.from({ length: batchesInFlightMax }, () => 1),
    );
    await storage.held[0]?.write();

    expect(storage.sent.at(-1)).toHaveLength(5 - batchesInFlightMax);
    await storage.writeAll();
    expect((await storage.head()).position).toBe(5);
  });

  test('commits in the order of the calls', async () => {
    const { storage, group, schema } = await opened({ batchSizeMax: 2, batchesInFlightMax: 3 });
    const streams = Array.from({ length: 7 }, (_, index) => streamId(`s${index}`));

    for (const stream of streams) group.append(adds(schema, stream, 'none'));
    await storage.writeAll();

    expect(storage.sent.flat().map(streamOf)).toEqual(streams);
  });
});

describe('OP-11 more commits than may wait', () => {
  test('are refused, each alone, and later ones are taken again', async () => {
    const { storage, group, schema } = await opened({ waitingMax: 3, batchesInFlightMax: 1 });

    const first = group.append(adds(schema, a, 0));
    await turn();
    const waiting = [1, 2, 3].map((version) => group.append(adds(schema, a, version)));
    const refused = [group.append(adds(schema, b, 0)), group.append(adds(schema, c, 0))];
    await expectRejections(refused, StoreOverloaded);
    await storage.writeAll();
    const later = group.append(adds(schema, b, 0));
    await storage.writeAll();

    expect(await kindsOf([first, ...waiting, later])).toEqual(Array(5).fill('appended'));
    expect(storage.sent.flat()).toHaveLength(5);
  });

  test('take what stands on them along', async () => {
    const { storage, group, schema } = await opened({ waitingMax: 1 });

    const taken = group.append(adds(schema, a, 0));
    const refused = group.append(adds(schema, b, 0));
    await expectRejections([refused], StoreOverloaded);
    await storage.writeAll();
    const onRefused = group.append(adds(schema, b, 1), refused);
    const other = taken.verdict.then(() => undefined);
    await expectRejections([onRefused], StoreOverloaded);

    await other;
    expect(await storage.streamVersion(b)).toBe(0);
  });

  test('count those that are held back', async () => {
    const { storage, group, schema } = await opened({ waitingMax: 2 });

    const first = group.append(adds(schema, a, 0));
    await turn();
    const second = group.append(adds(schema, a, 1), first);
    const third = group.append(adds(schema, a, 2), second);
    await turn();
    await expectRejections([group.append(adds(schema, b, 0))], StoreOverloaded);

    await storage.writeAll();
    expect(await kindsOf([first, second, third])).toEqual(Array(3).fill('appended'));
  });
});

describe('OP-11 a failure of the storage', () => {
  test('strikes its batch and what stands on it, and nothing else', async () => {
    const { storage, group, schema } = await opened();

    const [a1, b1] = [group.append(adds(schema, a, 0)), group.append(adds(schema, b, 0))];
    await turn();
    const c1 = group.append(adds(schema, c, 0));
    await turn();
    const a2 = group.append(adds(schema, a, 1), a1);
    const c2 = group.append(adds(schema, c, 1), c1);
    const a3 = group.append(adds(schema, a, 2), a2);
    const [first, second] = storage.held;
    await first?.fail(outage);
    await second?.write();
    await storage.writeAll();

    await expectRejections([a1, b1, a2, a3], outage);
    expect(await kindsOf([c1, c2])).toEqual(['appended', 'appended']);
    expect(await versionsOf(storage)).toEqual([0, 0, 2]);
    expect(storage.sent.flat()).toHaveLength(4);
  });

  test('that comes instead of verdicts strikes those that have none', async () => {
    const { others, schema } = await opened();
    const forgetful: EventStorage = {
      ...others,
      append: async (batch, at) => (await others.append(batch, at)).slice(0, 1),
    };
    const group = createGroupCommit(forgetful, () => epoch);

    const [first, second] = [adds(schema, a, 0), adds(schema, b, 0)].map((one) =>
      group.append(one),
    );

    await expect(first?.verdict).resolves.toMatchObject({ kind: 'appended' });
    await expect(second?.verdict).rejects.toThrow('no verdict');
  });

  test('is not what a caller gets others into by a commit that nobody may send', async () => {
    const { storage, group, schema } = await opened();
    const twice = { stream: a, expected: 'any', records: [] } as const;

    const good = group.append(adds(schema, a, 0));
    const bad = [
      group.append({ appends: [twice, twice] }),
      group.append({ appends: [{ ...twice, expected: -1 }] }),
      group.append({ appends: [], claims: [{ key: '', note: Buffer.of(), expiresAt: undefined }] }),
      group.append({ appends: [] }, good),
    ];
    await expectRejections(bad, RangeError);
    await storage.writeAll();

    expect(await kindsOf([good])).toEqual(['appended']);
    expect(storage.sent).toHaveLength(1);
  });
});

describe('LG-01 a commit that stands on another', () => {
  test('goes into the same batch, and says on which', async () => {
    const { storage, group, schema } = await opened();

    const a1 = group.append(adds(schema, a, 0));
    const b1 = group.append(adds(schema, b, 0));
    const a2 = group.append(adds(schema, a, 1), a1);
    const b2 = group.append(adds(schema, b, 1), b1);
    await storage.writeAll();

    expect(storage.sent.map((batch) => batch.map(({ standsOn }) => standsOn))).toEqual([
      [undefined, undefined, 0, 1],
    ]);
    expect(await kindsOf([a1, b1, a2, b2])).toEqual(Array(4).fill('appended'));
  });

  test('waits for one in an earlier batch, and is overtaken by those that need not', async () => {
    const { storage, group, schema } = await opened({ batchesInFlightMax: 3 });

    const a1 = group.append(adds(schema, a, 0));
    await turn();
    group.append(adds(schema, a, 1), a1);
    group.append(adds(schema, b, 0));
    await turn();
    group.append(adds(schema, c, 0));
    await turn();
    expect(storage.sent.map((batch) => batch.map(streamOf))).toEqual([[a], [b], [c]]);

    await storage.writeAll();
    expect(storage.sent.slice(3)).toEqual([[adds(schema, a, 1)]]);
    expect(await versionsOf(storage)).toEqual([2, 1, 1]);
  });

  test('goes ahead of what came later, once it may, and in the order of the calls', async () => {
    const { storage, group, schema } = await opened({ batchSizeMax: 2 });
    const onto = (number: number, standsOn?: Pending): Pending =>
      group.append(adds(schema, a, 'any', Buffer.of(number)), standsOn);

    const first = onto(0);
    await turn();
    const second = onto(1, first);
    onto(2, second);
    onto(3, second);
    onto(4, second);
    onto(5);
    await turn();
    onto(6);
    await storage.writeAll();

    const numbers = storage.sent.map((batch) => batch.map(({ appends: [one] }) => one?.records[0]));
    expect(numbers.map((batch) => batch.map((record) => record?.body[0]))).toEqual([
      [0],
      [5],
      [1, 2],
      [6],
      [3, 4],
    ]);
  });

  test('needs no asking once that one is durable', async () => {
    const { storage, group, schema } = await opened();

    const a1 = group.append(adds(schema, a, 0));
    await storage.writeAll();
    const a2 = group.append(adds(schema, a, 1), a1);
    await storage.writeAll();

    expect(storage.sent).toEqual([[adds(schema, a, 0)], [adds(schema, a, 1)]]);
    expect(await kindsOf([a2])).toEqual(['appended']);
  });

  test.each<[string, Commit['claims'], number, number]>([
    ['a conflict', undefined, 3, 3],
    ['a taken claim', [{ key: 'k', note: Buffer.of(), expiresAt: undefined }], 0, 0],
  ])('is a conflict behind %s, unsent', async (_, claims, version, actual) => {
    const { storage, group, schema, others } = await opened();
    await others.append([{ ...adds(schema, b, 0), claims }], epoch);
    for (let count = 0; count < version; count += 1) {
      await others.append([adds(schema, a, 'any')], epoch);
    }

    const a1 = group.append({ ...adds(schema, a, 0), claims });
    await turn();
    const a2 = group.append(adds(schema, a, 1), a1);
    const a3 = group.append(adds(schema, a, 2), a2);
    await storage.writeAll();

    expect(await kindsOf([a1])).toEqual([claims === undefined ? 'conflict' : 'claimed']);
    const behind = await Promise.all([a2.verdict, a3.verdict]);
    expect(behind).toMatchObject([
      { kind: 'conflict', stream: a, expected: 1, actual },
      { kind: 'conflict', stream: a, expected: 2 },
    ]);
    expect(storage.sent).toHaveLength(1);
  });

  test('is not told the version of another stream for its own', async () => {
    const { storage, group, schema, others } = await opened();
    for (let count = 0; count < 7; count += 1) {
      await others.append([adds(schema, b, 'any')], epoch);
    }
    const both = { appends: [...adds(schema, b, 6).appends, ...adds(schema, a, 0).appends] };

    const first = group.append(both);
    await turn();
    const second = group.append(adds(schema, a, 1), first);
    await storage.writeAll();

    await expect(second.verdict).resolves.toEqual(conflict(a, 1, 0));
  });

  test('is not written on a foundation that another process laid in its place', async () => {
    const { storage, group, schema, others } = await opened();

    const a1 = group.append(adds(schema, a, 0));
    await turn();
    const a2 = group.append(adds(schema, a, 1), a1);
    await others.append([adds(schema, a, 0)], epoch);
    await storage.held[0]?.fail(outage);
    await storage.writeAll();

    await expectRejections([a1, a2], outage);
    expect(await storage.streamVersion(a)).toBe(1);
    expect(storage.sent).toHaveLength(1);
  });
});

describe('OP-11 long chains of commits, each on the one before', () => {
  const length = 100_000;

  test('are written whole, and each commit is looked at a few times only', async () => {
    const { storage, group, schema } = await opened();
    const looks = countLooks();

    let last: Pending | undefined;
    for (let version = 0; version < length; version += 1) {
      last = group.append(adds(schema, a, version), last && looks.at(last));
    }
    await storage.writeAll();

    expect(await storage.streamVersion(a)).toBe(length);
    expect(looks.count).toBeLessThan(20 * length);
  });

  test('and however many turns they wait', async () => {
    const { storage, group, schema } = await opened();
    const turns = 3_000;
    const looks = countLooks();

    let last: Pending | undefined;
    for (let version = 0; version < turns; version += 1) {
      last = group.append(adds(schema, a, version), last && looks.at(last));
      await turn();
    }
    await storage.writeAll();

    expect(await storage.streamVersion(a)).toBe(turns);
    expect(looks.count).toBeLessThan(20 * turns);
  });

  test('fall as a whole with the first', async () => {
    const { storage, group, schema } = await opened();

    const all = [group.append(adds(schema, a, 0))];
    await turn();
    while (all.length < length) all.push(group.append(adds(schema, a, all.length), all.at(-1)));
    const outcomes = Promise.allSettled(all.map(({ verdict }) => verdict));
    await storage.held[0]?.fail(outage);

    const reasons = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason : one));
    expect(new Set(reasons)).toEqual(new Set([outage]));
    expect(await storage.streamVersion(a)).toBe(0);
  });

  test('stay in memory no longer than they are under way', async () => {
    const { storage, group, schema } = await opened();
    let last = group.append(adds(schema, a, 0));
    const links = [new WeakRef(last)];
    for (let version = 1; version < 4; version += 1) {
      // In pairs: some go in the batch of the one they stand on, some in a later one.
      if (version % 2 === 0) await turn();
      last = group.append(adds(schema, a, version), last);
      links.push(new WeakRef(last));
    }
    await storage.writeAll();

    await collectGarbage();

    expect(links.map((link) => link.deref() !== undefined)).toEqual([false, false, false, true]);
    expect(await kindsOf([last])).toEqual(['appended']);
  });

  test('and wide ones: many on one', async () => {
    const { storage, group, schema } = await opened({ waitingMax: 300_000 });

    const first = group.append(adds(schema, a, 'any'));
    await turn();
    for (let count = 0; count < 200_000; count += 1) group.append(adds(schema, a, 'any'), first);
    await storage.writeAll();

    expect(await storage.streamVersion(a)).toBe(200_001);
  });
});

describe('OP-11 draining', () => {
  test('is over at once when there is nothing to wait for', async () => {
    const { group } = await opened();
    await expect(group.drain()).resolves.toBeUndefined();
  });

  test('waits for what gathers, what is under way and what is held back', async () => {
    const { storage, group, schema } = await opened();

    const a1 = group.append(adds(schema, a, 0));
    const drained = vi.fn<() => void>();
    const draining = group.drain().then(drained);
    await turn();
    const a2 = group.append(adds(schema, a, 1), a1);
    await turn();
    expect(drained).not.toHaveBeenCalled();
    await storage.held[0]?.write();
    expect(drained).not.toHaveBeenCalled();
    await storage.held[0]?.write();

    await draining;
    expect(await kindsOf([a1, a2])).toEqual(['appended', 'appended']);
  });

  test('ends when all that waited was refused unsent', async () => {
    const { storage, group, schema, others } = await opened();
    await others.append([adds(schema, a, 0)], epoch);

    const a1 = group.append(adds(schema, a, 0));
    await storage.writeAll();
    const a2 = group.append(adds(schema, a, 1), a1);

    await group.drain();
    await expect(a2.verdict).resolves.toEqual(conflict(a, 1, 1));
  });
});

function opened(options?: GroupCommitOptions): Promise<GroupFixture> {
  return openGroup(openMemoryStorage(), options);
}

/** Counts how often anything is asked of commits. */
function countLooks(): { readonly count: number; at(pending: Pending): Pending } {
  const looks = {
    count: 0,
    at: (pending: Pending): Pending =>
      new Proxy(pending, {
        get: (target, name, receiver) => {
          looks.count += 1;
          return Reflect.get(target, name, receiver) as unknown;
        },
      }),
  };
  return looks;
}

function conflict(stream: StreamId, expected: Expectation, actual: number): Verdict {
  return { kind: 'conflict', stream, expected, actual };
}

function streamOf({ appends }: Commit): StreamId | undefined {
  return appends[0]?.stream;
}

async function kindsOf(pending: readonly Pending[]): Promise<string[]> {
  const verdicts = await Promise.all(pending.map(({ verdict }) => verdict));
  return verdicts.map(({ kind }) => kind);
}

async function expectRejections(
  pending: readonly Pending[],
  reason: Error | (new (text: string) => Error),
): Promise<void> {
  const outcomes = await Promise.allSettled(pending.map(({ verdict }) => verdict));
  for (const outcome of outcomes) {
    const rejection: unknown = outcome.status === 'rejected' ? outcome.reason : outcome.value;
    if (reason instanceof Error) expect(rejection).toBe(reason);
    else expect(rejection).toBeInstanceOf(reason);
  }
}

function versionsOf(storage: EventStorage): Promise<number[]> {
  return Promise.all([a, b, c].map((stream) => storage.streamVersion(stream)));
}
