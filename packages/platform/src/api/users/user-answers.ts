import type { UserAnswer } from '../../domain/users/contract.ts';
import { userStream, type UserId } from '../../domain/users/events.ts';
import type { UserRow } from '../../queries/views.ts';
import type { Vault } from '../../vault/vault.ts';

/** Rows as answers, with what is personal opened: all keys are fetched together. */
export async function userAnswers(
  vault: Pick<Vault, 'openAll'>,
  rows: readonly UserRow[],
): Promise<readonly UserAnswer[]> {
  const sealed = rows.flatMap((row) =>
    sealedCells(row).flatMap((value) =>
      value === null ? [] : [{ subject: userStream(row.user_id as UserId), value }],
    ),
  );
  const opened = (await vault.openAll(sealed)).values();
  const next = (value: string | null): string | null =>
    value === null ? null : (opened.next().value ?? null);
  return rows.map((row) => {
    const [username = null, displayName = null, email = null] = sealedCells(row).map(next);
    return {
      user_id: row.user_id,
      username,
      display_name: displayName,
      email,
      roles: JSON.parse(row.roles) as UserAnswer['roles'],
      accounts: JSON.parse(row.accounts) as UserAnswer['accounts'],
      status: row.status,
      registered_at: row.registered_at,
      last_login_at: row.last_login_at,
      updated_at: row.updated_at,
    };
  });
}

function sealedCells({ username, display_name, email }: UserRow): readonly (string | null)[] {
  return [username, display_name, email];
}
