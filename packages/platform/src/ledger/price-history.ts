import { priceHistory, type PriceHistory } from '../domain/corporate-actions/price-adjustment.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { lastBarAtOrBefore } from '../domain/instruments/price-history.ts';
import type { ActionsBook } from './actions-book.ts';
import type { MarketBook } from './market-book.ts';

/** How an instrument's prices hang together over its corporate actions, as the books know both at present. */
export function priceHistoryOf(
  symbol: InstrumentSymbol,
  actions: Pick<ActionsBook, 'postedOn' | 'changesInto'>,
  market: Pick<MarketBook, 'instrument' | 'prices'>,
): PriceHistory {
  return priceHistory(symbol, {
    postedOn: (of) => actions.postedOn(of),
    changesInto: (of) => actions.changesInto(of),
    closeAtOrBefore: (of, date) => lastBarAtOrBefore(market.prices(of).years, date),
    currencyOf: (of) => market.instrument(of)?.currency,
  });
}
