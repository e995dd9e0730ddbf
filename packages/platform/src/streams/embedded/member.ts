import type { Message } from '../bus.ts';
import type { SubscriberParts } from '../subscriber.ts';
import type { Bell } from './bell.ts';
import type { Group } from './group.ts';

export interface MemberParts {
  readonly group: Group;
  /** Messages of a partition with offset >= `from`. */
  read(partition: number, from: number, limit: number): readonly Message[];
  /** Keeps how far the group has come; rejects when that could not be written. */
  advance(
    positions: readonly { readonly partition: number; readonly next: number }[],
  ): Promise<void>;
  /** Rung when something was published, and when the group has changed. */
  readonly bell: Bell;
  readonly onFailure: ((failure: unknown) => void) | undefined;
}

/** A member of a group on the embedded bus. */
export function memberOf({ group, read, advance, bell, onFailure }: MemberParts): SubscriberParts {
  const member = Symbol('member');
  const advancing = new Set<Promise<void>>();
  let firstOfRound = 0;
  return {
    join: async () => group.join(member),
    leave: async () => {
      group.leave(member);
      await Promise.all(advancing);
    },
    acquire: async () =>
      new Map(
        group.acquire(member).map((partition) => [partition, group.next.get(partition) ?? 0]),
      ),
    release: () => group.release(member),
    // As much as there is and there is room for; each time another partition comes first.
    read: async (from, limit) => {
      const partitions = [...from];
      const batch: Message[] = [];
      firstOfRound += 1;
      for (const index of partitions.keys()) {
        const room = limit - batch.length;
        if (room === 0) break;
        const [partition, next] = partitions[(firstOfRound + index) % partitions.length] ?? [0, 0];
        batch.push(...read(partition, next, room));
      }
      return batch;
    },
    // The group goes on at once: should it not be kept, the messages come again when the bus is opened anew.
    advance: async (to) => {
      for (const [partition, next] of to) group.next.set(partition, next);
      const kept = advance(Array.from(to, ([partition, next]) => ({ partition, next })))
        .catch((failure: unknown) => onFailure?.(failure))
        .finally(() => advancing.delete(kept));
      advancing.add(kept);
    },
    idle: bell.rung,
    wake: bell.ring,
  };
}
