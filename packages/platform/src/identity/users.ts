import {
  createCommandHandler,
  createJointHandler,
  createStagedStreams,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type JointDecider,
  type OnceOptions,
} from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import type { Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import {
  userStream,
  type BlindIndex,
  type UserEvent,
  type UserId,
} from '../domain/users/events.ts';
import {
  isActiveAdmin,
  userDecider,
  type AdminCommand,
  type ChangePassword,
  type ProvidedIdentity,
  type UserCommand,
  type UserRejection,
  type UserState,
} from '../domain/users/user.ts';
import { describeRejection } from '../ledger/describe-rejection.ts';
import type { Retention } from '../retention/retention.ts';
import type { Vault } from '../vault/vault.ts';
import type { IdentityBook } from './identity-book.ts';
import { requireStrong } from './password-strength.ts';
import type { Passwords } from './passwords.ts';

/** Somebody new, in the open. */
export interface NewUser {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | undefined;
  /** Undefined for somebody who comes by way of a provider. */
  readonly password: string | undefined;
  readonly roles: readonly Role[];
  readonly accounts: readonly AccountId[];
  readonly identity?: ProvidedIdentity | undefined;
}

type Options = HandleOptions<UserRejection>;
type Result = Promise<CommandResult<UserRejection>>;

/** A command on a user; whether there is another administrator is found out here. */
export type UserInstruction =
  | Exclude<UserCommand, AdminCommand>
  | { readonly type: 'ChangeRoles'; readonly roles: readonly Role[] }
  | { readonly type: 'DeactivateUser'; readonly reason: string };

/**
 * The way in for everything about users. A result is durable when its promise resolves, and known to the book.
 * All reject with a KeysUnavailable where the vault can't be used.
 */
export interface Users {
  /** Rejects with a Refusal: PASSWORD_WEAK or USERNAME_TAKEN. */
  register(id: UserId, user: NewUser, options: Options): Result;
  /** Rejects with a Refusal (PASSWORD_WEAK). Ends the user's sessions. */
  setPassword(
    id: UserId,
    password: string,
    reason: 'BY_USER' | 'BY_ADMIN',
    options: Options,
  ): Result;
  handle(id: UserId, instruction: UserInstruction, options: Options): Result;
  /**
   * Records that the user is erased, then destroys the key. Rejects with a Refusal where the record must be
   * kept.
   */
  erase(id: UserId, reason: string, options: Options): Result;
  /** As he is now; undefined for nobody. */
  now(id: UserId): Promise<UserState>;
  /** The hash of the user's password; undefined without one. */
  passwordHash(id: UserId): Promise<{ readonly hash: string | undefined; readonly count: number }>;
  rehash(id: UserId, hash: string, passwords: number, options: Options): Result;
  indexOf(username: string): Promise<BlindIndex>;
  identityOf(issuer: string, subject: string): Promise<ProvidedIdentity>;
}

export interface UserParts {
  readonly store: EventStore;
  readonly book: IdentityBook;
  readonly vault: Pick<Vault, 'hold' | 'open' | 'blindIndex'>;
  readonly passwords: Passwords;
  readonly retention: Pick<Retention, 'erasureFault' | 'completeErasure'>;
}

export function createUsers(parts: UserParts): Users {
  const { store, book, vault, passwords, retention } = parts;
  const streams = createStagedStreams(store.raw, userDecider, {});
  const plain = createCommandHandler(store, userDecider, {}, streams);
  const joint = createJointHandler({
    store,
    leading: streams,
    beside: streams,
    decider: adminRule,
  });

  const known = async (outcome: Result): Result => {
    const result = await outcome;
    const position = 'position' in result ? result.position : undefined;
    if (position !== undefined) await book.reach(position);
    return result;
  };

  /** Decides together with another administrator, if there is one: he must still be it then. */
  const asAdmin = async (id: UserId, command: LosingCommand, options: Options): Result => {
    const { expectedVersion, ...rest } = options;
    if (expectedVersion !== undefined) {
      const { version } = await plain.load(userStream(id));
      if (version !== expectedVersion) {
        return { kind: 'version-mismatch', expected: expectedVersion, actual: version };
      }
    }
    const witness = otherAdmin(book, id);
    return known(joint.handle(userStream(id), { command, witness }, rest));
  };

  const held = (id: UserId, text: string) => vault.hold(userStream(id), text);

  const indexOf = async (username: string): Promise<BlindIndex> =>
    (await vault.blindIndex(`username ${username.toLowerCase()}`)) as BlindIndex;

  const changePassword = async (
    id: UserId,
    hash: string,
    how: Pick<ChangePassword, 'reason' | 'passwords'>,
    options: Options,
  ): Result => {
    const passwordHash = await held(id, hash);
    const command: ChangePassword = { type: 'ChangePassword', passwordHash, ...how };
    return known(plain.handle(userStream(id), command, options));
  };

  const now = async (id: UserId): Promise<UserState> => (await plain.load(userStream(id))).state;

  return {
    register: async (id, user, options) => {
      const usernameIndex = await indexOf(user.username);
      // The claim says so for certain, but only once everything is encrypted and hashed.
      if (book.userNamed(usernameIndex) !== undefined && options.once === undefined) throw taken();
      const { password, identity = null, roles, accounts } = user;
      if (password !== undefined) await requireStrong(password, wordsOf(user));
      const hash = password === undefined ? undefined : await passwords.hash(password);
      const command: UserCommand = {
        type: 'RegisterUser',
        usernameIndex,
        username: await held(id, user.username),
        displayName: await held(id, user.displayName),
        email: user.email === undefined ? null : await held(id, user.email),
        passwordHash: hash === undefined ? null : await held(id, hash),
        roles,
        accounts,
        identity,
      };
      const once = [...(options.once ?? []), claimOn(usernameIndex)];
      const result = await known(plain.handle(userStream(id), command, { ...options, once }));
      if (result.kind === 'already-handled' && result.held.key === keyOf(usernameIndex)) {
        throw taken();
      }
      return result;
    },
    setPassword: async (id, password, reason, options) => {
      const user = await now(id);
      if (user === undefined || user.status === 'ERASED') {
        return known(plain.handle(userStream(id), { type: 'EndSessions' }, options));
      }
      const subject = userStream(id);
      const words = await Promise.all(
        [user.username, user.displayName, user.email]
          .filter((text) => text !== null)
          .map((text) => vault.open(subject, text)),
      );
      await requireStrong(
        password,
        words.filter((word) => word !== undefined),
      );
      const hash = await passwords.hash(password);
      return changePassword(id, hash, { reason, passwords: user.passwords }, options);
    },
    handle: (id, instruction, options) =>
      instruction.type === 'ChangeRoles' || instruction.type === 'DeactivateUser'
        ? asAdmin(id, instruction, options)
        : known(plain.handle(userStream(id), instruction, options)),
    erase: async (id, reason, options) => {
      const subject = userStream(id);
      const user = await now(id);
      const fault =
        user === undefined || user.status === 'ERASED'
          ? undefined
          : await retention.erasureFault(subject);
      if (fault !== undefined) throw new Refusal(fault.code, describeRejection(fault, id));
      const result = await asAdmin(id, { type: 'EraseUser', reason }, options);
      // Also when he was erased before: a crash may have come between the record and the key.
      if ((await now(id))?.status === 'ERASED') {
        await retention.completeErasure(subject, reason, options.cause);
      }
      return result;
    },
    now,
    passwordHash: async (id) => {
      const user = await now(id);
      const sealed = user?.passwordHash ?? undefined;
      const hash = sealed && (await vault.open(userStream(id), sealed));
      return { hash, count: user?.passwords ?? 0 };
    },
    rehash: (id, hash, count, options) =>
      changePassword(id, hash, { reason: 'REHASHED', passwords: count }, options),
    indexOf,
    identityOf: async (issuer, subject) => ({
      issuer,
      subjectIndex: (await vault.blindIndex(`identity ${issuer} ${subject}`)) as BlindIndex,
    }),
  };
}

/** A command that may take the last administrator away. */
type LosingCommand =
  | { readonly type: 'ChangeRoles'; readonly roles: readonly Role[] }
  | { readonly type: 'DeactivateUser' | 'EraseUser'; readonly reason: string };

interface Witnessed {
  readonly command: LosingCommand;
  /** Another user who was an administrator when it was looked. */
  readonly witness: UserId | undefined;
}

type AdminRule = JointDecider<Witnessed, UserState, UserEvent, UserState, UserEvent, UserRejection>;

// Two administrators who remove each other at the same moment: each decision stands on the other's stream, so
// that one of them is decided again and refused.
const adminRule: AdminRule = {
  others: ({ witness }) => (witness === undefined ? [] : [userStream(witness)]),
  needsPast: () => false,
  decide: ({ command }, user, others) => {
    const isOtherAdmin = [...others.values()].some(({ state }) => isActiveAdmin(state));
    const decided = userDecider.decide({ ...command, isOtherAdmin }, user);
    return { ...decided, others: new Map() };
  },
};

function otherAdmin(book: IdentityBook, id: UserId): UserId | undefined {
  for (const [other, { status, roles }] of book.users()) {
    if (other !== id && status === 'ACTIVE' && roles.includes('ADMIN')) return other;
  }
  return undefined;
}

function wordsOf({ username, displayName, email = '' }: NewUser): readonly string[] {
  return [username, displayName, email];
}

function keyOf(usernameIndex: BlindIndex): string {
  return `username ${usernameIndex}`;
}

/** A name is given once and for ever: nobody may be taken for somebody who had it before. */
function claimOn(usernameIndex: BlindIndex): OnceOptions<UserRejection> {
  return {
    key: keyOf(usernameIndex),
    expiresAt: undefined,
    note: ({ rejection }) => (rejection === undefined ? new Uint8Array() : undefined),
  };
}

function taken(): Refusal {
  return new Refusal('USERNAME_TAKEN', 'Somebody has this name, or had it.');
}
