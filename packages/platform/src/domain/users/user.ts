import {
  accept,
  refuse,
  type Aggregate,
  type Decision,
  type Instant,
  type Sensitive,
} from '@counterfoil/event-store';
import type { Authentication, Role } from '../access/events.ts';
import type { AccountId } from '../accounts/events.ts';
import type { BlindIndex, UserEvent } from './events.ts';
import {
  afterFailure,
  afterSuccess,
  failuresFrom,
  noLogins,
  waitsUntil,
  type LoginHistory,
} from './lockout.ts';

/** A user as he is, undefined before he was registered. */
export type UserState = User | undefined;

export interface User {
  readonly status: 'ACTIVE' | 'DEACTIVATED' | 'ERASED';
  readonly username: Sensitive;
  readonly displayName: Sensitive;
  readonly email: Sensitive | null;
  readonly passwordHash: Sensitive | null;
  /** How often the password was set. */
  readonly passwords: number;
  readonly roles: readonly Role[];
  readonly accounts: readonly AccountId[];
  readonly identities: readonly ProvidedIdentity[];
  readonly logins: LoginHistory;
}

/** A user as a provider knows him. */
export interface ProvidedIdentity {
  readonly issuer: string;
  readonly subjectIndex: BlindIndex;
}

export interface RegisterUser {
  readonly type: 'RegisterUser';
  readonly usernameIndex: BlindIndex;
  readonly username: Sensitive;
  readonly displayName: Sensitive;
  readonly email: Sensitive | null;
  readonly passwordHash: Sensitive | null;
  readonly roles: readonly Role[];
  readonly accounts: readonly AccountId[];
  readonly identity: ProvidedIdentity | null;
}

export interface ChangePassword {
  readonly type: 'ChangePassword';
  readonly passwordHash: Sensitive;
  readonly reason: 'BY_USER' | 'BY_ADMIN' | 'REHASHED';
  /** Refused when the password was set since: the count that it was decided on. */
  readonly passwords: number;
}

/** A password was compared, or a provider has vouched for the user. */
export interface TryLogin {
  readonly type: 'TryLogin';
  readonly how: Authentication;
  readonly isRight: boolean;
  /** The password that it was compared with is no good if another was set since. */
  readonly passwords: number;
  readonly addressIndex: BlindIndex;
  readonly at: Instant;
}

/** Commands that may take the last administrator away. */
export type AdminCommand =
  | {
      readonly type: 'ChangeRoles';
      readonly roles: readonly Role[];
      /** Whether somebody else is an active administrator. */
      readonly isOtherAdmin: boolean;
    }
  | {
      readonly type: 'DeactivateUser' | 'EraseUser';
      readonly reason: string;
      readonly isOtherAdmin: boolean;
    };

export type UserCommand =
  | RegisterUser
  | ChangePassword
  | TryLogin
  | AdminCommand
  | { readonly type: 'GrantAccounts'; readonly accounts: readonly AccountId[] }
  | { readonly type: 'LinkIdentity' | 'UnlinkIdentity'; readonly identity: ProvidedIdentity }
  | { readonly type: 'EndSessions' }
  | { readonly type: 'ReactivateUser'; readonly reason: string };

type Code =
  | 'USER_UNKNOWN'
  | 'LOGIN_FAILED'
  | 'USER_ERASED'
  | 'PASSWORD_OUTDATED'
  | 'LAST_ADMIN'
  | 'ACCOUNTS_NOT_FOR_ROLE';

/** Why a command is refused: the first that applies, in this order. */
export type UserRejection = { readonly [C in Code]: { readonly code: C } }[Code];

type Decided = Decision<UserEvent, UserRejection>;

export const userDecider: Aggregate<UserCommand, UserState, UserEvent, UserRejection> = {
  initial: undefined,
  decide,
  evolve,
};

export function isActiveAdmin(user: UserState): boolean {
  return user?.status === 'ACTIVE' && user.roles.includes('ADMIN');
}

function decide(command: UserCommand, user: UserState): Decided {
  if (command.type === 'RegisterUser') return register(command, user);
  if (user === undefined) return refuse({ code: 'USER_UNKNOWN' });
  if (command.type === 'TryLogin') return login(command, user);
  if (user.status === 'ERASED') {
    return command.type === 'EraseUser' ? accept() : refuse({ code: 'USER_ERASED' });
  }
  return change(command, user);
}

function register(command: RegisterUser, user: UserState): Decided {
  const { type: _, ...data } = command;
  if (user !== undefined) throw new Error('a user was registered twice: ids are made to differ');
  return misfits(data.roles, data.accounts)
    ? refuse({ code: 'ACCOUNTS_NOT_FOR_ROLE' })
    : accept({ type: 'UserRegistered', data });
}

/** Accounts are an investor's; of the others nobody has accounts of his own. */
function misfits(roles: readonly Role[], accounts: readonly AccountId[]): boolean {
  return accounts.length > 0 && !roles.includes('INVESTOR');
}

