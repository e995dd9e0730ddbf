import { describe, expect, test } from 'vitest';
import { streamId } from '../../kernel/identifiers.ts';
import type { Instant } from '../../kernel/instant.ts';
import { StorageFailure, type Commit } from '../storage.ts';
import { a, at, b, claim, commit, noted, positions, text, upTo, versions } from './samples.ts';
import type { Opened } from './storage-under-test.ts';

/** What the port promises of one writer who appends. */
export function appendingContract(opened: Opened): void {
  describe('LG-01 appending', () => {
    verdicts(opened);
    malformed(opened);
    content(opened);
    recordedTimes(opened);
  });
}

function verdicts(opened: Opened): void {
  test('numbers records by stream and over the whole log', async () => {
    const { storage, schema } = await opened();
    expect(await storage.head()).toEqual({ position: 0, recordedAt: 0n });

    const answers = await storage.append(
      [commit(schema, [a, 'none', 2]), commit(schema, [b, 0, 1], [a, 2, 1])],
      at(5),
    );

    expect(answers).toEqual([
      { kind: 'appended', firstPosition: 1, count: 2, versions: [2], recordedAt: at(5) },
      { kind: 'appended', firstPosition: 3, count: 2, versions: [1, 3], recordedAt: at(5) },
    ]);
    const { records } = await storage.readAll({ after: 0, limit: 10 });
    expect(records.map(({ position, stream, version }) => [position, stream, version])).toEqual([
      [1, a, 1],
      [2, a, 2],
      [3, b, 1],
      [4, a, 3],
    ]);
  });

  test('writes a commit to all of its streams or to none', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [b, 'none', 1])], at(1));

    const [refused, passed] = await storage.append(
      [commit(schema, [a, 'none', 2], [b, 'none', 1]), commit(schema, [a, 'none', 1], [b, 1, 2])],
      at(2),
    );

    expect(refused).toEqual({ kind: 'conflict', stream: b, expected: 'none', actual: 1 });
    expect(passed).toMatchObject({ firstPosition: 2, count: 3, versions: [1, 3] });
    expect(await versions(storage, a, b)).toEqual([1, 3]);
    expect((await storage.head()).position).toBe(4);
  });

  test('judges commits in order, each on what those accepted before it have left', async () => {
    const { storage, schema } = await opened();

    const answers = await storage.append(
      [
        commit(schema, [a, 3, 1]),
        commit(schema, [a, 1, 1]),
        commit(schema, [a, 'none', 1]),
        commit(schema, [a, 1, 1]),
        commit(schema, [a, 'any', 1]),
        commit(schema, [a, 'none', 1]),
        commit(schema, [a, 3, 1]),
      ],
      at(1),
    );

    expect(answers.map(({ kind }) => kind)).toEqual([
      'conflict',
      'conflict',
      'appended',
      'appended',
      'appended',
      'conflict',
      'appended',
    ]);
    expect(answers[0]).toEqual({ kind: 'conflict', stream: a, expected: 3, actual: 0 });
    expect(answers[6]).toMatchObject({ firstPosition: 4, versions: [4] });
  });

  test('a commit that stands on a refused one of the same batch is refused too', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [a, 'none', 1])], at(1));

    const answers = await storage.append(
      [commit(schema, [a, 'none', 1], [b, 'none', 1]), commit(schema, [b, 1, 1])],
      at(2),
    );

    expect(answers).toEqual([
      { kind: 'conflict', stream: a, expected: 'none', actual: 1 },
      { kind: 'conflict', stream: b, expected: 1, actual: 0 },
    ]);
    expect((await storage.head()).position).toBe(1);
  });

  test('a commit decided on a refused one is refused, though others brought its stream there', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [a, 'none', 1], [b, 'none', 2])], at(1));

    const answers = await storage.append(
      [
        commit(schema, [a, 'none', 1]),
        { ...commit(schema, [b, 2, 1], [a, 1, 1]), standsOn: 0 },
        { ...commit(schema, [a, 'any', 1]), standsOn: 1 },
        commit(schema, [a, 1, 1]),
        { ...commit(schema, [a, 2, 1]), standsOn: 3 },
      ],
      at(2),
    );

    expect(answers.slice(0, 3)).toEqual([
      { kind: 'conflict', stream: a, expected: 'none', actual: 1 },
      { kind: 'conflict', stream: b, expected: 2, actual: 2 },
      { kind: 'conflict', stream: a, expected: 'any', actual: 1 },
    ]);
    expect(answers.slice(3).map(({ kind }) => kind)).toEqual(['appended', 'appended']);
    expect(await versions(storage, a, b)).toEqual([3, 2]);
  });

  test('names the first stream that was not at the version expected', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [a, 'any', 2], [b, 'any', 3])], at(1));

    const answers = await storage.append(
      [commit(schema, [a, 2, 1], [b, 4, 1], [streamId('c'), 9, 1]), commit(schema, [b, 2, 1])],
      at(2),
    );

    expect(answers).toEqual([
      { kind: 'conflict', stream: b, expected: 4, actual: 3 },
      { kind: 'conflict', stream: b, expected: 2, actual: 3 },
    ]);
  });

  test('a commit without records checks versions and leaves no trace', async () => {
    const { storage, schema } = await opened();
    await storage.append([commit(schema, [a, 'none', 2])], at(1));

    const answers = await storage.append(
      [
        commit(schema, [a, 2, 0], [b, 'none', 0]),
        commit(schema, [a, 1, 0]),
        commit(schema, [a, 'none', 0], [b, 'any', 1]),
        { appends: [] },
      ],
      at(2),
    );

    expect(answers.map(({ kind }) => kind)).toEqual([
      'appended',
      'conflict',
      'conflict',
      'appended',
    ]);
    expect(answers[0]).toMatchObject({ count: 0, versions: [2, 0] });
    expect(await storage.head()).toEqual({ position: 2, recordedAt: at(1) });
    expect(await storage.append([], at(3))).toEqual([]);
  });

  test('what is appended without waiting is written in the order of the calls', async () => {
    const { storage, schema } = await opened();

    const answers = await Promise.all(
      upTo(20).map((call) => {
        const next = commit(schema, [a, call - 1, 1]);
        // Every third batch has to be judged commit by commit.
        const refused = commit(schema, [b, 7, 1]);
        return storage.append(call % 3 === 0 ? [refused, next] : [next], at(call));
      }),
    );

    expect(answers.map((batch) => batch.at(-1))).toEqual(
      upTo(20).map((call) => expect.objectContaining({ kind: 'appended', firstPosition: call })),
    );
  });
}

