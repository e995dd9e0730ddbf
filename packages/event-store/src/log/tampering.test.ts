import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { StorageFailure, type EventStorage } from '../storage/storage.ts';
import { checkRecord, type CheckedRecord } from './full-check.ts';
import { leafHash } from './hashing.ts';
import { createLeafWriter } from './leaf.ts';
import { openSealedLog } from './open-sealed-log.ts';
import { readSchemaNames } from './schema-names.ts';
import { RecordAltered } from './sealed-log.ts';
import { appendEvents, origin, publicKeys, sealAll, sealingOf, signer } from './sealing.fixture.ts';
import { SealingRefused } from './sealing.ts';
import { openSqliteTreeStore } from './sqlite/sqlite-tree-store.ts';
import type { TreeStore } from './tree-store.ts';

const events = 600;
/** Checkpoints that somebody kept: of the first 300 entries, and of all. */
let kept: readonly string[];
let home: string;
let original: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'counterfoil-tampering-'));
  original = path.join(home, 'original');
  await mkdir(original);
  await using(original, async (storage, tree) => {
    await appendEvents(storage, events / 2);
    const half = await sealAll(storage, tree);
    await appendEvents(storage, events / 2);
    kept = [half, await sealAll(storage, tree)];
  });
  for (const name of files) settle(path.join(original, name));
});
afterAll(() => rm(home, { recursive: true }));

const files = ['log.sqlite', 'seal.sqlite'];

/** Writes everything into the file itself, with nothing left beside it. */
function settle(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = DELETE');
  database.close();
}

async function using<Result>(
  directory: string,
  work: (storage: EventStorage, tree: TreeStore) => Promise<Result>,
): Promise<Result> {
  const storage = await openSqliteStorage({ file: path.join(directory, 'log.sqlite') });
  try {
    const tree = await openSqliteTreeStore(path.join(directory, 'seal.sqlite'));
    try {
      return await work(storage, tree);
    } finally {
      await tree.close();
    }
  } finally {
    await storage.close();
  }
}

let copies = 0;

/** A copy of the record, which the test may spoil. */
async function copied(): Promise<string> {
  copies += 1;
  const directory = path.join(home, `copy-${copies}`);
  await mkdir(directory);
  for (const name of files) {
    await copyFile(path.join(original, name), path.join(directory, name));
  }
  return directory;
}

/** Does to a database what its triggers forbid. */
function forge(directory: string, name: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path.join(directory, name));
  const triggers = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all();
  for (const { name: trigger } of triggers) database.exec(`DROP TRIGGER ${String(trigger)}`);
  for (const statement of statements) database.exec(statement);
  database.close();
}

function check(directory: string, notes: readonly string[] = []): Promise<CheckedRecord> {
  return using(directory, (storage, tree) =>
    checkRecord({ storage, tree, origin, publicKeys, kept: notes }),
  );
}

async function foundBy(checked: Promise<CheckedRecord>): Promise<number | undefined> {
  return (await checked).fault?.position;
}

/** What a query for everything, and for each entry's proof, ends with: the position that it names. */
async function foundByQuery(directory: string): Promise<number | undefined> {
  return using(directory, async (storage, tree) => {
    const log = await openSealedLog({ storage, tree, origin, signer, publicKeys });
    try {
      for (let after = 0; after < events; after += 100) await log.entries(after, 100);
      return undefined;
    } catch (failure) {
      if (failure instanceof RecordAltered) return failure.position;
      throw failure;
    }
  });
}

function sealOn(directory: string, note?: string): Promise<unknown> {
  return using(directory, (storage, tree) => sealingOf(storage, tree, { kept: note }));
}

describe('RC-01 a record that was not changed', () => {
  test('is whole, from the beginning and from any entry on', async () => {
    expect(await check(original, kept)).toEqual({ from: 1, to: events, fault: undefined });
    await using(original, async (storage, tree) => {
      for (const from of [2, 256, 257, 300, 512, 513, events]) {
        const checked = await checkRecord({ storage, tree, origin, publicKeys, kept, from });
        expect(checked).toEqual({ from, to: events, fault: undefined });
      }
    });
    expect(await foundByQuery(original)).toBeUndefined();
  });
});

