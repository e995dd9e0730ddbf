import type { EventOf } from '@counterfoil/event-store';
import type { AccountEvent, TradeBooked, TradeId } from './events.ts';

export type BookedTrade = EventOf<typeof TradeBooked>['data'];

/** A trade as it was booked, with what the account's later events say of it. */
export interface RecordedTrade {
  readonly trade: BookedTrade;
  /** Its place in the order in which trades became known; a replacement takes that of the original. */
  readonly place: number;
  readonly cancelled: boolean;
}

/** Every trade ever booked, cancelled ones too, in the order of recording. */
export function recordedTrades(events: Iterable<AccountEvent>): readonly RecordedTrade[] {
  const trades: RecordedTrade[] = [];
  const indexById = new Map<TradeId, number>();
  for (const event of events) {
    if (event.type === 'TradeBooked') {
      const trade = event.data;
      const original = trade.replaces === null ? undefined : indexById.get(trade.replaces);
      const place = (original === undefined ? undefined : trades[original]?.place) ?? trades.length;
      indexById.set(trade.tradeId, trades.length);
      trades.push({ trade, place, cancelled: false });
    } else if (event.type === 'TradeCancelled') {
      const index = indexById.get(event.data.tradeId);
      const known = index === undefined ? undefined : trades[index];
      if (index !== undefined && known !== undefined) trades[index] = { ...known, cancelled: true };
    }
  }
  return trades;
}
