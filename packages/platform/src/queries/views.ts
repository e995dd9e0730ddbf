import type { ReadModelDatabase } from '@counterfoil/event-store/projections';
import type { Kysely } from 'kysely';
import type { ActionType } from '../domain/corporate-actions/events.ts';

/**
 * The views that the projections keep (`domain/<noun>/views.ts`), as queries see them. Decimals, dates and
 * instants are text on every engine, in canonical form.
 */
export interface Views {
  readonly accounts: AccountRow;
  readonly positions: PositionRow;
  readonly trade_history: TradeRow;
  readonly trade_records: TradeRecordRow;
  readonly corporate_actions: CorporateActionRow;
  readonly entitlements: EntitlementRow;
  readonly elections: ElectionRow;
  readonly instruments: InstrumentRow;
  readonly closing_prices: CloseRow;
  readonly last_prices: LastPriceRow;
  readonly users: UserRow;
}

/** What is personal is as the log has it sealed; null once the user is erased. */
export interface UserRow {
  readonly user_id: string;
  readonly username: string | null;
  readonly display_name: string | null;
  readonly email: string | null;
  /** JSON. */
  readonly roles: string;
  readonly accounts: string;
  readonly status: 'ACTIVE' | 'DEACTIVATED' | 'ERASED';
  readonly registered_at: string;
  readonly last_login_at: string | null;
  readonly updated_at: string;
}

export interface AccountRow {
  readonly account_id: string;
  /** As the log has it sealed; null once the owner is erased. */
  readonly owner_name: string | null;
  readonly owner_kind: string;
  readonly currency: string;
  readonly cost_method: string;
  /** 0 or 1. */
  readonly short_selling: number;
  readonly status: 'OPEN' | 'SUSPENDED' | 'CLOSED';
  readonly cash: string;
  readonly opened_on: string;
  readonly closed_on: string | null;
  readonly updated_at: string;
}

export interface PositionRow {
  readonly account_id: string;
  readonly symbol: string;
  readonly currency: string;
  readonly quantity: string;
  readonly cost: string;
  readonly average_cost: string;
  readonly realized_pnl: string;
  readonly updated_at: string;
}

export interface TradeRow {
  readonly account_id: string;
  readonly trade_id: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly price: string;
  readonly fees: string | null;
  readonly amount: string | null;
  readonly realized_pnl: string | null;
  readonly currency: string | null;
  readonly trade_date: string;
  readonly settlement_date: string | null;
  readonly status: 'BOOKED' | 'CANCELLED' | 'REFUSED';
  readonly replaces: string | null;
  readonly cancel_reason: string | null;
  readonly refusal_code: string | null;
  readonly refusal_limit: string | null;
  readonly refusal_actual: string | null;
  readonly recorded_at: string;
  readonly position: number;
}

export interface TradeRecordRow {
  readonly trade_id: string;
  readonly version: number;
  readonly counterparty_id: string;
  readonly book_id: string;
  readonly maturity_date: string;
  readonly created_date: string;
  readonly expired: 'Y' | 'N';
  readonly account_id: string | null;
  readonly symbol: string | null;
  readonly side: 'BUY' | 'SELL' | null;
  readonly quantity: string | null;
  readonly price: string | null;
  readonly fees: string | null;
  readonly trade_date: string | null;
  readonly execution_id: string | null;
  readonly request_id: string;
  readonly recorded_at: string;
  readonly position: number;
}

export interface CorporateActionRow {
  readonly action_id: string;
  readonly event_type: ActionType;
  readonly symbol: string;
  /** An object of texts, as JSON. */
  readonly terms: string;
  readonly ex_date: string;
  readonly record_date: string | null;
  readonly payment_date: string | null;
  readonly effective_date: string;
  readonly due_date: string;
  readonly election_deadline: string | null;
  readonly default_option: string | null;
  readonly completeness: 'PRELIMINARY' | 'COMPLETE';
  readonly confirmation: 'UNCONFIRMED' | 'CONFIRMED';
  readonly source: string;
  readonly source_reference: string | null;
  readonly status: 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly version: number;
  readonly cancellation_kind: 'WITHDRAWN' | 'CANCELLED' | null;
  readonly cancellation_reason: string | null;
  readonly begun_version: number | null;
  readonly attempts: number;
  readonly through_account: string | null;
  /** Totals, as JSON. */
  readonly progress: string | null;
  readonly posted_version: number | null;
  /** Totals, as JSON. */
  readonly totals: string | null;
  readonly reversed: 0 | 1;
  readonly failed_attempt: number | null;
  readonly failed_at: string | null;
  readonly failed_last: 0 | 1;
  readonly error_code: string | null;
  readonly error: string | null;
  readonly assignee: string | null;
  readonly review_resolved: 0 | 1;
  /** An object, as JSON. */
  readonly custodian: string | null;
  readonly announced_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly updated_at: string;
  readonly position: number;
}

export interface EntitlementRow {
  readonly action_id: string;
  readonly account_id: string;
  readonly action_version: number;
  readonly action_type: ActionType;
  readonly symbol: string;
  readonly status: 'POSTED' | 'ADJUSTED' | 'REVERSED';
  readonly ex_date: string;
  readonly effective_date: string;
  readonly settlement_date: string;
  readonly settled: string;
  readonly pending_receipts: string;
  readonly pending_deliveries: string;
  readonly eligible: string;
  readonly chosen_option: 'EXERCISE' | 'TENDER' | 'NO_ACTION' | null;
  readonly chosen_quantity: string | null;
  readonly currency: string;
  readonly gross: string;
  readonly tax: string;
  readonly cash_in_lieu: string;
  readonly fraction: string;
  readonly amount: string;
  /** A list of {symbol, quantity, cost, realized_pnl}, as JSON. */
  readonly movements: string;
  readonly moves: 0 | 1;
  readonly reason: string | null;
  readonly recorded_at: string;
  readonly position: number;
}

export interface ElectionRow {
  readonly action_id: string;
  readonly account_id: string;
  readonly symbol: string;
  readonly option: 'EXERCISE' | 'TENDER' | 'NO_ACTION' | null;
  readonly quantity: string;
  readonly recorded_at: string;
  readonly position: number;
}

export interface InstrumentRow {
  readonly symbol: string;
  readonly name: string;
  readonly currency: string;
  readonly lot_size: string;
  readonly tick_size: string;
  readonly isin: string | null;
  readonly status: 'TRADING' | 'HALTED' | 'DELISTED';
  readonly status_reason: string | null;
  readonly halt_code: string | null;
  readonly updated_at: string;
}

export interface CloseRow {
  readonly symbol: string;
  readonly date: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly source: string;
  readonly recorded_at: string;
}

export interface LastPriceRow {
  readonly symbol: string;
  readonly price: string;
  readonly date: string;
  readonly marked_at: string | null;
  readonly source: string;
  readonly updated_at: string;
}

export type ViewDatabase = Kysely<Views>;

export function viewsOf({ kysely }: Pick<ReadModelDatabase, 'kysely'>): ViewDatabase {
  return kysely as unknown as ViewDatabase;
}