describe('RC-01 one bit that was turned in the log is found, and where', () => {
  const anyPosition = fc.integer({ min: 1, max: events });
  const anyBit = fc.nat({ max: 7 });

  test.each(['stream', 'version', 'schema', 'recorded_at', 'position'])(
    'in the column %s of an event',
    async (column) => {
      await fc.assert(
        fc.asyncProperty(anyPosition, anyBit, async (position, bit) => {
          const directory = await copied();
          const flipped = `(${column} | ${1 << bit}) - (${column} & ${1 << bit})`;
          // Where the other position is taken, the event that had it goes.
          forge(
            directory,
            'log.sqlite',
            'DROP INDEX events_by_stream',
            `UPDATE OR REPLACE events SET ${column} = ${flipped} WHERE position = ${position}`,
          );
          const other = column === 'position' ? position ^ (1 << bit) : position;
          const expected = other > 0 ? Math.min(position, other) : position;

          expect(await foundBy(check(directory))).toBe(expected);
          expect(await foundByQuery(directory)).toBe(expected);
          await rm(directory, { recursive: true });
        }),
        { numRuns: 8 },
      );
    },
  );

  test('in the body of an event', async () => {
    await fc.assert(
      fc.asyncProperty(anyPosition, fc.nat(), anyBit, async (position, place, bit) => {
        const directory = await copied();
        const database = new DatabaseSync(path.join(directory, 'log.sqlite'));
        const row = database.prepare('SELECT body FROM events WHERE position = ?').get(position);
        const body = Buffer.from((row as { body: Uint8Array }).body);
        const at = place % body.length;
        body[at] = (body[at] ?? 0) ^ (1 << bit);
        database.exec('DROP TRIGGER events_are_never_changed');
        database.prepare('UPDATE events SET body = ? WHERE position = ?').run(body, position);
        database.close();

        expect(await foundBy(check(directory))).toBe(position);
        expect(await foundByQuery(directory)).toBe(position);
        await rm(directory, { recursive: true });
      }),
      { numRuns: 15 },
    );
  });

  test.each([
    [
      'a stream that is called something else',
      `UPDATE streams SET name = 'stream-x' WHERE id = 3`,
      3,
    ],
    [
      'a type that is called something else',
      `UPDATE schemas SET type = 'Nated' WHERE type = 'Noted'`,
      2,
    ],
    ['another version of a schema', `UPDATE schemas SET version = 2 WHERE type = 'Struck'`, 1],
    [
      'a schema that reads in another way',
      `UPDATE schemas SET avro = '"string"' WHERE type = 'Noted'`,
      2,
    ],
  ])('in %s', async (_, statement, position) => {
    const directory = await copied();
    forge(directory, 'log.sqlite', statement);

    expect(await foundBy(check(directory))).toBe(position);
    expect(await foundByQuery(directory)).toBe(position);
  });

  test.each([
    [
      'which event is before it in its stream',
      'UPDATE events SET previous = previous + 1 WHERE position = 77',
      77,
    ],
    [
      'the last event of a stream',
      `UPDATE streams SET last = last - 7 WHERE name = 'stream-2'`,
      598,
    ],
    [
      'how many a stream has',
      `UPDATE streams SET version = version - 1 WHERE name = 'stream-2'`,
      598,
    ],
    ['where a type begins', 'UPDATE schema_ranges SET first = first + 1 WHERE first = 101', 101],
    ['where a type ends', 'UPDATE schema_ranges SET last = last - 1 WHERE last = 300', 300],
  ])('in what the store keeps to find events by: %s', async (_, statement, position) => {
    const directory = await copied();
    forge(directory, 'log.sqlite', statement);

    expect(await foundBy(check(directory))).toBe(position);
  });
});

describe('RC-01 one bit that was turned in the tree is found, and where', () => {
  test.each([
    ['a leaf of a full tile', 0, 0, 17, 18],
    ['the last leaf of a full tile', 0, 1, 255, 512],
    ['a leaf at the edge', 0, 2, 40, 553],
    ['the newest leaf', 0, 2, 87, 600],
    ['a hash over 256 entries', 1, 0, 1, 257],
  ])('in %s', async (_, level, number, place, position) => {
    const directory = await copied();
    flipTile(directory, level, number, place * 32 + 5);

    expect(await foundBy(check(directory))).toBe(position);
    expect(await foundByQuery(directory)).toBeLessThanOrEqual(position);
    expect((await check(directory)).fault?.reason).toContain('the entry is right');
  });

  test.each([
    ['its text', "replace(note, '600', '601')"],
    ['its signature', "substr(note, 1, length(note) - 20) || 'AAAA' || substr(note, -16)"],
  ])('in the checkpoint: %s', async (_, changed) => {
    const directory = await copied();
    forge(directory, 'seal.sqlite', `UPDATE seal SET note = ${changed}`);

    expect((await check(directory)).fault?.reason).toContain("checkpoint can't be relied on");
    expect(await foundByQuery(directory)).toBe(events);
    await expect(sealOn(directory)).rejects.toThrow(SealingRefused);
  });
});

