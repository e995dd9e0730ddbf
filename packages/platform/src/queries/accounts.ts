import { anyOf } from './any-of.ts';
import { queried } from './failure.ts';
import type { AccountRow, ViewDatabase } from './views.ts';

export interface AccountFilter {
  readonly status?: string | undefined;
  readonly currency?: string | undefined;
  /** Only of these; undefined for all. */
  readonly own?: readonly string[] | undefined;
}

/** Accounts in order of their ids, at most `limit`, behind the one given. */
export function listAccounts(
  views: ViewDatabase,
  { status, currency, own }: AccountFilter,
  after: readonly [accountId: string] | undefined,
  limit: number,
): Promise<readonly AccountRow[]> {
  let query = views.selectFrom('accounts').selectAll().orderBy('account_id').limit(limit);
  if (status !== undefined) query = query.where('status', '=', status as AccountRow['status']);
  if (currency !== undefined) query = query.where('currency', '=', currency);
  if (own !== undefined) query = query.where('account_id', 'in', anyOf(own));
  if (after !== undefined) query = query.where('account_id', '>', after[0]);
  return queried(query.execute());
}

/** Whether the read models know an account: what tells an empty list from a wrong id. */
export async function accountExists(views: ViewDatabase, accountId: string): Promise<boolean> {
  const query = views
    .selectFrom('accounts')
    .select('account_id')
    .where('account_id', '=', accountId)
    .limit(1);
  return (await queried(query.execute())).length > 0;
}