function malformed(opened: Opened): void {
  test.each<[string, Commit]>([
    ['a stream named twice', commit(1, [a, 'any', 1], [a, 'any', 1])],
    ['a version below zero', commit(1, [a, -1, 1])],
    ['half a version', commit(1, [a, 1.5, 1])],
    ['a version that is no number', commit(1, [a, Number.NaN, 1])],
    ['a claim without a key', { appends: [], claims: [claim('')] }],
    ['a claim with a key of 501 characters', { appends: [], claims: [claim('k'.repeat(501))] }],
    ['one key claimed twice', { appends: [], claims: [claim('k'), claim('k')] }],
    ['a commit that stands on itself', { ...commit(1, [a, 'any', 1]), standsOn: 1 }],
    ['a commit that stands on none there is', { ...commit(1, [a, 'any', 1]), standsOn: -1 }],
    ['a commit that stands on another, on no stream', { appends: [], standsOn: 0 }],
  ])('refuses %s before anything of the batch is written', async (_, wrong) => {
    const { storage, schema } = await opened();
    const good = { ...commit(schema, [b, 'any', 1]), claims: [claim('good')] };

    await expect(storage.append([good, wrong], at(1))).rejects.toThrow(RangeError);

    expect((await storage.head()).position).toBe(0);
    expect(await storage.findClaim('good', at(1))).toBeUndefined();
    expect((await storage.append([good], at(1)))[0]?.kind).toBe('appended');
  });
}