function flipTile(directory: string, level: number, number: number, at: number): void {
  const database = new DatabaseSync(path.join(directory, 'seal.sqlite'));
  const where = `level = ${level} AND number = ${number}`;
  const row = database.prepare(`SELECT hashes FROM tiles WHERE ${where}`).get();
  const hashes = Buffer.from((row as { hashes: Uint8Array }).hashes);
  hashes[at] = (hashes[at] ?? 0) ^ 4;
  database.exec('DROP TRIGGER tiles_only_grow');
  database.prepare(`UPDATE tiles SET hashes = ? WHERE ${where}`).run(hashes);
  database.close();
}

describe('RC-01 an entry that was changed together with its hash', () => {
  test.each([100, 590])('is found by whoever asks for it alone: entry %i', async (position) => {
    const directory = await copied();
    forge(directory, 'log.sqlite', `UPDATE events SET body = x'01' WHERE position = ${position}`);
    const hash = await using(directory, async (storage, tree) => {
      const { records } = await storage.readAll({ after: position - 1, limit: 1 });
      const [record] = records;
      const schema = (await readSchemaNames(storage)).find(record?.schema ?? 0);
      const [tile] = await tree.readTiles([{ level: 0, number: Math.floor((position - 1) / 256) }]);
      if (record === undefined || schema === undefined || tile === undefined) throw new Error();
      const before = ((position - 2) % 256) * 32;
      return leafHash(createLeafWriter().leaf(record, schema, tile, before));
    });
    putInTile(directory, position, hash);

    await using(directory, async (storage, tree) => {
      const log = await openSealedLog({ storage, tree, origin, signer, publicKeys });
      await expect(log.proof(position)).rejects.toThrow(RecordAltered);
      await expect(log.entries(position - 1, 1)).rejects.toThrow(RecordAltered);
    });
    expect(await foundBy(check(directory))).toBe(position + 1);
  });
});

function putInTile(directory: string, position: number, hash: Buffer): void {
  const database = new DatabaseSync(path.join(directory, 'seal.sqlite'));
  const where = `level = 0 AND number = ${Math.floor((position - 1) / 256)}`;
  const row = database.prepare(`SELECT hashes FROM tiles WHERE ${where}`).get();
  const hashes = Buffer.from((row as { hashes: Uint8Array }).hashes);
  hash.copy(hashes, ((position - 1) % 256) * 32);
  database.exec('DROP TRIGGER tiles_only_grow');
  database.prepare(`UPDATE tiles SET hashes = ? WHERE ${where}`).run(hashes);
  database.close();
}

describe('RC-01 entries that were removed, added or moved are found', () => {
  test.each([
    ['removed', ['DELETE FROM events WHERE position = 100'], 100],
    [
      'removed, and those behind it moved up',
      ['DELETE FROM events WHERE position = 100', ...moved('position - 1', 'position > 100')],
      100,
    ],
    [
      'put in between',
      [
        ...moved('position + 1', 'position >= 100'),
        `INSERT INTO events SELECT 100, stream, version, schema, recorded_at, previous, body
         FROM events WHERE position = 99`,
      ],
      100,
    ],
    [
      'swapped',
      [
        'UPDATE events SET position = 100000 WHERE position = 100',
        'UPDATE events SET position = 100 WHERE position = 200',
        'UPDATE events SET position = 200 WHERE position = 100000',
      ],
      100,
    ],
    ['cut off at the end', ['DELETE FROM events WHERE position > 590'], 591],
    ['cut off altogether', ['DELETE FROM events'], 1],
  ])('%s', async (_, statements, position) => {
    const directory = await copied();
    forge(directory, 'log.sqlite', ...statements);

    expect(await foundBy(check(directory))).toBe(position);
    expect(await foundByQuery(directory)).toBe(position);
  });
});

