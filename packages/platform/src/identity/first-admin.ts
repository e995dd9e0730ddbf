import { Refusal } from '../api/problem.ts';
import { ConfigError } from '../config-error.ts';
import type { Identity } from './identity.ts';
import { requireStrong } from './password-strength.ts';
import { newUserId, randomPassword } from './random-ids.ts';

const username = 'admin';

export interface FirstAdmin {
  readonly username: string;
  /** To be shown once and kept nowhere; undefined when whoever started the program chose it. */
  readonly password: string | undefined;
}

/**
 * Where there is no user yet, makes an administrator, with the password given or a random one; undefined where
 * there is one. Rejects with a ConfigError when the password given is weak, also where it is not needed.
 */
export async function makeFirstAdmin(
  { users, book }: Identity,
  password: string | undefined,
): Promise<FirstAdmin | undefined> {
  if (password !== undefined) await requireUsable(password);
  if (Array.from(book.users()).length > 0) return undefined;
  const id = newUserId();
  const made = password ?? randomPassword();
  const person = { username, displayName: 'Administrator', email: undefined, password: made };
  const cause = { userId: 'counterfoil' };
  try {
    await users.register(id, { ...person, roles: ['ADMIN'], accounts: [] }, { cause });
  } catch (failure) {
    // Another process was started at the same moment, and came first.
    if (failure instanceof Refusal && failure.code === 'USERNAME_TAKEN') return undefined;
    throw failure;
  }
  return { username, password: password === undefined ? made : undefined };
}

async function requireUsable(password: string): Promise<void> {
  try {
    await requireStrong(password, [username, 'Administrator']);
  } catch (cause) {
    throw new ConfigError(
      'COUNTERFOIL_ADMIN_PASSWORD is too weak: use at least 12 characters that are hard to guess',
      { cause },
    );
  }
}
