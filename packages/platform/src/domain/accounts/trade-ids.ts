import type { TradeId } from './events.ts';

/**
 * An immutable set that grows by one at a time. A set and those grown from it share one map from id to
 * place; each set holds the first `size` places of it. The newest of them grows in place, at the cost of
 * one entry; growing an older one, as when what was decided on it has failed, copies its share.
 */
export interface TradeIds {
  readonly places: Map<TradeId, number>;
  readonly size: number;
}

export const noTradeIds: TradeIds = { places: new Map(), size: 0 };

export function hasTradeId({ places, size }: TradeIds, id: TradeId): boolean {
  const place = places.get(id);
  return place !== undefined && place < size;
}

export function withTradeId(ids: TradeIds, id: TradeId): TradeIds {
  if (hasTradeId(ids, id)) return ids;
  const { size } = ids;
  // The empty set is everybody's, so it stays empty.
  const isNewest = size > 0 && ids.places.size === size;
  const { places } = isNewest ? ids : tradeIdsOf(listTradeIds(ids));
  places.set(id, size);
  return { places, size: size + 1 };
}

/** All of them, the earliest added first. */
export function listTradeIds({ places, size }: TradeIds): readonly TradeId[] {
  return [...places.keys()].slice(0, size);
}

export function tradeIdsOf(list: readonly TradeId[]): TradeIds {
  const places = new Map(list.map((id, place) => [id, place]));
  if (places.size < list.length) throw new RangeError('a trade id is there twice');
  return { places, size: list.length };
}
