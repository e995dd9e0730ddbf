import type { RandomBytes } from '@counterfoil/event-store';

/** Random bytes drawn many at a time: asking for a few costs as much as asking for some thousand. */
export function randomPool(randomBytes: RandomBytes): RandomBytes {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (count) => {
    if (used + count > pool.length) {
      pool = randomBytes(Math.max(count, poolBytes));
      used = 0;
    }
    // A copy, and the pool forgets: nobody else must come by a key.
    const bytes = pool.slice(used, used + count);
    pool.fill(0, used, used + count);
    used += count;
    return bytes;
  };
}

const poolBytes = 8_192;
