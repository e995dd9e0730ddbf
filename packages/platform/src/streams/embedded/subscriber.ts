import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Message, Subscriber, Subscription } from '../bus.ts';
import type { Bell } from './bell.ts';
import type { Group } from './group.ts';

export interface SubscriberParts {
  readonly group: Group;
  /** Messages of a partition with offset >= `from`. */
  read(partition: number, from: number, limit: number): readonly Message[];
  /** Keeps how far the group has come; rejects when that could not be written. */
  advance(positions: readonly Position[]): Promise<void>;
  /** Resolves when something was published or the group has changed since the last time it resolved. */
  readonly bell: Bell;
}

export interface Position {
  readonly partition: number;
  readonly next: number;
}

const pauseMinMs = 20;
const pauseMaxMs = 5_000;

/** Hands a group's messages to one of its members, batch by batch, until it is closed. */
export function startSubscriber(
  { batchSizeMax, handle, onFailure }: Subscription,
  { group, read, advance, bell }: SubscriberParts,
): Subscriber {
  const member = Symbol('member');
  const ended = new AbortController();
  const advancing = new Set<Promise<void>>();
  let firstOfRound = 0;

  /** As much as there is and there is room for; each time another partition comes first. */
  const nextBatch = (partitions: readonly number[]): readonly Message[] => {
    const batch: Message[] = [];
    firstOfRound += 1;
    for (const [index] of partitions.entries()) {
      const partition = partitions[(firstOfRound + index) % partitions.length] as number;
      const room = batchSizeMax - batch.length;
      if (room === 0) break;
      batch.push(...read(partition, group.next.get(partition) ?? 0, room));
    }
    return batch;
  };

  const taken = (batch: readonly Message[]): void => {
    const positions = new Map<number, number>();
    for (const { partition, offset } of batch) positions.set(partition, offset + 1);
    for (const [partition, next] of positions) group.next.set(partition, next);
    const kept = advance(Array.from(positions, ([partition, next]) => ({ partition, next })))
      .catch((failure: unknown) => onFailure?.(failure))
      .finally(() => advancing.delete(kept));
    advancing.add(kept);
  };

  /** Whether there was anything to hand over. */
  const round = async (): Promise<boolean> => {
    const partitions = group.acquire(member);
    try {
      const batch = partitions.length === 0 ? [] : nextBatch(partitions);
      if (batch.length === 0) return false;
      await handle(batch);
      taken(batch);
      return true;
    } finally {
      group.release(member);
    }
  };

  const run = async (): Promise<void> => {
    let pauseMs = pauseMinMs;
    while (!ended.signal.aborted) {
      const rung = bell.rung();
      try {
        if (!(await round())) await rung;
        // A handler that waits for nothing would let nobody else have a turn.
        await setImmediate();
        pauseMs = pauseMinMs;
      } catch (failure) {
        onFailure?.(failure);
        await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
      }
    }
  };

  group.join(member);
  const running = run();
  return {
    close: async () => {
      ended.abort();
      bell.ring();
      await running;
      group.leave(member);
      await Promise.all(advancing);
    },
  };
}
