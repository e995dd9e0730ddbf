import { queried } from '../failure.ts';
import type { AccountRow, ViewDatabase } from '../views.ts';

/** An account as far as a report of holdings needs it: nothing of it says whose it is. */
export type ReportedAccount = Pick<AccountRow, 'account_id' | 'currency'>;

/** Accounts in order of their ids, at most `limit`, behind the one given. */
export function reportedAccounts(
  views: ViewDatabase,
  account: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<readonly ReportedAccount[]> {
  let query = views
    .selectFrom('accounts')
    .select(['account_id', 'currency'])
    .orderBy('account_id')
    .limit(limit);
  if (account !== undefined) query = query.where('account_id', '=', account);
  if (after !== undefined) query = query.where('account_id', '>', after);
  return queried(query.execute());
}

/** How many there are; counts no further than `limit`. */
export async function countAccounts(
  views: ViewDatabase,
  account: string | undefined,
  limit: number,
): Promise<number> {
  if (account !== undefined) return 1;
  const counted = views.selectFrom('accounts').select('account_id').limit(limit);
  const query = views
    .selectFrom(counted.as('looked'))
    .select(({ fn }) => fn.countAll().as('count'));
  const [row] = await queried(query.execute());
  return Number(row?.count ?? 0);
}
