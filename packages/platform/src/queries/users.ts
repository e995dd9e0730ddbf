import { queried } from './failure.ts';
import type { UserRow, ViewDatabase } from './views.ts';

/** Users in order of their ids, at most `limit`, behind the one given. */
export function listUsers(
  views: ViewDatabase,
  { status }: { readonly status?: UserRow['status'] | undefined },
  after: readonly [userId: string] | undefined,
  limit: number,
): Promise<readonly UserRow[]> {
  let query = views.selectFrom('users').selectAll().orderBy('user_id').limit(limit);
  if (status !== undefined) query = query.where('status', '=', status);
  if (after !== undefined) query = query.where('user_id', '>', after[0]);
  return queried(query.execute());
}

export function findUser(views: ViewDatabase, userId: string): Promise<UserRow | undefined> {
  const query = views.selectFrom('users').selectAll().where('user_id', '=', userId);
  return queried(query.executeTakeFirst());
}