function login({ how, isRight, passwords, addressIndex, at }: TryLogin, user: User): Decided {
  const until = waitsUntil(failuresFrom(user.logins, addressIndex));
  const isCurrent = how !== 'PASSWORD' || passwords === user.passwords;
  const failed = (reason: 'WRONG_PASSWORD' | 'LOCKED' | 'NOT_ACTIVE'): Decided =>
    refuse({ code: 'LOGIN_FAILED' }, { type: 'LoginFailed', data: { addressIndex, at, reason } });
  if (user.status !== 'ACTIVE') return failed('NOT_ACTIVE');
  // A provider has counted for itself.
  if (how === 'PASSWORD' && until !== undefined && at < until) return failed('LOCKED');
  if (!isRight || !isCurrent) return failed('WRONG_PASSWORD');
  return accept({ type: 'LoginSucceeded', data: { addressIndex, at, how } });
}

function change(command: Exclude<UserCommand, RegisterUser | TryLogin>, user: User): Decided {
  switch (command.type) {
    case 'ChangePassword': {
      const { passwordHash, reason, passwords } = command;
      return passwords === user.passwords
        ? accept({ type: 'PasswordChanged', data: { passwordHash, reason } })
        : refuse({ code: 'PASSWORD_OUTDATED' });
    }
    case 'ChangeRoles': {
      const { roles, isOtherAdmin } = command;
      if (same(roles, user.roles)) return accept();
      if (isActiveAdmin(user) && !roles.includes('ADMIN') && !isOtherAdmin) return lastAdmin;
      if (misfits(roles, user.accounts)) return refuse({ code: 'ACCOUNTS_NOT_FOR_ROLE' });
      return accept({ type: 'RolesChanged', data: { roles } });
    }
    case 'GrantAccounts': {
      const { accounts } = command;
      if (same(accounts, user.accounts)) return accept();
      return misfits(user.roles, accounts)
        ? refuse({ code: 'ACCOUNTS_NOT_FOR_ROLE' })
        : accept({ type: 'AccountsGranted', data: { accounts } });
    }
    case 'LinkIdentity':
      return isLinked(user, command.identity)
        ? accept()
        : accept({ type: 'IdentityLinked', data: command.identity });
    case 'UnlinkIdentity':
      // Sessions do not say by way of which provider they began, so all of them end.
      return isLinked(user, command.identity)
        ? accept(
            { type: 'IdentityUnlinked', data: command.identity },
            { type: 'SessionsEnded', data: {} },
          )
        : accept();
    case 'EndSessions':
      return accept({ type: 'SessionsEnded', data: {} });
    case 'DeactivateUser':
      if (user.status === 'DEACTIVATED') return accept();
      if (isActiveAdmin(user) && !command.isOtherAdmin) return lastAdmin;
      return accept({ type: 'UserDeactivated', data: { reason: command.reason } });
    case 'ReactivateUser':
      return user.status === 'ACTIVE'
        ? accept()
        : accept({ type: 'UserReactivated', data: { reason: command.reason } });
    case 'EraseUser':
      if (isActiveAdmin(user) && !command.isOtherAdmin) return lastAdmin;
      return accept({ type: 'UserErased', data: { reason: command.reason } });
  }
}

// Nobody could give the role to anybody any more.
const lastAdmin: Decided = refuse({ code: 'LAST_ADMIN' });

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function isLinked({ identities }: User, identity: ProvidedIdentity): boolean {
  return identities.some((linked) => sameIdentity(linked, identity));
}

function sameIdentity(one: ProvidedIdentity, other: ProvidedIdentity): boolean {
  return one.issuer === other.issuer && one.subjectIndex === other.subjectIndex;
}

function evolve(user: UserState, event: UserEvent): UserState {
  if (event.type === 'UserRegistered') {
    const { username, displayName, email, passwordHash, roles, accounts, identity } = event.data;
    return {
      status: 'ACTIVE',
      username,
      displayName,
      email,
      passwordHash,
      passwords: passwordHash === null ? 0 : 1,
      roles,
      accounts,
      identities: identity === null ? [] : [identity],
      logins: noLogins,
    };
  }
  return user && changed(user, event);
}

type Change = Exclude<UserEvent, { readonly type: 'UserRegistered' }>;

function changed(user: User, event: Change): User {
  switch (event.type) {
    case 'PasswordChanged': {
      const { passwordHash } = event.data;
      return { ...user, passwordHash, passwords: user.passwords + 1 };
    }
    case 'RolesChanged':
      return { ...user, roles: event.data.roles };
    case 'AccountsGranted':
      return { ...user, accounts: event.data.accounts };
    case 'IdentityLinked':
      return { ...user, identities: [...user.identities, event.data] };
    case 'IdentityUnlinked': {
      const identities = user.identities.filter((linked) => !sameIdentity(linked, event.data));
      return { ...user, identities };
    }
    case 'LoginSucceeded':
      return { ...user, logins: afterSuccess(user.logins, event.data.addressIndex) };
    case 'LoginFailed': {
      const { reason, addressIndex, at } = event.data;
      // Only what could have told something counts: else whoever keeps knocking keeps the door shut.
      if (reason !== 'WRONG_PASSWORD') return user;
      return { ...user, logins: afterFailure(user.logins, addressIndex, at) };
    }
    case 'SessionsEnded':
      return user;
    case 'UserDeactivated':
      return { ...user, status: 'DEACTIVATED' };
    case 'UserReactivated':
      return { ...user, status: 'ACTIVE' };
    case 'UserErased':
      return { ...user, status: 'ERASED', identities: [], logins: noLogins };
  }
}
