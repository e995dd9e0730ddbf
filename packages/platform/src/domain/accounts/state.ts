import type { CalendarDate, EventOf } from '@counterfoil/event-store';
import type { CurrencyCode } from '../money/currency.ts';
import { minus, plus, type Money } from '../money/money.ts';
import type {
  AccountEvent,
  AccountId,
  AccountOpened,
  CostMethod,
  OwnerKind,
  PositionRestated,
  TradeBooked,
  TradeCancelled,
} from './events.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { matchLots, signedQuantity } from './lots.ts';
import { emptyPosition, positionOf, withPosition, type Positions } from './positions.ts';
import { withoutSettled, withUnsettled, type UnsettledAmounts } from './settlement.ts';

/** Undefined before it was opened. */
export type AccountState = Account | undefined;

export interface Account {
  readonly accountId: AccountId;
  readonly ownerName: string;
  readonly ownerKind: OwnerKind;
  readonly currency: CurrencyCode;
  readonly costMethod: CostMethod;
  readonly shortSelling: boolean;
  readonly openedOn: CalendarDate;
  /** `OPEN` <-> `SUSPENDED`, either -> `CLOSED`, which is for ever. */
  readonly status: AccountStatus;
  readonly limits: Limits;
  /** By trade date: unsettled amounts included. */
  readonly cash: Money;
  readonly unsettled: UnsettledAmounts;
  /** Those that have become zero too. */
  readonly positions: Positions;
}

export type AccountStatus = 'OPEN' | 'SUSPENDED' | 'CLOSED';

/** What an event makes of an account. */
export function evolve(account: AccountState, event: AccountEvent): AccountState {
  if (event.type === 'AccountOpened') return openedAccount(event.data);
  if (account === undefined) return undefined;
  switch (event.type) {
    case 'TradeBooked':
      return withTrade(account, event.data);
    case 'TradeCancelled':
      return withoutTrade(account, event.data);
    case 'PositionRestated':
      return withRestatement(account, event.data);
    case 'CashDeposited':
      return withCash(account, plus(account.cash, event.data.amount), event.data.effectiveDate);
    case 'CashWithdrawn':
      return withCash(account, minus(account.cash, event.data.amount), event.data.effectiveDate);
    case 'TradeRefused':
      return account;
    case 'LimitsSet': {
      const { priceCollarPercent, orderNotionalMax, positionQuantityMax, concentrationPercentMax } =
        event.data;
      const limits: Limits = {
        priceCollarPercent,
        orderNotionalMax,
        positionQuantityMax,
        concentrationPercentMax,
      };
      return { ...account, limits };
    }
    case 'AccountSuspended':
      return { ...account, status: 'SUSPENDED' };
    case 'AccountReinstated':
      return { ...account, status: 'OPEN' };
    case 'AccountClosed':
      return { ...account, status: 'CLOSED' };
  }
}

function openedAccount(opened: EventOf<typeof AccountOpened>['data']): Account {
  return {
    accountId: opened.accountId,
    ownerName: opened.ownerName,
    ownerKind: opened.ownerKind,
    currency: opened.currency,
    costMethod: opened.costMethod,
    shortSelling: opened.shortSelling,
    openedOn: opened.openedOn,
    status: 'OPEN',
    limits: defaultLimits,
    cash: opened.initialBalance,
    unsettled: [],
    positions: [],
  };
}

function withCash(account: Account, cash: Money, effectiveDate: CalendarDate): Account {
  return { ...account, cash, unsettled: withoutSettled(account.unsettled, effectiveDate) };
}

function withTrade(account: Account, trade: EventOf<typeof TradeBooked>['data']): Account {
  const { symbol, tradeDate, settlementDate, amount } = trade;
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, tradeDate);
  const { lastTradeDate } = position;
  return {
    ...account,
    cash: plus(account.cash, amount),
    unsettled: withUnsettled(account.unsettled, settlementDate, amount, tradeDate),
    positions: withPosition(account.positions, {
      symbol,
      quantity: plus(position.quantity, signedQuantity(trade.side, trade.quantity)),
      cost: plus(position.cost, trade.costChange),
      realizedPnl: plus(position.realizedPnl, trade.realizedPnl),
      lots: trade.lotsRestated ? position.lots : matchLots(position.lots, trade, account).lots,
      lastTradeDate: tradeDate > lastTradeDate ? tradeDate : lastTradeDate,
    }),
  };
}

function withoutTrade(
  account: Account,
  cancelled: EventOf<typeof TradeCancelled>['data'],
): Account {
  const { symbol, tradeDate, settlementDate, amount } = cancelled;
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, tradeDate);
  return {
    ...account,
    cash: plus(account.cash, amount),
    unsettled: withUnsettled(account.unsettled, settlementDate, amount, tradeDate),
    positions: withPosition(account.positions, {
      ...position,
      quantity: plus(position.quantity, cancelled.quantityChange),
      cost: plus(position.cost, cancelled.costChange),
      realizedPnl: plus(position.realizedPnl, cancelled.realizedPnl),
    }),
  };
}

function withRestatement(
  account: Account,
  restated: EventOf<typeof PositionRestated>['data'],
): Account {
  const { symbol, effectiveFrom } = restated;
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, effectiveFrom);
  return {
    ...account,
    positions: withPosition(account.positions, {
      ...position,
      cost: plus(position.cost, restated.costChange),
      realizedPnl: plus(position.realizedPnl, restated.realizedPnlChange),
      lots: restated.lots,
    }),
  };
}
