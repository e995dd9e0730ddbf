import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openForWriting } from './bus-tables.ts';
import { createBusWriter, leavesDiskInDoubt, type BusWrite } from './bus-writer.ts';

async function opened() {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-bus-writer-'));
  const file = path.join(directory, 'bus.sqlite');
  const database = openForWriting(file);
  onTestFinished(async () => {
    database.close();
    await rm(directory, { recursive: true });
  });
  database.exec("INSERT INTO topics VALUES (1, 'orders'); INSERT INTO partitions VALUES (1, 0, 0)");
  const count = (): unknown => database.prepare('SELECT count(*) AS n FROM messages').get()?.['n'];
  return { file, database, write: createBusWriter(database), count };
}

function publishing(...sizes: readonly number[]): BusWrite {
  const messages = sizes.map((size) => ({
    partition: 0,
    key: 'k',
    headers: null,
    value: new Uint8Array(size),
  }));
  return { kind: 'publish', topic: 1, at: 0, messages };
}

function failureOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (failure) {
    return failure;
  }
}

describe('TC-06, OP-11 a batch that the bus can not write', () => {
  test('for want of room is not there in part, and others are written once there is', async () => {
    const { database, write, count } = await opened();
    write([publishing(10)]);
    database.exec('PRAGMA max_page_count = 30');

    const failure = failureOf(() => write([publishing(10), publishing(500_000)]));

    expect(failure).toMatchObject({ errstr: 'database or disk is full' });
    expect(leavesDiskInDoubt(failure)).toBe(false);
    expect(count()).toBe(1);
    database.exec('PRAGMA max_page_count = 1000000');
    write([publishing(10, 500_000)]);
    expect(count()).toBe(3);
  });

  test('as another holds the file may come again', async () => {
    const { file, database, write, count } = await opened();
    database.exec('PRAGMA busy_timeout = 0');
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');

    const failure = failureOf(() => write([publishing(10)]));

    expect(failure).toMatchObject({ errcode: 5 });
    expect(leavesDiskInDoubt(failure)).toBe(false);
    other.exec('ROLLBACK');
    write([publishing(10)]);
    expect(count()).toBe(1);
  });

  test.each([
    ['an I/O error at a flush', { errcode: 1034 }, true],
    ['a damaged file', { errcode: 11 }, true],
    ['no room left', { errcode: 13 }, false],
    ['what SQLite does not name', new Error('strange'), true],
  ])('%s', (_, failure, inDoubt) => {
    expect(leavesDiskInDoubt(failure)).toBe(inDoubt);
  });
});
