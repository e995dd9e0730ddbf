import type { Clock } from '@counterfoil/event-store';

/** Remembers values, each for a while; the oldest goes early when there are too many. */
export interface PassingMemory<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  clear(): void;
  /** Lets go of what has had its time; nobody gets that in any case. */
  sweep(): void;
}

export function passingMemory<Key, Value>(
  clock: Clock,
  { lifetimeMs, most }: { readonly lifetimeMs: number; readonly most: number },
): PassingMemory<Key, Value> {
  const lifetime = BigInt(lifetimeMs) * 1_000_000n;
  // A map hands out its entries in the order in which they came.
  const entries = new Map<Key, { readonly value: Value; readonly since: bigint }>();

  const isOver = (since: bigint): boolean => {
    const age = clock() - since;
    // A clock that was set back must not keep anything for longer.
    return age < 0n || age >= lifetime;
  };

  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry === undefined || isOver(entry.since) ? undefined : entry.value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, { value, since: clock() });
      if (entries.size <= most) return;
      const [oldest] = entries.keys();
      entries.delete(oldest as Key);
    },
    delete: (key) => {
      entries.delete(key);
    },
    clear: () => entries.clear(),
    sweep: () => {
      for (const [key, { since }] of entries) {
        if (!isOver(since)) break;
        entries.delete(key);
      }
    },
  };
}
