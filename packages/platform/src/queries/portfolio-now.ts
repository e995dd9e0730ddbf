import { portfolioOf, type Portfolio } from '../domain/accounts/portfolio.ts';
import type { Account } from '../domain/accounts/state.ts';
import { valuePortfolio, type Valuation } from '../domain/accounts/valuation.ts';
import type { MarketBook } from '../ledger/market-book.ts';

/** An account's portfolio as it is now, at the last prices. */
export function portfolioNow(
  account: Account,
  market: Pick<MarketBook, 'priceOn' | 'today'>,
): { readonly portfolio: Portfolio; readonly valuation: Valuation } {
  const today = market.today();
  const portfolio = portfolioOf(account, today);
  const valuation = valuePortfolio(portfolio, (symbol) => market.priceOn(symbol, today));
  return { portfolio, valuation };
}
