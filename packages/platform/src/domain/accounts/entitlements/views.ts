import type {
  Cell,
  EventOf,
  Projection,
  RecordedEvent,
  Row,
  RowChange,
} from '@counterfoil/event-store';
import { instantCell } from '../../calendar/instant-cell.ts';
import { Money, plus, Quantity } from '../../money/money.ts';
import {
  accountOfStream,
  type ElectionMade,
  type ElectionReleased,
  type EntitlementAdjusted,
  type EntitlementPosted,
  type EntitlementReversed,
  type Movement,
} from '../events.ts';
import { eligibleOf } from '../in-order.ts';
import { summed } from './recorded-actions.ts';

/** What each account has of each corporate action: all its postings together. */
export const entitlements: Projection<EntitlementEvent> = {
  name: 'entitlements',
  version: 2,
  columns: {
    action_id: 'text',
    account_id: 'text',
    action_version: 'integer',
    action_type: 'text',
    symbol: 'text',
    /** POSTED, ADJUSTED or REVERSED. */
    status: 'text',
    ex_date: 'date',
    effective_date: 'date',
    settlement_date: 'date',
    settled: 'decimal',
    pending_receipts: 'decimal',
    pending_deliveries: 'decimal',
    eligible: 'decimal',
    /** Null where there was no choice. */
    chosen_option: 'text',
    chosen_quantity: 'decimal',
    currency: 'text',
    gross: 'decimal',
    tax: 'decimal',
    cash_in_lieu: 'decimal',
    fraction: 'decimal',
    amount: 'decimal',
    /** A list of {symbol, quantity, cost, realized_pnl}: changes. */
    movements: 'json',
    /** 1 where a position has changed, 0 where only cash was paid. */
    moves: 'integer',
    /** Why it was adjusted or reversed; null otherwise. */
    reason: 'text',
    recorded_at: 'instant',
    position: 'integer',
  },
  key: ['action_id', 'account_id'],
  indexes: [
    ['account_id', 'effective_date', 'action_id'],
    ['moves', 'position'],
  ],
  types: ['EntitlementPosted', 'EntitlementAdjusted', 'EntitlementReversed'],
  project: (recorded) => {
    const event = recorded as EntitlementEvent;
    const account_id = accountOfStream(recorded.stream);
    switch (event.type) {
      case 'EntitlementPosted':
        return [
          {
            key: [event.data.actionId, account_id],
            row: { account_id, ...postedCells(event.data), ...recordingCells(recorded) },
          },
        ];
      case 'EntitlementAdjusted':
        return [
          changed(recorded, event.data, { status: 'ADJUSTED', ...eligibleCells(event.data) }),
        ];
      case 'EntitlementReversed':
        return [changed(recorded, event.data, { status: 'REVERSED' })];
    }
  },
};

type EntitlementEvent = EventOf<
  typeof EntitlementPosted | typeof EntitlementAdjusted | typeof EntitlementReversed
>;

type Posted = EventOf<typeof EntitlementPosted>['data'];
type Changed = EventOf<typeof EntitlementAdjusted | typeof EntitlementReversed>['data'];

function postedCells(data: Posted): Row {
  return {
    action_id: data.actionId,
    action_version: data.actionVersion,
    action_type: data.actionType,
    symbol: data.symbol,
    status: 'POSTED',
    ex_date: data.exDate,
    effective_date: data.effectiveDate,
    settlement_date: data.settlementDate,
    ...eligibleCells(data),
    chosen_option: data.election?.option ?? null,
    chosen_quantity: data.election && Quantity.format(data.election.quantity),
    currency: data.currency,
    gross: Money.format(data.gross),
    tax: Money.format(data.tax),
    cash_in_lieu: Money.format(data.cashInLieu),
    fraction: Quantity.format(data.fraction),
    amount: Money.format(data.amount),
    ...movementCells(data.movements),
    reason: null,
  };
}

function eligibleCells(
  data: Pick<Posted, 'settled' | 'pendingReceipts' | 'pendingDeliveries'>,
): Row {
  return {
    settled: Quantity.format(data.settled),
    pending_receipts: Quantity.format(data.pendingReceipts),
    pending_deliveries: Quantity.format(data.pendingDeliveries),
    eligible: Quantity.format(eligibleOf(data)),
  };
}

function changed(recorded: RecordedEvent, data: Changed, cells: Row): RowChange {
  const key = [data.actionId, accountOfStream(recorded.stream)];
  const update = (row: Row | undefined): Row | undefined =>
    row && {
      ...row,
      ...cells,
      gross: moneySum(row['gross'], data.gross),
      tax: moneySum(row['tax'], data.tax),
      cash_in_lieu: moneySum(row['cash_in_lieu'], data.cashInLieu),
      fraction: Quantity.format(plus(Quantity.of(String(row['fraction'])), data.fraction)),
      amount: moneySum(row['amount'], data.amount),
      ...movementCells(summed(movementsIn(row['movements']), data.movements)),
      reason: data.reason,
      ...recordingCells(recorded),
    };
  return { key, update };
}

function moneySum(cell: Cell | undefined, amount: Money): string {
  return Money.format(plus(Money.of(String(cell)), amount));
}

interface MovementText {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
  readonly realized_pnl: string;
}

function movementCells(movements: readonly Movement[]): Row {
  return { movements: movementsText(movements), moves: movements.length === 0 ? 0 : 1 };
}

function movementsText(movements: readonly Movement[]): string {
  return JSON.stringify(
    movements.map((movement): MovementText => ({
      symbol: movement.symbol,
      quantity: Quantity.format(movement.quantityChange),
      cost: Money.format(movement.costChange),
      realized_pnl: Money.format(movement.realizedPnl),
    })),
  );
}

function movementsIn(cell: Cell | undefined): readonly Movement[] {
  const texts = JSON.parse(String(cell)) as readonly MovementText[];
  return texts.map(({ symbol, quantity, cost, realized_pnl }) => ({
    symbol: symbol as Movement['symbol'],
    quantityChange: Quantity.of(quantity),
    costChange: Money.of(cost),
    realizedPnl: Money.of(realized_pnl),
  }));
}

function recordingCells({ recordedAt, position }: RecordedEvent): Row {
  return { recorded_at: instantCell(recordedAt), position };
}

/** What holders have chosen, of actions that are not posted yet and of those that are. */
export const elections: Projection<ElectionEvent> = {
  name: 'elections',
  version: 1,
  columns: {
    action_id: 'text',
    account_id: 'text',
    symbol: 'text',
    /** Null once it was released. */
    option: 'text',
    quantity: 'decimal',
    recorded_at: 'instant',
    position: 'integer',
  },
  key: ['action_id', 'account_id'],
  indexes: [['account_id', 'action_id']],
  types: ['ElectionMade', 'ElectionReleased'],
  project: (recorded) => {
    const { type, data } = recorded as ElectionEvent;
    const account_id = accountOfStream(recorded.stream);
    const chosen =
      type === 'ElectionMade'
        ? { option: data.option, quantity: Quantity.format(data.quantity) }
        : { option: null, quantity: '0' };
    const { actionId: action_id, symbol } = data;
    const row = { action_id, account_id, symbol, ...chosen, ...recordingCells(recorded) };
    return [{ key: [action_id, account_id], row }];
  },
};

type ElectionEvent = EventOf<typeof ElectionMade | typeof ElectionReleased>;