/** Numbers events anew, by way of negative numbers: no two may have one at any moment. */
function moved(position: string, where: string): readonly string[] {
  return [
    `UPDATE events SET position = -(${position}) WHERE ${where}`,
    'UPDATE events SET position = -position WHERE position < 0',
  ];
}

function setBack(directory: string): void {
  forge(
    directory,
    'log.sqlite',
    'DELETE FROM events WHERE position > 200',
    'DELETE FROM schema_ranges WHERE first > 200',
  );
}

describe('RC-01 a log that was set back is not sealed on', () => {
  test('the log alone', async () => {
    const directory = await copied();
    setBack(directory);

    await expect(sealOn(directory)).rejects.toThrow('ends at 200, and 600 entries were sealed');
  });

  test('the log and the tree, while a checkpoint is kept elsewhere', async () => {
    const directory = await copied();
    setBack(directory);
    await rm(path.join(directory, 'seal.sqlite'));

    await expect(sealOn(directory, kept[0])).rejects.toThrow('and 300 entries were sealed');
    expect((await check(directory, kept)).fault?.position).toBe(1);
  });

  test('and other events were appended since', async () => {
    const directory = await copied();
    setBack(directory);
    await using(directory, (storage) => appendEvents(storage, 500));

    await expect(sealOn(directory)).rejects.toThrow(SealingRefused);
    expect(await foundBy(check(directory))).toBe(201);
  });

  test('nor does a tree made anew over another log hide it', async () => {
    const directory = await copied();
    forge(directory, 'log.sqlite', 'UPDATE events SET recorded_at = 1 WHERE position = 1');
    await rm(path.join(directory, 'seal.sqlite'));
    await using(directory, sealAll);

    expect(await foundBy(check(directory))).toBeUndefined();
    expect(await check(directory, kept)).toMatchObject({ fault: { position: 1 } });
    await expect(sealOn(directory, kept[0])).rejects.toThrow('kept elsewhere');
    await expect(sealOn(directory, kept[1])).rejects.toThrow('kept elsewhere');
  });

  test('a tree that was set back, or is gone, is made again from a log that was not', async () => {
    const directory = await copied();
    await rm(path.join(directory, 'seal.sqlite'));

    await sealOn(directory, kept[1]);
    await using(directory, sealAll);

    expect(await check(directory, kept)).toEqual({ from: 1, to: events, fault: undefined });
  });

  test('an entry among the newest was changed before the next start', async () => {
    const directory = await copied();
    forge(directory, 'log.sqlite', "UPDATE events SET body = x'01' WHERE position = 599");

    await expect(sealOn(directory)).rejects.toMatchObject({ position: 599 });
  });

  test('a checkpoint of another key is none', async () => {
    const directory = await copied();
    const stranger = kept[1]?.replace(/— .*/su, '— stranger AAAAAAAA\n');

    await expect(sealOn(directory, stranger)).rejects.toThrow("can't be relied on");
  });
});

/** Everything that can be read of the log, in whatever way; a text of what kept it from being read. */
async function contents(directory: string): Promise<string> {
  return using(directory, async (storage) => {
    const all = await storage.readAll({ after: 0, limit: 10_000 });
    const streams = [...new Set(all.records.map(({ stream }) => stream))];
    const byStream = await Promise.all(streams.map((one) => storage.readStream(one, 1, 10_000)));
    const schemas = await storage.schemas();
    const byType = await Promise.all(
      schemas.map(({ id }) => storage.readAll({ after: 0, limit: 10_000, schemas: [id] })),
    );
    return JSON.stringify([all, byStream, schemas, byType], (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
  });
}

describe('RC-01 any byte of the files that was changed', () => {
  test('is found, or what is read is the same', { timeout: 120_000 }, async () => {
    const expected = await contents(original);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (place, bit) => {
        const directory = await copied();
        const file = path.join(directory, 'log.sqlite');
        const bytes = await readFile(file);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        await writeFile(file, bytes);
        const noticed = await check(directory, kept).then(
          ({ fault }) => fault !== undefined,
          (failure: unknown) => failure instanceof StorageFailure || isSqliteError(failure),
        );
        if (noticed) found += 1;
        else expect(await contents(directory)).toBe(expected);
        await rm(directory, { recursive: true });
      }),
      { numRuns: 60 },
    );

    expect(found).toBeGreaterThan(20);
  });
});

function isSqliteError(failure: unknown): boolean {
  return (
    failure instanceof Error && /malformed|sqlite|database|JSON|Unexpected/i.test(failure.message)
  );
}
