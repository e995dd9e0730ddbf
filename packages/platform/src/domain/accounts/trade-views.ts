import type { EventOf, Projection, RecordedEvent, Row, RowChange } from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import { Money, Price, Quantity } from '../money/money.ts';
import {
  accountOfStream,
  type AccountEvent,
  type TradeBooked,
  type TradeRefused,
} from './events.ts';

/** Every trade that was ever asked for: booked, since cancelled, or refused. */
export const tradeHistory: Projection<AccountEvent> = {
  name: 'trade_history',
  version: 1,
  columns: {
    account_id: 'text',
    trade_id: 'text',
    symbol: 'text',
    side: 'text',
    quantity: 'decimal',
    price: 'decimal',
    fees: 'decimal',
    amount: 'decimal',
    /** As posted with the trade; restatements have rows of their own in `position_restatements`. */
    realized_pnl: 'decimal',
    currency: 'text',
    trade_date: 'date',
    settlement_date: 'date',
    recorded_at: 'instant',
    position: 'integer',
    /** BOOKED, CANCELLED or REFUSED. */
    status: 'text',
    replaces: 'text',
    cancel_reason: 'text',
    refusal_code: 'text',
    refusal_limit: 'text',
    refusal_actual: 'text',
  },
  key: ['account_id', 'trade_id'],
  indexes: [
    ['account_id', 'trade_date', 'position'],
    ['symbol', 'trade_date', 'position'],
    ['position'],
  ],
  types: ['TradeBooked', 'TradeCancelled', 'TradeRefused'],
  project: projectTrade,
};

function projectTrade(recorded: RecordedEvent<AccountEvent>): readonly RowChange[] {
  const event = recorded as AccountEvent;
  const id = accountOfStream(recorded.stream);
  switch (event.type) {
    case 'TradeBooked': {
      const row = { account_id: id, ...bookedCells(event.data), ...recordingCells(recorded) };
      return [{ key: [id, event.data.tradeId], row }];
    }
    case 'TradeCancelled': {
      const cells = { status: 'CANCELLED', cancel_reason: event.data.reason };
      return [{ key: [id, event.data.tradeId], update: (row) => row && { ...row, ...cells } }];
    }
    case 'TradeRefused': {
      const refused = { account_id: id, ...refusedCells(event.data), ...recordingCells(recorded) };
      // A refusal never hides a trade that was booked under the same id.
      const update = (row: Row | undefined): Row =>
        row === undefined || row['status'] === 'REFUSED' ? refused : row;
      return [{ key: [id, event.data.tradeId], update }];
    }
    case 'AccountOpened':
    case 'CashDeposited':
    case 'CashWithdrawn':
    case 'PositionRestated':
    case 'EntitlementPosted':
    case 'EntitlementReversed':
    case 'EntitlementAdjusted':
    case 'ElectionMade':
    case 'ElectionReleased':
    case 'LimitsSet':
    case 'AccountSuspended':
    case 'AccountReinstated':
    case 'AccountClosed':
      return [];
  }
}

function recordingCells({ recordedAt, position }: RecordedEvent): Row {
  return { recorded_at: instantCell(recordedAt), position };
}

function bookedCells(trade: EventOf<typeof TradeBooked>['data']): Row {
  return {
    trade_id: trade.tradeId,
    symbol: trade.symbol,
    side: trade.side,
    quantity: Quantity.format(trade.quantity),
    price: Price.format(trade.price),
    fees: Money.format(trade.fees),
    amount: Money.format(trade.amount),
    realized_pnl: Money.format(trade.realizedPnl),
    currency: trade.currency,
    trade_date: trade.tradeDate,
    settlement_date: trade.settlementDate,
    status: 'BOOKED',
    replaces: trade.replaces,
    cancel_reason: null,
    refusal_code: null,
    refusal_limit: null,
    refusal_actual: null,
  };
}

function refusedCells(trade: EventOf<typeof TradeRefused>['data']): Row {
  return {
    trade_id: trade.tradeId,
    symbol: trade.symbol,
    side: trade.side,
    quantity: Quantity.format(trade.quantity),
    price: Price.format(trade.price),
    fees: null,
    amount: null,
    realized_pnl: null,
    currency: null,
    trade_date: trade.tradeDate,
    settlement_date: null,
    status: 'REFUSED',
    replaces: null,
    cancel_reason: null,
    refusal_code: trade.code,
    refusal_limit: trade.limit,
    refusal_actual: trade.actual,
  };
}

/**
 * The differences that were posted when the past of a position changed. The realized gain of a position
 * is the sum of its booked trades' and these.
 */
export const positionRestatements: Projection<AccountEvent> = {
  name: 'position_restatements',
  version: 2,
  columns: {
    account_id: 'text',
    position: 'integer',
    symbol: 'text',
    cost_change: 'decimal',
    realized_pnl_change: 'decimal',
    effective_from: 'date',
    /** One of the two. */
    cause_trade_id: 'text',
    cause_action_id: 'text',
    reason: 'text',
    recorded_at: 'instant',
  },
  key: ['account_id', 'position'],
  indexes: [['account_id', 'symbol'], ['symbol']],
  types: ['PositionRestated'],
  project: (recorded) => {
    const event = recorded as AccountEvent;
    if (event.type !== 'PositionRestated') return [];
    const account_id = accountOfStream(recorded.stream);
    const { symbol, costChange, realizedPnlChange, effectiveFrom } = event.data;
    const { causeTradeId, causeActionId, reason } = event.data;
    const row: Row = {
      account_id,
      symbol,
      cost_change: Money.format(costChange),
      realized_pnl_change: Money.format(realizedPnlChange),
      effective_from: effectiveFrom,
      cause_trade_id: causeTradeId,
      cause_action_id: causeActionId,
      reason,
      ...recordingCells(recorded),
    };
    return [{ key: [account_id, recorded.position], row }];
  },
};