function content(opened: Opened): void {
  test('keeps a commit of many claims and streams, and those beside it', async () => {
    const { storage, schema } = await opened();
    const streams = Array.from({ length: 65_537 }, (_, index) => streamId(`wide-${index}`));
    const keys = Array.from({ length: 257 }, (_, index) => `key ${index}`);
    const wide = {
      appends: streams.map((stream) => ({ stream, expected: 'none' as const, records: [] })),
      claims: keys.map((key) => claim(key, `of ${key}`)),
    };

    const [, verdict] = await storage.append(
      [commit(schema, [a, 'none', 1]), wide, commit(schema, [a, 1, 1])],
      at(1),
    );

    expect(verdict).toMatchObject({ kind: 'appended', count: 0, versions: streams.map(() => 0) });
    const held = await storage.listClaims(0, 1);
    expect(new Set(held.map(({ key, note }) => `${key} ${text(note)}`))).toEqual(
      new Set(keys.map((key) => `${key} of ${key}`)),
    );
    expect(await storage.streamVersion(a)).toBe(2);
  });

  test('keeps bodies byte for byte: none at all, every byte, a megabyte', async () => {
    const { storage, schema } = await opened();
    const bodies = [Buffer.alloc(0), Buffer.from(Uint8Array.from(upTo(256))), randomMegabyte()];

    await storage.append(
      [
        {
          appends: [
            { stream: a, expected: 'none', records: bodies.map((body) => ({ schema, body })) },
          ],
        },
      ],
      at(1),
    );

    const records = await storage.readStream(a, 1, 10);
    const kept = records.map(({ body }, index) => bodies[index]?.equals(body));
    expect(kept).toEqual([true, true, true]);
  });

  test('a caller may use its buffers again once the append has settled', async () => {
    const { storage, schema } = await opened();
    const slab = Buffer.from('first note');
    const body = slab.subarray(0, 5);
    const note = slab.subarray(6);
    await storage.append(
      [
        {
          appends: [{ stream: a, expected: 'any', records: [{ schema, body }] }],
          claims: [{ key: 'k', note, expiresAt: undefined }],
        },
      ],
      at(1),
    );
    slab.fill('x');

    expect((await storage.readStream(a, 1, 1)).map((record) => text(record.body))).toEqual([
      'first',
    ]);
    expect(text((await storage.findClaim('k', at(1)))?.note)).toBe('note');
  });

  test('a reader who writes into what it was given changes nothing', async () => {
    const { storage, schema } = await opened();
    await storage.append([noted(schema, a, 'none', 'kept')], at(1));

    for (const { body } of await storage.readStream(a, 1, 1)) body.fill(0);
    for (const { body } of (await storage.readAll({ after: 0, limit: 1 })).records) body.fill(0);

    expect((await storage.readStream(a, 1, 1)).map(({ body }) => text(body))).toEqual(['kept']);
  });

  test('streams differ by any character of their names', async () => {
    const { storage, schema } = await opened();
    const names = ['A', 'a', 'a_', 'a%', 'a,b', "a'); DROP TABLE events; --", '{a}', '"a"', '\\a'];
    const streams = [...names, 'x'.repeat(200), `${'x'.repeat(199)}y`]
      .map((name) => name.replaceAll(' ', '_'))
      .map(streamId);

    const answers = await storage.append(
      streams.map((stream) => noted(schema, stream, 'none', stream)),
      at(1),
    );

    expect(answers.map(({ kind }) => kind)).toEqual(streams.map(() => 'appended'));
    for (const stream of streams) {
      const own = await storage.readStream(stream, 1, 10);
      expect(own.map((record) => [record.stream, text(record.body)])).toEqual([[stream, stream]]);
    }
  });

  test('a batch may be large: 3,000 commits on 1,000 streams', async () => {
    const { storage, schema } = await opened();
    const batch = upTo(3_000).map((number) =>
      commit(schema, [streamId(`s-${number % 1_000}`), Math.floor((number - 1) / 1_000), 1]),
    );

    const answers = await storage.append(batch, at(1));

    expect(answers.filter(({ kind }) => kind === 'appended')).toHaveLength(3_000);
    const { records } = await storage.readAll({ after: 0, limit: 5_000 });
    expect(positions(records)).toEqual(upTo(3_000));
    expect(
      (await storage.readStream(streamId('s-7'), 1, 10)).map(({ version }) => version),
    ).toEqual([1, 2, 3]);
  });
}

function recordedTimes(opened: Opened): void {
  test('recorded times never run backwards, even if the clock does', async () => {
    const { storage, schema } = await opened();

    const stamped = [];
    for (const microseconds of [10, 5, 20]) {
      const [verdict] = await storage.append([commit(schema, [a, 'any', 1])], at(microseconds));
      stamped.push(verdict?.kind === 'appended' && verdict.recordedAt);
    }

    expect(stamped).toEqual([at(10), at(10), at(20)]);
    const records = await storage.readStream(a, 1, 10);
    expect(records.map(({ recordedAt }) => recordedAt)).toEqual(stamped);
    expect(await storage.head()).toEqual({ position: 3, recordedAt: at(20) });
  });

  test('recorded times are whole microseconds, today and far from it', async () => {
    const { storage, schema } = await opened();
    const [verdict] = await storage.append(
      [commit(schema, [a, 'any', 1])],
      1_795_219_200_123_456_789n as Instant,
    );

    expect(verdict).toMatchObject({ recordedAt: 1_795_219_200_123_456_000n });
    expect((await storage.head()).recordedAt).toBe(1_795_219_200_123_456_000n);
  });

  test('OP-11 after it was closed, nothing is taken in, and what was begun is finished', async () => {
    const { storage, schema } = await opened();
    const begun = storage.append([commit(schema, [a, 'any', 1])], at(1));
    await storage.close();

    expect((await begun)[0]?.kind).toBe('appended');
    await expect(storage.append([commit(schema, [a, 'any', 1])], at(1))).rejects.toThrow(
      StorageFailure,
    );
  });
}

/** Bytes that no compression makes small. */
function randomMegabyte(): Buffer {
  const bytes = Buffer.alloc(1_000_000);
  for (let index = 0, state = 1; index < bytes.length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}
