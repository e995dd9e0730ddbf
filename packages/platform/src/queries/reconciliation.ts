import { setImmediate } from 'node:timers/promises';
import type { CustodianTotal } from '../domain/corporate-actions/commands.ts';
import type { PostedVersion } from '../domain/corporate-actions/corporate-action.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import type { ReconciledEntitlement } from '../domain/corporate-actions/reconciled-lines.ts';
import {
  nothingReconciled,
  reconciliationOf,
  withEntitlement,
  type Reconciliation,
} from '../domain/corporate-actions/reconciliation.ts';
import type { CurrencyCode } from '../domain/money/currency.ts';
import { Money, Quantity } from '../domain/money/money.ts';
import { movementsOf } from './entitlements.ts';
import { queried } from './failure.ts';
import type { EntitlementRow, ViewDatabase } from './views.ts';

const pageSize = 1_000;

/** Holds all that accounts have of a version against its terms, page by page, and against the custodian. */
export async function reconcile(
  views: ViewDatabase,
  id: ActionId,
  { version, announcement, terms }: PostedVersion,
  currency: CurrencyCode,
  stated: CustodianTotal | undefined,
): Promise<Reconciliation> {
  const { actionType, symbol } = announcement;
  const received = terms.otherSymbol ?? symbol;
  let sums = nothingReconciled({ actionType, terms, currency }, version);
  for (let after: string | undefined; ;) {
    const rows = await entitlementsInForce(views, id, after);
    for (const row of rows) sums = withEntitlement(sums, reconciled(row, symbol, received));
    after = rows.at(-1)?.account_id;
    if (rows.length < pageSize) return reconciliationOf(sums, stated);
    // Whoever waits for an answer must not wait for all of them.
    await setImmediate();
  }
}

function entitlementsInForce(
  views: ViewDatabase,
  id: ActionId,
  after: string | undefined,
): Promise<readonly EntitlementRow[]> {
  let query = views
    .selectFrom('entitlements')
    .selectAll()
    .where('action_id', '=', id)
    .where('status', '!=', 'REVERSED')
    .orderBy('account_id')
    .limit(pageSize);
  if (after !== undefined) query = query.where('account_id', '>', after);
  return queried(query.execute());
}

function reconciled(row: EntitlementRow, own: string, received: string): ReconciledEntitlement {
  const movements = movementsOf(row);
  const sharesOf = (symbol: string): Quantity =>
    Quantity.of(movements.find((movement) => movement.symbol === symbol)?.quantity ?? '0');
  return {
    account: row.account_id,
    version: row.action_version,
    eligible: Quantity.of(row.eligible),
    gross: Money.of(row.gross),
    tax: Money.of(row.tax),
    cashInLieu: Money.of(row.cash_in_lieu),
    fraction: Quantity.of(row.fraction),
    amount: Money.of(row.amount),
    ownShares: sharesOf(own),
    receivedShares: sharesOf(received),
  };
}
