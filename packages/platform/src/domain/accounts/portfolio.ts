import type { CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import type { Money } from '../money/money.ts';
import type { AccountId } from './events.ts';
import type { OrderedPosition } from './ordered-position.ts';
import { settledCash } from './settlement.ts';
import type { Account } from './state.ts';

/** What an account holds at the end of a business date. */
export interface Portfolio {
  readonly accountId: AccountId;
  readonly asOf: CalendarDate;
  readonly currency: CurrencyCode;
  /** By trade date. */
  readonly cash: Money;
  /** Of it, what has settled by then. */
  readonly settledCash: Money;
  /** Ascending by symbol: what is held, and what was held and left a gain or a loss. */
  readonly positions: readonly PortfolioPosition[];
}

export interface PortfolioPosition extends OrderedPosition {
  readonly symbol: InstrumentSymbol;
}

/** The portfolio as the account's state has it: at the end of today. */
export function portfolioOf(account: Account, today: CalendarDate): Portfolio {
  const { accountId, currency, cash, unsettled } = account;
  return {
    accountId,
    asOf: today,
    currency,
    cash,
    settledCash: settledCash(cash, unsettled, today),
    positions: account.positions
      .filter(leftATrace)
      .map(({ symbol, quantity, cost, realizedPnl, lots }) => ({
        symbol,
        quantity,
        cost,
        realizedPnl,
        lots,
      })),
  };
}

/** Not so a position whose every trade was cancelled. */
export function leftATrace({ quantity, realizedPnl }: OrderedPosition): boolean {
  return quantity !== 0n || realizedPnl !== 0n;
}
