import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { streamId, type StreamId } from '../../kernel/identifiers.ts';
import type { BatchMessage } from './batch-message.ts';
import { createBatchWriter } from './batch-writer.ts';
import { createLogReader } from './log-reader.ts';
import { migrate } from './tables.ts';

const a = streamId('a');
const b = streamId('b');
const c = streamId('c');

/** One event each, to streams that are at the versions said. */
function batch(...appends: readonly (readonly [StreamId, number])[]): BatchMessage {
  return {
    atMicroseconds: 1,
    commits: appends.map(([stream, expected]) => ({
      standsOn: -1,
      appends: [{ stream, expected, records: [{ schema: 1, body: Buffer.of(expected) }] }],
      claims: [],
    })),
  };
}

describe('LG-05 the writer of batches', () => {
  test('knows where a stream ends though it has room for few', () => {
    const database = new DatabaseSync(':memory:');
    onTestFinished(() => database.close());
    migrate(database);
    const writer = createBatchWriter(database, { knownStreamsMax: 1 });

    const answers = [
      writer.write(batch([a, 0], [b, 0], [a, 1], [c, 0], [a, 2])),
      writer.write(batch([b, 1], [a, 3], [b, 2], [a, 4], [b, 2])),
    ];

    expect(answers.map(({ refused }) => [...refused])).toEqual([
      [],
      [[4, { kind: 'conflict', append: 0, actual: 3 }]],
    ]);
    const log = createLogReader(database);
    expect([a, b, c].map(log.streamVersion)).toEqual([5, 3, 1]);
    expect(log.readStream(a, 1, 10).map(({ version, position }) => [version, position])).toEqual([
      [1, 1],
      [2, 3],
      [3, 5],
      [4, 7],
      [5, 9],
    ]);
  });
});

describe('CA-02 claims in SQLite', () => {
  test('are removed, two for each that is taken, when they expired more than an hour ago', () => {
    const database = new DatabaseSync(':memory:');
    onTestFinished(() => database.close());
    migrate(database);
    const writer = createBatchWriter(database);
    const second = 1_000_000;
    const keys = (): unknown =>
      database
        .prepare('SELECT key FROM claims ORDER BY key')
        .all()
        .map(({ key }) => key);
    writer.write(
      claiming(1, [
        ['a', 5],
        ['b', 6],
        ['c', 7],
        ['lately', 3_600 * second],
        ['for ever', Number.POSITIVE_INFINITY],
      ]),
    );

    writer.write(claiming(3_601 * second, [['d', 9_000 * second]]));
    expect(keys()).toEqual(['c', 'd', 'for ever', 'lately']);

    writer.write(claiming(3_602 * second, [['e', 9_000 * second]]));
    expect(keys()).toEqual(['d', 'e', 'for ever', 'lately']);
  });
});

function claiming(
  atMicroseconds: number,
  claims: readonly (readonly [string, number])[],
): BatchMessage {
  return {
    atMicroseconds,
    commits: claims.map(([key, expiresAtMicroseconds]) => ({
      standsOn: -1,
      appends: [],
      claims: [{ key, note: Buffer.alloc(0), expiresAtMicroseconds }],
    })),
  };
}
