import type { Message, PartitionProgress } from '../bus.ts';
import { openForReading } from './bus-tables.ts';

/** Reads the embedded bus; synchronous, on a connection of its own. */
export interface BusReader {
  topic(name: string): TopicRow | undefined;
  topics(): readonly TopicRow[];
  messages(
    topicId: number,
    topic: string,
    partition: number,
    from: number,
    limit: number,
  ): readonly Message[];
  /** Of every partition, in order. */
  progress(topicId: number, group: string): readonly PartitionProgress[];
  request(id: Uint8Array): RequestRow | undefined;
  close(): void;
}

export interface TopicRow {
  readonly id: number;
  readonly partitions: number;
}

/** A row of `requests`. */
export interface RequestRow {
  readonly expires_at: number;
  readonly outcome: string | null;
  readonly held: string | null;
}

interface MessageRow {
  readonly offset: number;
  readonly key: string;
  readonly headers: string | null;
  readonly value: Uint8Array;
}

export function openBusReader(file: string): BusReader {
  const database = openForReading(file);
  const topics = `SELECT id, (SELECT count(*) FROM partitions WHERE topic = topics.id) AS partitions
    FROM topics`;
  const allTopics = database.prepare(topics);
  const topicNamed = database.prepare(`${topics} WHERE name = ?`);
  const messagesFrom = database.prepare(
    `SELECT "offset", key, headers, value FROM messages
     WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?`,
  );
  const progressOf = database.prepare(
    `SELECT partitions.partition, partitions.next AS "end", coalesce(progress.next, 0) AS next
     FROM partitions LEFT JOIN progress ON progress.topic = partitions.topic
       AND progress.partition = partitions.partition AND "group" = ?2
     WHERE partitions.topic = ?1 ORDER BY partitions.partition`,
  );
  const requestWith = database.prepare(
    'SELECT expires_at, outcome, held FROM requests WHERE id = ?',
  );
  return {
    topic: (name) => {
      const row = topicNamed.get(name) as TopicRow | undefined;
      return row && { ...row };
    },
    topics: () => allTopics.all() as unknown as TopicRow[],
    messages: (topicId, topic, partition, from, limit) =>
      (messagesFrom.all(topicId, partition, from, limit) as unknown as MessageRow[]).map(
        ({ offset, key, headers, value }) => ({
          topic,
          partition,
          offset,
          key,
          value,
          headers: headers === null ? {} : (JSON.parse(headers) as Record<string, string>),
        }),
      ),
    progress: (topicId, group) =>
      (progressOf.all(topicId, group) as unknown as PartitionProgress[]).map((row) => ({ ...row })),
    request: (id) => requestWith.get(id) as RequestRow | undefined,
    close: () => database.close(),
  };
}
