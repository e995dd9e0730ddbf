import type { CalendarDate, EventOf } from '@counterfoil/event-store';
import { minus, plus, type Money } from '../money/money.ts';
import {
  withEntitlement,
  withoutElection,
  withoutEntitlement,
  withPostings,
} from './entitlements/posted.ts';
import type {
  AccountEvent,
  AccountOpened,
  PositionRestated,
  TradeBooked,
  TradeCancelled,
} from './events.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { matchLots, signedQuantity } from './lots.ts';
import { emptyPosition, positionOf, withPosition } from './positions.ts';
import { withoutSettled, withUnsettled } from './settlement.ts';
import type { Account, AccountState } from './state.ts';

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
    case 'EntitlementPosted':
      return withEntitlement(account, event.data);
    case 'EntitlementAdjusted':
      return withPostings(account, event.data);
    case 'EntitlementReversed':
      return withoutEntitlement(account, event.data);
    case 'ElectionMade': {
      const { actionId, symbol, option, quantity } = event.data;
      const election = { actionId, symbol, election: { option, quantity } };
      return { ...account, elections: [...withoutElection(account, actionId), election] };
    }
    case 'ElectionReleased':
      return { ...account, elections: withoutElection(account, event.data.actionId) };
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
    elections: [],
  };
}

function withCash(account: Account, cash: Money, effectiveDate: CalendarDate): Account {
  return { ...account, cash, unsettled: withoutSettled(account.unsettled, effectiveDate) };
}

function withTrade(account: Account, trade: EventOf<typeof TradeBooked>['data']): Account {
  const { symbol, tradeDate, settlementDate, amount } = trade;
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, tradeDate);
  const { latestDate, entitledTo } = position;
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
      latestDate: tradeDate > latestDate ? tradeDate : latestDate,
      entitledTo,
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
