import type { AccountId } from '../domain/accounts/events.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import { queried } from './failure.ts';
import type { CorporateActionRow, EntitlementRow, ViewDatabase } from './views.ts';

/** What some accounts have, or had, of an action, by account. */
export async function entitlementsByAccount(
  views: ViewDatabase,
  id: ActionId,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<string, EntitlementRow>> {
  if (accounts.length === 0) return new Map();
  const query = views
    .selectFrom('entitlements')
    .selectAll()
    .where('action_id', '=', id)
    .where('account_id', 'in', [...accounts]);
  const rows = await queried(query.execute());
  return new Map(rows.map((row) => [row.account_id, row]));
}

/** What an account has of actions with this status, by the dates on which they count. */
export function accountEntitlements(
  views: ViewDatabase,
  account: AccountId,
  status: EntitlementRow['status'] | undefined,
  after: AfterEntitlement | undefined,
  limit: number,
): Promise<readonly EntitlementRow[]> {
  let query = views
    .selectFrom('entitlements')
    .selectAll()
    .where('account_id', '=', account)
    .orderBy('effective_date')
    .orderBy('action_id')
    .limit(limit);
  if (status !== undefined) query = query.where('status', '=', status);
  if (after !== undefined) {
    const [date, id] = after;
    query = query.where(({ or, and, eb }) =>
      or([
        eb('effective_date', '>', date),
        and([eb('effective_date', '=', date), eb('action_id', '>', id)]),
      ]),
    );
  }
  return queried(query.execute());
}

export type AfterEntitlement = readonly [effectiveDate: string, actionId: string];

/** Actions on what an account holds or ever held that it has nothing of yet, or no more, by their effective dates. */
export function actionsToCome(
  views: ViewDatabase,
  account: AccountId,
  after: AfterEntitlement | undefined,
  limit: number,
): Promise<readonly Pick<CorporateActionRow, 'action_id' | 'effective_date'>[]> {
  let query = views
    .selectFrom('corporate_actions')
    .select(['action_id', 'effective_date'])
    .where('status', 'in', ['PENDING', 'PROCESSING', 'FAILED'])
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('positions')
          .select('positions.symbol')
          .where('positions.account_id', '=', account)
          .whereRef('positions.symbol', '=', 'corporate_actions.symbol'),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('entitlements')
            .select('entitlements.action_id')
            .where('entitlements.account_id', '=', account)
            .where('entitlements.status', '!=', 'REVERSED')
            .whereRef('entitlements.action_id', '=', 'corporate_actions.action_id'),
        ),
      ),
    )
    .orderBy('effective_date')
    .orderBy('action_id')
    .limit(limit);
  if (after !== undefined) {
    const [date, id] = after;
    query = query.where(({ or, and, eb }) =>
      or([
        eb('effective_date', '>', date),
        and([eb('effective_date', '=', date), eb('action_id', '>', id)]),
      ]),
    );
  }
  return queried(query.execute());
}
