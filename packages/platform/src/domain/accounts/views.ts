import {
  sealedText,
  type Cell,
  type EventOf,
  type Projection,
  type RecordedEvent,
  type Row,
  type RowChange,
} from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { averageCost } from '../money/amounts.ts';
import { Money, negated, Percentage, plus, Price, Quantity } from '../money/money.ts';
import type { RetentionEvent } from '../retention/events.ts';
import { elections, entitlements } from './entitlements/views.ts';
import {
  accountOfStream,
  accountOfSubject,
  type AccountEvent,
  type AccountOpened,
  type Movement,
} from './events.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { signedQuantity } from './lots.ts';
import { positionRestatements, tradeHistory } from './trade-views.ts';

/** Every account with its cash, by trade date, and its limits. */
const accounts: Projection<AccountEvent | RetentionEvent> = {
  name: 'accounts',
  version: 3,
  columns: {
    account_id: 'text',
    /** As the log has it sealed; null once the owner is erased. */
    owner_name: 'text',
    owner_kind: 'text',
    currency: 'text',
    cost_method: 'text',
    short_selling: 'integer',
    status: 'text',
    status_reason: 'text',
    cash: 'decimal',
    price_collar_percent: 'decimal',
    order_notional_max: 'decimal',
    position_quantity_max: 'decimal',
    concentration_percent_max: 'decimal',
    opened_on: 'date',
    closed_on: 'date',
    updated_at: 'instant',
  },
  key: ['account_id'],
  indexes: [['status', 'account_id']],
  types: [
    'AccountOpened',
    'CashDeposited',
    'CashWithdrawn',
    'TradeBooked',
    'TradeCancelled',
    'EntitlementPosted',
    'EntitlementReversed',
    'EntitlementAdjusted',
    'LimitsSet',
    'AccountSuspended',
    'AccountReinstated',
    'AccountClosed',
    'SubjectErased',
  ],
  project: projectAccount,
};

function projectAccount(
  recorded: RecordedEvent<AccountEvent | RetentionEvent>,
): readonly RowChange[] {
  const event = recorded as AccountEvent | RetentionEvent;
  const id =
    event.type === 'SubjectErased'
      ? accountOfSubject(event.data.subject)
      : accountOfStream(recorded.stream);
  if (id === undefined) return [];
  const updated_at = instantCell(recorded.recordedAt);
  const changed = (cells: Row): readonly RowChange[] => [
    { key: [id], update: (row) => row && { ...row, ...cells, updated_at } },
  ];
  const posted = (amount: Money): readonly RowChange[] => [
    {
      key: [id],
      update: (row) => row && { ...row, cash: moneySum(row['cash'], amount), updated_at },
    },
  ];
  switch (event.type) {
    case 'AccountOpened':
      return [{ key: [id], row: { ...openedCells(event.data), updated_at } }];
    case 'CashDeposited':
    case 'TradeBooked':
    case 'TradeCancelled':
    case 'EntitlementPosted':
    case 'EntitlementReversed':
    case 'EntitlementAdjusted':
      return posted(event.data.amount);
    case 'CashWithdrawn':
      return posted(negated(event.data.amount));
    case 'LimitsSet':
      return changed(limitCells(event.data));
    case 'AccountSuspended':
      return changed({ status: 'SUSPENDED', status_reason: event.data.reason });
    case 'AccountReinstated':
      return changed({ status: 'OPEN', status_reason: null });
    case 'AccountClosed': {
      const { closedOn, reason } = event.data;
      return changed({ status: 'CLOSED', status_reason: reason, closed_on: closedOn });
    }
    case 'SubjectErased':
      return changed({ owner_name: null });
    case 'PositionRestated':
    case 'ElectionMade':
    case 'ElectionReleased':
    case 'TradeRefused':
    case 'LegalHoldPlaced':
    case 'LegalHoldReleased':
      return [];
  }
}

function openedCells(opened: EventOf<typeof AccountOpened>['data']): Row {
  return {
    account_id: opened.accountId,
    owner_name: sealedText(opened.ownerName),
    owner_kind: opened.ownerKind,
    currency: opened.currency,
    cost_method: opened.costMethod,
    short_selling: opened.shortSelling ? 1 : 0,
    status: 'OPEN',
    status_reason: null,
    cash: Money.format(opened.initialBalance),
    ...limitCells(defaultLimits),
    opened_on: opened.openedOn,
    closed_on: null,
  };
}

