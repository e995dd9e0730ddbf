import { portfolioOf, type Portfolio } from '../domain/accounts/portfolio.ts';
import type { Account } from '../domain/accounts/state.ts';
import { valuePortfolio, type Valuation } from '../domain/accounts/valuation.ts';
import type { MarketBook } from '../ledger/market-book.ts';

/** An account's portfolio as it is now, at the last prices. */
export function portfolioNow(
  account: Account,
  market: Pick<MarketBook, 'prices' | 'today'>,
): { readonly portfolio: Portfolio; readonly valuation: Valuation } {
  const portfolio = portfolioOf(account, market.today());
  const valuation = valuePortfolio(portfolio, (symbol) => market.prices(symbol).last?.price);
  return { portfolio, valuation };
}
