import type { Role } from '../domain/access/events.ts';
import { permissions } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import type { UserId } from '../domain/users/events.ts';
import type { Identity } from './identity.ts';
import { newApiKeyId, newUserId, randomPassword } from './random-ids.ts';

/** Somebody to try the program as. */
export interface DemoUser {
  readonly role: Role;
  /** To log in with when the token has expired; undefined for a service. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** An access token for a quarter of an hour, or a service's API key. */
  readonly token: string;
}

const roles: readonly Exclude<Role, 'SERVICE'>[] = [
  'ADMIN',
  'ANALYST',
  'AUDITOR',
  'READ_ONLY',
  'INVESTOR',
];

const cause = { userId: 'counterfoil' };
const address = '127.0.0.1';
const serviceName = 'demo-service';

/** A user for each role, each with a new password and a token; the investor has the accounts given. */
export async function makeDemoUsers(
  identity: Identity,
  accounts: readonly AccountId[],
): Promise<readonly DemoUser[]> {
  const demo: DemoUser[] = [];
  for (const role of roles) {
    const own = role === 'INVESTOR' ? accounts : [];
    demo.push(await demoUser(identity, role, own));
  }
  return [...demo, { role: 'SERVICE', login: undefined, token: await demoKey(identity) }];
}

async function demoUser(
  { users, book, logins }: Identity,
  role: Role,
  accounts: readonly AccountId[],
): Promise<DemoUser> {
  const username = `demo-${role.toLowerCase().replace('_', '-')}`;
  const password = randomPassword();
  const known = book.userNamed(await users.indexOf(username));
  const id: UserId = known ?? newUserId();
  if (known === undefined) {
    const person = { username, displayName: `Demo ${role}`, email: undefined, password };
    await users.register(id, { ...person, roles: [role], accounts }, { cause });
  } else {
    await users.setPassword(id, password, 'BY_ADMIN', { cause });
  }
  const { accessToken: token } = await logins.login({ username, password, address }, {});
  return { role, login: { username, password }, token };
}

async function demoKey({ apiKeys, book }: Identity): Promise<string> {
  const known = book.apiKeys().find(({ name, isRevoked }) => name === serviceName && !isRevoked);
  const terms = { lifetimeDays: undefined };
  const shown =
    known === undefined
      ? await apiKeys.create(
          newApiKeyId(),
          { name: serviceName, permissions, accounts: [], ...terms },
          { cause },
        )
      : await apiKeys.rotate(known.id, { overlapHours: 0, ...terms }, { cause });
  return shown.secret;
}
