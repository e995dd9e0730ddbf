import type { TradeId } from './events.ts';

/**
 * An immutable set that grows by one at a time (the logarithmic method of Bentley and Saxe, 1980): a short
 * list of the newest, and behind it sets of doubling size. Adding costs O(log n) amortized, asking
 * O(log n) look-ups; for the few trades that most accounts do in a day it is a list of a few strings.
 */
export interface TradeIds {
  readonly newest: readonly TradeId[];
  /** Ascending by size, each at least twice the one before. */
  readonly older: readonly ReadonlySet<TradeId>[];
}

export const noTradeIds: TradeIds = { newest: [], older: [] };

const newestMax = 16;

export function hasTradeId(ids: TradeIds, id: TradeId): boolean {
  if (ids.newest.includes(id)) return true;
  for (const set of ids.older) if (set.has(id)) return true;
  return false;
}

export function withTradeId(ids: TradeIds, id: TradeId): TradeIds {
  const newest = [...ids.newest, id];
  if (newest.length <= newestMax) return { newest, older: ids.older };
  const merged = new Set(newest);
  let rest = 0;
  for (const set of ids.older) {
    if (set.size > merged.size) break;
    for (const known of set) merged.add(known);
    rest += 1;
  }
  return { newest: [], older: [merged, ...ids.older.slice(rest)] };
}

/** All of them, in no particular order. */
export function listTradeIds(ids: TradeIds): readonly TradeId[] {
  return [...ids.older.flatMap((set) => [...set]), ...ids.newest];
}

export function tradeIdsOf(list: readonly TradeId[]): TradeIds {
  return list.length <= newestMax
    ? { newest: [...list], older: [] }
    : { newest: [], older: [new Set(list)] };
}
