import type { CalendarDate } from '@counterfoil/event-store';
import type { AccountId } from '../domain/accounts/events.ts';
import type { ActionId, ActionTotals } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Money, plus, Quantity } from '../domain/money/money.ts';
import { anyOf } from './any-of.ts';
import { queried } from './failure.ts';
import type { ElectionRow, EntitlementRow, ViewDatabase } from './views.ts';

export interface EntitlementFilter {
  readonly account?: string | undefined;
  /** Only of these accounts; undefined for all. */
  readonly own?: readonly string[] | undefined;
  readonly status?: EntitlementRow['status'] | undefined;
}

/** What the accounts have of an action, in order of their ids. */
export function listEntitlements(
  views: ViewDatabase,
  id: string,
  { account, own, status }: EntitlementFilter,
  after: readonly [accountId: string] | undefined,
  limit: number,
): Promise<readonly EntitlementRow[]> {
  let query = views
    .selectFrom('entitlements')
    .selectAll()
    .where('action_id', '=', id)
    .orderBy('account_id')
    .limit(limit);
  if (account !== undefined) query = query.where('account_id', '=', account);
  if (own !== undefined) query = query.where('account_id', 'in', anyOf(own));
  if (status !== undefined) query = query.where('status', '=', status);
  if (after !== undefined) query = query.where('account_id', '>', after[0]);
  return queried(query.execute());
}

/** Accounts that hold an instrument, or ever held it, in order of their ids. */
export async function holdersOf(
  views: ViewDatabase,
  symbol: InstrumentSymbol,
  after: AccountId | undefined,
  limit: number,
  { own }: Pick<EntitlementFilter, 'own'> = {},
): Promise<readonly AccountId[]> {
  let query = views
    .selectFrom('positions')
    .select('account_id')
    .where('symbol', '=', symbol)
    .orderBy('account_id')
    .limit(limit);
  if (own !== undefined) query = query.where('account_id', 'in', anyOf(own));
  if (after !== undefined) query = query.where('account_id', '>', after);
  return (await queried(query.execute())).map(({ account_id }) => account_id as AccountId);
}

/** The totals of these rows. `received` is the instrument that holders got shares of. */
export function totalsOf(
  rows: readonly EntitlementRow[],
  received: InstrumentSymbol,
): ActionTotals {
  let [eligible, shares] = [Quantity.zero, Quantity.zero];
  let [gross, tax, cash] = [Money.zero, Money.zero, Money.zero];
  for (const row of rows) {
    eligible = plus(eligible, Quantity.of(row.eligible));
    gross = plus(gross, Money.of(row.gross));
    tax = plus(tax, Money.of(row.tax));
    cash = plus(cash, Money.of(row.amount));
    shares = plus(shares, sharesIn(row, received));
  }
  return { accounts: rows.length, eligible, gross, tax, cash, shares };
}

export interface MovementText {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
  readonly realized_pnl: string;
}

export function movementsOf({
  movements,
}: Pick<EntitlementRow, 'movements'>): readonly MovementText[] {
  return JSON.parse(movements) as readonly MovementText[];
}

function sharesIn(row: EntitlementRow, received: InstrumentSymbol): Quantity {
  const found = movementsOf(row).find(({ symbol }) => symbol === received);
  return found === undefined ? Quantity.zero : Quantity.of(found.quantity);
}

/** What these accounts have of a version of an action. */
export async function entitlementsOf(
  views: ViewDatabase,
  id: ActionId,
  version: number,
  accounts: readonly AccountId[],
): Promise<readonly EntitlementRow[]> {
  const query = views
    .selectFrom('entitlements')
    .selectAll()
    .where('action_id', '=', id)
    .where('action_version', '=', version)
    .where('account_id', 'in', [...accounts])
    .where('status', '!=', 'REVERSED');
  return queried(query.execute());
}

/** What was chosen of an action, in order of the accounts. */
export function listElections(
  views: ViewDatabase,
  id: string,
  { own }: Pick<EntitlementFilter, 'own'>,
  after: readonly [accountId: string] | undefined,
  limit: number,
): Promise<readonly ElectionRow[]> {
  let query = views
    .selectFrom('elections')
    .selectAll()
    .where('action_id', '=', id)
    .where('option', 'is not', null)
    .orderBy('account_id')
    .limit(limit);
  if (own !== undefined) query = query.where('account_id', 'in', anyOf(own));
  if (after !== undefined) query = query.where('account_id', '>', after[0]);
  return queried(query.execute());
}

/** A holding that became known after the date for which it counts. */
export interface LateHolding {
  readonly account: AccountId;
  readonly symbol: InstrumentSymbol;
  readonly date: string;
  readonly position: number;
}

/** Trades of days before `today`, recorded behind a position, as they were recorded. */
export async function lateTrades(
  views: ViewDatabase,
  today: CalendarDate,
  after: number,
  limit: number,
): Promise<readonly LateHolding[]> {
  const query = views
    .selectFrom('trade_history')
    .select(['account_id', 'symbol', 'trade_date', 'position'])
    .where('position', '>', after)
    .where('status', '=', 'BOOKED')
    .where('trade_date', '<', today)
    .orderBy('position')
    .limit(limit);
  return (await queried(query.execute())).map((row) => ({
    account: row.account_id as AccountId,
    symbol: row.symbol as InstrumentSymbol,
    date: row.trade_date,
    position: row.position,
  }));
}

/** A choice of an action that was cancelled: what it blocks is to be released. */
export interface VoidElection {
  readonly account: AccountId;
  readonly actionId: ActionId;
  readonly symbol: InstrumentSymbol;
  /** Why it was cancelled. */
  readonly reason: string;
}

/** Choices that nobody has released yet though their actions were cancelled, so many at most. */
export async function voidElections(
  views: ViewDatabase,
  limit: number,
): Promise<readonly VoidElection[]> {
  const query = views
    .selectFrom('elections')
    .innerJoin('corporate_actions', 'corporate_actions.action_id', 'elections.action_id')
    .select([
      'elections.account_id',
      'elections.action_id',
      'elections.symbol',
      'corporate_actions.cancellation_reason',
    ])
    .where('elections.option', 'is not', null)
    .where('corporate_actions.status', '=', 'CANCELLED')
    .limit(limit);
  return (await queried(query.execute())).map((row) => ({
    account: row.account_id as AccountId,
    actionId: row.action_id as ActionId,
    symbol: row.symbol as InstrumentSymbol,
    reason: row.cancellation_reason ?? 'cancelled',
  }));
}

/** Shares that actions gave, posted or adjusted behind a position, as they were recorded. */
export async function lateShares(
  views: ViewDatabase,
  after: number,
  limit: number,
): Promise<readonly (LateHolding & { readonly actionId: string })[]> {
  const query = views
    .selectFrom('entitlements')
    .select(['account_id', 'action_id', 'movements', 'ex_date', 'position'])
    .where('position', '>', after)
    .where('moves', '=', 1)
    .orderBy('position')
    .limit(limit);
  return (await queried(query.execute())).flatMap((row) =>
    movementsOf(row).map(({ symbol }) => ({
      account: row.account_id as AccountId,
      symbol: symbol as InstrumentSymbol,
      date: row.ex_date,
      position: row.position,
      actionId: row.action_id,
    })),
  );
}