function limitCells(limits: Limits): Row {
  return {
    price_collar_percent: Percentage.format(limits.priceCollarPercent),
    order_notional_max: Money.format(limits.orderNotionalMax),
    position_quantity_max: Quantity.format(limits.positionQuantityMax),
    concentration_percent_max: Percentage.format(limits.concentrationPercentMax),
  };
}

/**
 * What each account holds, or once held, of each instrument. Market value is joined when it is read: a
 * change of price must not rewrite a row for every holder.
 */
const positions: Projection<AccountEvent> = {
  name: 'positions',
  version: 2,
  columns: {
    account_id: 'text',
    symbol: 'text',
    currency: 'text',
    quantity: 'decimal',
    cost: 'decimal',
    average_cost: 'decimal',
    realized_pnl: 'decimal',
    updated_at: 'instant',
  },
  key: ['account_id', 'symbol'],
  indexes: [['symbol', 'account_id']],
  types: [
    'TradeBooked',
    'TradeCancelled',
    'PositionRestated',
    'EntitlementPosted',
    'EntitlementReversed',
    'EntitlementAdjusted',
  ],
  project: projectPosition,
};

interface PositionPostings {
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly realizedPnl: Money;
}

function projectPosition(recorded: RecordedEvent<AccountEvent>): readonly RowChange[] {
  const event = recorded as AccountEvent;
  switch (event.type) {
    case 'TradeBooked': {
      const { symbol, side, currency, costChange: cost, realizedPnl } = event.data;
      const quantity = signedQuantity(side, event.data.quantity);
      return [positionPosted(recorded, symbol, { quantity, cost, realizedPnl }, currency)];
    }
    case 'TradeCancelled': {
      const { symbol, quantityChange: quantity, costChange: cost, realizedPnl } = event.data;
      return [positionPosted(recorded, symbol, { quantity, cost, realizedPnl }, null)];
    }
    case 'PositionRestated': {
      const { symbol, costChange: cost, realizedPnlChange: realizedPnl } = event.data;
      const quantity = Quantity.zero;
      return [positionPosted(recorded, symbol, { quantity, cost, realizedPnl }, null)];
    }
    case 'EntitlementPosted':
    case 'EntitlementAdjusted':
      return movedBy(recorded, event.data.movements, event.data.currency);
    case 'EntitlementReversed':
      return movedBy(recorded, event.data.movements, null);
    case 'AccountOpened':
    case 'CashDeposited':
    case 'CashWithdrawn':
    case 'ElectionMade':
    case 'ElectionReleased':
    case 'TradeRefused':
    case 'LimitsSet':
    case 'AccountSuspended':
    case 'AccountReinstated':
    case 'AccountClosed':
      return [];
  }
}

function movedBy(
  recorded: RecordedEvent,
  movements: readonly Movement[],
  currency: string | null,
): readonly RowChange[] {
  return movements.map(({ symbol, quantityChange: quantity, costChange: cost, realizedPnl }) =>
    positionPosted(recorded, symbol, { quantity, cost, realizedPnl }, currency),
  );
}

/** `currency` makes the row when there is none yet: only a trade and an entitlement do. */
function positionPosted(
  { stream, recordedAt }: RecordedEvent,
  symbol: InstrumentSymbol,
  postings: PositionPostings,
  currency: string | null,
): RowChange {
  const account_id = accountOfStream(stream);
  const update = (row: Row | undefined): Row => {
    const quantity = Quantity.units(quantityOf(row?.['quantity']) + postings.quantity);
    const cost = plus(moneyOf(row?.['cost']), postings.cost);
    return {
      account_id,
      symbol,
      currency: row?.['currency'] ?? currency,
      quantity: Quantity.format(quantity),
      cost: Money.format(cost),
      average_cost: Price.format(averageCost(cost, quantity)),
      realized_pnl: moneySum(row?.['realized_pnl'], postings.realizedPnl),
      updated_at: instantCell(recordedAt),
    };
  };
  return { key: [account_id, symbol], update };
}

function moneyOf(cell: Cell | undefined): Money {
  return typeof cell === 'string' ? Money.of(cell) : Money.zero;
}

function moneySum(cell: Cell | undefined, amount: Money): string {
  return Money.format(plus(moneyOf(cell), amount));
}

function quantityOf(cell: Cell | undefined): Quantity {
  return typeof cell === 'string' ? Quantity.of(cell) : Quantity.zero;
}

export const accountProjections = [
  accounts,
  positions,
  tradeHistory,
  positionRestatements,
  entitlements,
  elections,
];
