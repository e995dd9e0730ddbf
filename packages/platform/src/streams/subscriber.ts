import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Message, Subscriber, Subscription } from './bus.ts';

/** What a subscriber needs of the bus that it is on. */
export interface SubscriberParts {
  /** Joins the group. */
  join(): Promise<void>;
  /** Leaves the group; whatever was taken is kept by then. */
  leave(): Promise<void>;
  /**
   * The offset to go on from of each partition that is the subscriber's own at present. They stay with it
   * until `release`, as far as the bus can promise that.
   */
  acquire(): Promise<Positions>;
  release(): void;
  /** Messages from those positions on, at most `limit` in all; may wait a moment for some to come. */
  read(from: Positions, limit: number): Promise<readonly Message[]>;
  /** Notes up to where messages were taken; may resolve before that is kept. */
  advance(to: Positions): Promise<void>;
  /** Resolves when it is worth looking again. */
  idle(): Promise<void>;
  /** Makes `idle` resolve, and `read` as soon as may be. */
  wake(): void;
}

/** Of partitions, the next offset of each. */
export type Positions = ReadonlyMap<number, number>;

const pauseMinMs = 20;
const pauseMaxMs = 5_000;

/** Hands a group's messages to one of its members, batch by batch, until it is closed. */
export async function startSubscriber(
  { batchSizeMax, handle, onFailure }: Pick<Subscription, 'batchSizeMax' | 'handle' | 'onFailure'>,
  { join, leave, acquire, release, read, advance, idle, wake }: SubscriberParts,
): Promise<Subscriber> {
  const ended = new AbortController();

  /** Whether there was anything to hand over. */
  const round = async (): Promise<boolean> => {
    try {
      const positions = await acquire();
      const batch = positions.size === 0 ? [] : await read(positions, batchSizeMax);
      // Once it is to end, what was read is left to others.
      if (batch.length === 0 || ended.signal.aborted) return false;
      await handle(batch);
      await advance(new Map(batch.map(({ partition, offset }) => [partition, offset + 1])));
      return true;
    } finally {
      release();
    }
  };

  const run = async (): Promise<void> => {
    let pauseMs = pauseMinMs;
    while (!ended.signal.aborted) {
      // Asked for first: what comes while the round looks in vain must not be slept through.
      const worthwhile = idle();
      try {
        if (!(await round()) && !ended.signal.aborted) await worthwhile;
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

  await join();
  const running = run();
  return {
    close: async () => {
      ended.abort();
      wake();
      await running;
      await leave();
    },
  };
}
