import type { ActionId } from '../domain/corporate-actions/events.ts';
import { lastBarAtOrBefore } from '../domain/instruments/price-history.ts';
import { Quantity } from '../domain/money/money.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import type { MarketBook } from '../ledger/market-book.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { entitledAction } from './entitled-action.ts';
import type { Holders } from './processor.ts';
import type { TermSources } from './resolved-terms.ts';

/** Where closes come from. */
export type PriceSource = Pick<TermSources, 'closeAtOrBefore'>;

export interface TermSourcesParts {
  readonly breakers: Pick<Breakers, 'run'>;
  readonly market: Pick<MarketBook, 'prices' | 'instrument'>;
  readonly entitlements: Pick<EntitlementLedger, 'preview'>;
  readonly holders: Pick<Holders, 'reach' | 'list'>;
  /** The position of the newest event. */
  readonly head: () => Promise<number>;
  /** The log's own when not given. */
  readonly prices?: PriceSource | undefined;
}

const pageSize = 500;

export function createTermSources(parts: TermSourcesParts): (id: ActionId) => TermSources {
  const { breakers, market, prices = closesOf(market) } = parts;
  return (id) => ({
    closeAtOrBefore: (symbol, date, since) =>
      breakers.run('prices', () => prices.closeAtOrBefore(symbol, date, since)),
    currencyOf: (symbol) => market.instrument(symbol)?.currency,
    tendered: (announcement) => tenderedBy(parts, id, announcement),
  });
}

function closesOf(market: Pick<MarketBook, 'prices'>): PriceSource {
  return {
    closeAtOrBefore: async (symbol, date, since) => {
      const bar = lastBarAtOrBefore(market.prices(symbol).years, date);
      return bar === undefined || (since !== undefined && bar.date < since) ? undefined : bar.close;
    },
  };
}

/** What each would be posted if all of it were accepted: so it is by the choice of each, or by the default. */
async function tenderedBy(
  { entitlements, holders, head }: TermSourcesParts,
  id: ActionId,
  announcement: Parameters<TermSources['tendered']>[0],
): Promise<Quantity> {
  const { symbol, terms } = announcement;
  // Of a version that nobody has been posted yet.
  const all = entitledAction(id, 0, announcement, terms);
  await holders.reach(await head());
  let sum = 0n;
  for (let accounts = await holders.list(symbol, undefined, pageSize); accounts.length > 0;) {
    const previews = await Promise.all(accounts.map((one) => entitlements.preview(one, all)));
    for (const event of previews.flat()) {
      if (event.type !== 'EntitlementPosted' || event.data.actionId !== id) continue;
      for (const moved of event.data.movements) {
        if (moved.symbol === symbol) sum -= moved.quantityChange;
      }
    }
    accounts = await holders.list(symbol, accounts.at(-1), pageSize);
  }
  return Quantity.units(sum);
}
