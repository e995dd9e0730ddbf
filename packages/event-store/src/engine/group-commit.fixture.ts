import { streamId, type StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Commit, EventStorage, Expectation } from '../storage/storage.ts';
import { createGroupCommit, type GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { holdBatches, type HoldingStorage } from './held-batches.fixture.ts';

export interface GroupFixture {
  readonly group: GroupCommit;
  /** What the group commit writes to. */
  readonly storage: HoldingStorage;
  /** The same log, for another process. */
  readonly others: EventStorage;
  readonly schema: number;
}

export async function openGroup(
  others: EventStorage,
  options: GroupCommitOptions = {},
): Promise<GroupFixture> {
  const [schema = 0] = await others.registerSchemas([{ type: 'Noted', version: 1, avro: 'bytes' }]);
  const storage = holdBatches(others);
  const group = createGroupCommit(storage, () => epoch, options);
  const append: GroupCommit['append'] = (...parameters) => {
    const pending = group.append(...parameters);
    // A test may look at a verdict long after it has been given.
    pending.verdict.catch(() => undefined);
    return pending;
  };
  return { storage, others, schema, group: { ...group, append } };
}

export const epoch = 0n as Instant;
export const [a, b, c] = ['a', 'b', 'c'].map(streamId) as [StreamId, StreamId, StreamId];

/** Adds one record to a stream. */
export function adds(
  schema: number,
  stream: StreamId,
  expected: Expectation,
  body: Uint8Array = Buffer.of(0),
): Commit {
  return { appends: [{ stream, expected, records: [{ schema, body }] }] };
}
