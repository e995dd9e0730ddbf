import type { EventOf } from '@counterfoil/event-store';
import type {
  Calculated,
  CalculationLine,
} from '../domain/accounts/entitlements/calculation-lines.ts';
import {
  calculationOf,
  reversedCalculationOf,
} from '../domain/accounts/entitlements/calculation.ts';
import type { EntitlementPosted, Movement } from '../domain/accounts/events.ts';
import { eligibleOf } from '../domain/accounts/in-order.ts';
import type { ActionTerms } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import type { CurrencyCode } from '../domain/money/currency.ts';
import { Money, Quantity } from '../domain/money/money.ts';
import { movementsOf, type MovementText } from './entitlements.ts';
import type { EntitlementRow } from './views.ts';

// Entitlements as clients read them: from the rows of those that are posted, and from the events that would
// post those that are not.

/** What an entitlement comes to. Decimals are text. */
export interface EntitlementAmounts {
  readonly settled: string;
  readonly pending_receipts: string;
  readonly pending_deliveries: string;
  /** settled + pending_receipts - pending_deliveries */
  readonly eligible: string;
  readonly gross: string;
  readonly tax: string;
  readonly cash_in_lieu: string;
  readonly fraction: string;
  readonly amount: string;
  readonly movements: MovementText[];
}

export interface EntitlementTexts extends EntitlementAmounts {
  readonly event_id: string;
  readonly account: string;
  readonly version: number;
  readonly event_type: string;
  readonly symbol: string;
  readonly status: 'EXPECTED' | EntitlementRow['status'];
  readonly option: EntitlementRow['chosen_option'];
  readonly quantity: string | null;
  readonly currency: string;
  readonly ex_date: string;
  readonly effective_date: string;
  readonly settlement_date: string;
  readonly reason: string | null;
  readonly recorded_at: string | null;
  readonly position: number | null;
  readonly calculation: CalculationLine[];
}

type Posted = EventOf<typeof EntitlementPosted>['data'];

/** What is posted. Without its terms there is no calculation. */
export function postedTexts(row: EntitlementRow, terms: ActionTerms | undefined): EntitlementTexts {
  return {
    event_id: row.action_id,
    account: row.account_id,
    version: row.action_version,
    event_type: row.action_type,
    symbol: row.symbol,
    status: row.status,
    option: row.chosen_option,
    quantity:
      row.chosen_quantity === null ? null : chosenQuantity(Quantity.of(row.chosen_quantity)),
    currency: row.currency,
    ...amountsOfRow(row),
    ex_date: row.ex_date,
    effective_date: row.effective_date,
    settlement_date: row.settlement_date,
    reason: row.reason,
    recorded_at: row.recorded_at,
    position: row.position,
    calculation: [...calculationOfRow(row, terms)],
  };
}

/** What would be posted. */
export function expectedTexts(account: string, data: Posted): EntitlementTexts {
  return {
    event_id: data.actionId,
    account,
    version: data.actionVersion,
    event_type: data.actionType,
    symbol: data.symbol,
    status: 'EXPECTED',
    option: data.election?.option ?? null,
    quantity: data.election && chosenQuantity(data.election.quantity),
    currency: data.currency,
    ...amountsOfPosted(data),
    ex_date: data.exDate,
    effective_date: data.effectiveDate,
    settlement_date: data.settlementDate,
    reason: null,
    recorded_at: null,
    position: null,
    calculation: [...calculationOf(data)],
  };
}

export function amountsOfRow(row: EntitlementRow): EntitlementAmounts {
  return {
    settled: row.settled,
    pending_receipts: row.pending_receipts,
    pending_deliveries: row.pending_deliveries,
    eligible: row.eligible,
    gross: row.gross,
    tax: row.tax,
    cash_in_lieu: row.cash_in_lieu,
    fraction: row.fraction,
    amount: row.amount,
    movements: [...movementsOf(row)],
  };
}

export function amountsOfPosted(data: Posted): EntitlementAmounts {
  return {
    settled: Quantity.format(data.settled),
    pending_receipts: Quantity.format(data.pendingReceipts),
    pending_deliveries: Quantity.format(data.pendingDeliveries),
    eligible: Quantity.format(eligibleOf(data)),
    gross: Money.format(data.gross),
    tax: Money.format(data.tax),
    cash_in_lieu: Money.format(data.cashInLieu),
    fraction: Quantity.format(data.fraction),
    amount: Money.format(data.amount),
    movements: movementTexts(data.movements),
  };
}

export function movementTexts(movements: readonly Movement[]): MovementText[] {
  return movements.map(({ symbol, quantityChange, costChange, realizedPnl }) => ({
    symbol,
    quantity: Quantity.format(quantityChange),
    cost: Money.format(costChange),
    realized_pnl: Money.format(realizedPnl),
  }));
}

// A default for everything that there is has no quantity that anyone has named.
const beyondAll = Quantity.of('1000000000000');

function chosenQuantity(quantity: Quantity): string | null {
  return quantity >= beyondAll ? null : Quantity.format(quantity);
}

function calculationOfRow(
  row: EntitlementRow,
  terms: ActionTerms | undefined,
): readonly CalculationLine[] {
  const eligibility = {
    settled: Quantity.of(row.settled),
    pendingReceipts: Quantity.of(row.pending_receipts),
    pendingDeliveries: Quantity.of(row.pending_deliveries),
  };
  if (row.status === 'REVERSED') return reversedCalculationOf(eligibility, row.reason ?? '');
  if (terms === undefined) return [];
  const { chosen_option: option, chosen_quantity: quantity } = row;
  const calculated: Calculated = {
    ...eligibility,
    actionType: row.action_type,
    symbol: row.symbol as InstrumentSymbol,
    terms,
    election:
      option === null || quantity === null ? null : { option, quantity: Quantity.of(quantity) },
    currency: row.currency as CurrencyCode,
    gross: Money.of(row.gross),
    tax: Money.of(row.tax),
    cashInLieu: Money.of(row.cash_in_lieu),
    fraction: Quantity.of(row.fraction),
    amount: Money.of(row.amount),
    movements: movementsOf(row).map((movement) => ({
      symbol: movement.symbol as InstrumentSymbol,
      quantityChange: Quantity.of(movement.quantity),
      costChange: Money.of(movement.cost),
      realizedPnl: Money.of(movement.realized_pnl),
    })),
  };
  return calculationOf(calculated);
}
