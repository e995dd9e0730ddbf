import { ListOffsetTimestamps, type Admin } from '@platformatic/kafka';

export interface TrimmerOptions {
  /** What the names of the topics begin with that are looked after. */
  readonly prefix: string;
  /** How long messages that every group has taken are kept, in milliseconds. */
  readonly keepTakenMs: number;
}

/**
 * Removes messages that every group has taken, some time after: topics keep their messages until then,
 * however long nobody takes them. A topic that no group has ever taken from, as one of dead letters, keeps all.
 * Answers how many messages went.
 */
export async function trim(
  admin: Admin,
  { prefix, keepTakenMs }: TrimmerOptions,
  nowMs: number,
): Promise<number> {
  const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
  const groups = [...(await admin.listGroups()).keys()];
  let removed = 0;
  for (const topic of topics) {
    const taken = await takenByAll(admin, topic, groups);
    if (taken.size === 0) continue;
    const partitions = [...taken.keys()];
    const old = await offsetsAt(admin, topic, partitions, BigInt(nowMs - keepTakenMs));
    const first = await offsetsAt(admin, topic, partitions, ListOffsetTimestamps.EARLIEST);
    const until = partitions.flatMap((partition) => {
      const next = taken.get(partition) ?? 0n;
      const kept = old.get(partition) ?? -1n;
      // -1 where no message is as young as that.
      const offset = kept >= 0n && kept < next ? kept : next;
      const from = first.get(partition) ?? 0n;
      if (offset <= from) return [];
      removed += Number(offset - from);
      return [{ partition, offset }];
    });
    if (until.length > 0)
      await admin.deleteRecords({ topics: [{ name: topic, partitions: until }] });
  }
  return removed;
}

/** Of each partition that any group has taken from, up to where all of those have. */
async function takenByAll(
  admin: Admin,
  topic: string,
  groups: readonly string[],
): Promise<ReadonlyMap<number, bigint>> {
  if (groups.length === 0) return new Map();
  const { topics } = await admin.metadata({ topics: [topic] });
  const count = topics.get(topic)?.partitionsCount ?? 0;
  const partitionIndexes = Array.from({ length: count }, (_, index) => index);
  const found = await admin.listConsumerGroupOffsets({
    groups: groups.map((groupId) => ({ groupId, topics: [{ name: topic, partitionIndexes }] })),
  });
  const taken = new Map<number, bigint>();
  for (const group of found) {
    const offsets = group.topics.flatMap(({ partitions }) => partitions);
    // A group that has never taken anything of the topic does not hold it back.
    if (offsets.every(({ committedOffset }) => committedOffset < 0n)) continue;
    for (const partition of partitionIndexes) {
      const own = offsets.find(({ partitionIndex }) => partitionIndex === partition);
      const next = own === undefined || own.committedOffset < 0n ? 0n : own.committedOffset;
      const before = taken.get(partition);
      taken.set(partition, before === undefined || next < before ? next : before);
    }
  }
  return taken;
}

async function offsetsAt(
  admin: Admin,
  topic: string,
  partitions: readonly number[],
  timestamp: bigint,
): Promise<ReadonlyMap<number, bigint>> {
  const [found] = await admin.listOffsets({
    topics: [
      {
        name: topic,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })),
      },
    ],
  });
  return new Map(
    (found?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset]),
  );
}
