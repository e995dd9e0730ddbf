import type { DatabaseSync } from 'node:sqlite';

/** What is written to the bus. All of one batch is written in one transaction. */
export type BusWrite =
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

export interface StoredMessage {
  readonly partition: number;
  readonly key: string;
  /** As JSON; null for none. */
  readonly headers: string | null;
  readonly value: Uint8Array;
}

interface Taken {
  readonly partition: number;
  readonly next: number;
}

// Of one partition: what others want written must not wait for long.
const removedAtOnce = 2_000;

/** Writes batches, each in one transaction, durable when it returns; on a throw nothing was written. */
export function createBusWriter(database: DatabaseSync): (batch: readonly BusWrite[]) => void {
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
  const trim = database.prepare(
    `DELETE FROM messages WHERE (topic, partition, "offset") IN (
       SELECT topic, partition, "offset" FROM messages
       WHERE topic = ? AND partition = ? AND "offset" < ? AND published_at < ?
       ORDER BY "offset" LIMIT ?)`,
  );

  const publish = ({ topic, at, messages }: BusWrite & { readonly kind: 'publish' }): void => {
    const ends = new Map<number, number>();
    for (const { partition, key, headers, value } of messages) {
      const offset = ends.get(partition) ?? (nextOf.get(topic, partition) as { next: number }).next;
      add.run(topic, partition, offset, at, key, headers, value);
      ends.set(partition, offset + 1);
    }
    for (const [partition, next] of ends) moveEnd.run(next, topic, partition);
  };

  const apply = (write: BusWrite): void => {
    switch (write.kind) {
      case 'publish':
        publish(write);
        break;
      case 'advance':
        for (const { partition, next } of write.positions) {
          advance.run(write.topic, partition, write.group, next);
        }
        break;
      case 'trim':
        for (const { partition, next } of taken.all(write.topic) as unknown as Taken[]) {
          trim.run(write.topic, partition, next, write.publishedBefore, removedAtOnce);
        }
        break;
    }
  };

  return (batch) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const write of batch) apply(write);
      database.exec('COMMIT');
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
