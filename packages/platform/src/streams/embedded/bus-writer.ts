import type { DatabaseSync } from 'node:sqlite';
import { createRequestWriter, type RequestWrite } from './request-writer.ts';
import type { Publish, StoredMessage } from './stored-message.ts';

/** What is written to the bus. All of one batch is written in one transaction. */
export type BusWrite =
  | RequestWrite
  | {
      readonly kind: 'publish';
      readonly topic: number;
      /** In milliseconds since 1970. */
      readonly at: number;
      readonly messages: readonly StoredMessage[];
    }
  | {
      readonly kind: 'advance';
      readonly topic: number;
      readonly group: string;
      readonly positions: readonly { readonly partition: number; readonly next: number }[];
    }
  | {
      /** Removes what every group has taken and nobody may want to read again. */
      readonly kind: 'trim';
      readonly topic: number;
      /** In milliseconds since 1970. */
      readonly publishedBefore: number;
    };

interface Taken {
  readonly partition: number;
  readonly next: number;
}

// Of one partition: what others want written must not wait for long.
const removedAtOnce = 1_000;

/**
 * Writes batches, each in one transaction, durable when it returns; on a throw nothing was written. Answers
 * with the result of each write: undefined for most.
 */
export function createBusWriter(
  database: DatabaseSync,
): (batch: readonly BusWrite[]) => readonly unknown[] {
  const nextOf = database.prepare('SELECT next FROM partitions WHERE topic = ? AND partition = ?');
  const moveEnd = database.prepare(
    'UPDATE partitions SET next = ? WHERE topic = ? AND partition = ?',
  );
  const add = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)');
  const advance = database.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)');

  // A topic that no group has ever taken from, as one of dead letters, keeps all.
  const taken = database.prepare(
    'SELECT partition, min(next) AS next FROM progress WHERE topic = ? GROUP BY partition',
  );
  const oldest = database.prepare(
    `SELECT published_at AS at FROM messages WHERE topic = ? AND partition = ?
     ORDER BY "offset" LIMIT 1`,
  );
  // Limited before it is filtered: nobody waits until all that is young has been looked through.
  const trim = database.prepare(
    `DELETE FROM messages WHERE (topic, partition, "offset") IN (
       SELECT topic, partition, "offset" FROM (
         SELECT topic, partition, "offset", published_at FROM messages
         WHERE topic = ? AND partition = ? AND "offset" < ? ORDER BY "offset" LIMIT ?)
       WHERE published_at < ?)`,
  );

  /** Of the batch at hand: what each partition, by topic and number, will have next. */
  const ends = new Map<
    string,
    { readonly topic: number; readonly partition: number; next: number }
  >();

  const publish: Publish = (topic, at, { partition, key, headers, value }) => {
    const name = `${topic}/${partition}`;
    let end = ends.get(name);
    if (end === undefined) {
      end = { topic, partition, next: (nextOf.get(topic, partition) as { next: number }).next };
      ends.set(name, end);
    }
    add.run(topic, partition, end.next, at, key, headers, value);
    end.next += 1;
  };

  const requests = createRequestWriter(database, publish);

  const apply = (write: BusWrite): unknown => {
    switch (write.kind) {
      case 'publish':
        for (const message of write.messages) publish(write.topic, write.at, message);
        return undefined;
      case 'advance':
        for (const { partition, next } of write.positions) {
          advance.run(write.topic, partition, write.group, next);
        }
        return undefined;
      case 'trim':
        for (const { partition, next } of taken.all(write.topic) as unknown as Taken[]) {
          const first = oldest.get(write.topic, partition) as { at: number } | undefined;
          if (first === undefined || first.at >= write.publishedBefore) continue;
          trim.run(write.topic, partition, next, removedAtOnce, write.publishedBefore);
        }
        return undefined;
      case 'accept':
      case 'settle':
      case 'hold':
      case 'expire':
        return requests(write);
    }
  };

  return (batch) => {
    ends.clear();
    database.exec('BEGIN IMMEDIATE');
    try {
      const results = batch.map((write) => apply(write));
      for (const { topic, partition, next } of ends.values()) moveEnd.run(next, topic, partition);
      database.exec('COMMIT');
      return results;
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw cause;
    }
  };
}

// Primary result codes, the low byte of SQLite's extended codes (sqlite.org/rescode.html).
const busy = 5;
const locked = 6;
const full = 13;

/**
 * Whether nobody can tell after an error of SQLite what the disk holds, as after a failed flush, which the
 * kernel may report as done the next time. No room, or another's lock, leaves all as it was.
 */
export function leavesDiskInDoubt(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return true;
  return ![busy, locked, full].includes(Number(cause.errcode) & 0xff);
}
