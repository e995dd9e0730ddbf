import { formatInstant, type Clock, type EventStore, type Instant } from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import { unknownLoginsStream, type BlindIndex, type UserId } from '../domain/users/events.ts';
import type { Vault } from '../vault/vault.ts';
import type { IdentityBook } from './identity-book.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { Passwords } from './passwords.ts';
import type { RequestCause, Sessions, Tokens } from './sessions.ts';
import type { Users } from './users.ts';

export interface LoginAttempt {
  readonly username: string;
  readonly password: string;
  /** From which it came. */
  readonly address: string;
}

/** Logging in by name and password. */
export interface Logins {
  /**
   * Rejects with a Refusal: LOGIN_FAILED whatever was wrong, or a LoginLocked after too many failures, which
   * say nothing of whether there is such a user. Either takes as long as the other kinds of it.
   */
  login(attempt: LoginAttempt, cause: RequestCause): Promise<Tokens>;
  /**
   * Compares a password as a login does, and counts as one: answers its position in the log. Rejects with a
   * Refusal (LOGIN_FAILED).
   */
  confirm(
    id: UserId,
    attempt: Omit<LoginAttempt, 'username'>,
    cause: RequestCause,
  ): Promise<number>;
  /** The index of an address. */
  addressIndex(address: string): Promise<BlindIndex>;
}

/** The next try has to wait. */
export class LoginLocked extends Refusal {
  readonly waitSeconds: number;

  constructor(waitSeconds: number) {
    super('LOGIN_LOCKED', `After so many failures the next try has to wait ${waitSeconds} s.`);
    this.waitSeconds = waitSeconds;
  }
}

export interface LoginParts {
  readonly store: EventStore;
  readonly book: IdentityBook;
  readonly vault: Pick<Vault, 'blindIndex'>;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
}

export function createLogins(parts: LoginParts): Logins {
  const { store, book, vault, users, sessions, passwords, throttle, clock } = parts;

  const addressIndex = async (address: string): Promise<BlindIndex> =>
    (await vault.blindIndex(`address ${address}`)) as BlindIndex;

  /** As much work as with a user, and as many events. */
  const failAsNobody = async (
    usernameIndex: BlindIndex,
    address: BlindIndex,
    password: string,
    cause: RequestCause,
  ): Promise<never> => {
    await passwords.matches(undefined, password);
    const at = clock();
    const result = await store.append({
      appends: [
        {
          stream: unknownLoginsStream(formatInstant(at).slice(0, 10)),
          expected: 'any',
          events: [
            { type: 'UnknownLoginFailed', data: { usernameIndex, addressIndex: address, at } },
          ],
        },
      ],
      cause: { ...cause, userId: '' },
    });
    // What is recorded of a user is waited for in the book: so is this.
    if (result.kind === 'appended') await book.reach(result.position);
    throw failed();
  };

  const tryPassword = async (
    id: UserId,
    password: string,
    address: BlindIndex,
    cause: RequestCause,
  ): Promise<number> => {
    const { hash, count } = await users.passwordHash(id);
    const isRight = await passwords.matches(hash, password);
    const result = await users.handle(
      id,
      {
        type: 'TryLogin',
        how: 'PASSWORD',
        isRight,
        passwords: count,
        addressIndex: address,
        at: clock(),
      },
      { cause: { ...cause, userId: isRight ? id : '' } },
    );
    if (result.kind !== 'accepted' || result.position === undefined) throw failed();
    if (hash !== undefined && passwords.isOutdated(hash)) {
      const fresh = await passwords.hash(password);
      await users.rehash(id, fresh, count, { cause: { ...cause, userId: id } });
    }
    return result.position;
  };

  return {
    login: async ({ username, password, address }, cause) => {
      const name = await users.indexOf(username);
      const from = await addressIndex(address);
      const until = throttle.waitsUntil(name, from);
      if (until !== undefined) throw new LoginLocked(secondsUntil(until, clock()));
      try {
        const id = book.userNamed(name);
        if (id === undefined) return await failAsNobody(name, from, password, cause);
        const position = await tryPassword(id, password, from, cause);
        throttle.succeeded(name, from);
        return await sessions.start({ userId: id, how: 'PASSWORD', position }, cause);
      } catch (failure) {
        if (failure instanceof Refusal) throttle.failed(name, from);
        throw failure;
      }
    },
    confirm: async (id, { password, address }, cause) =>
      tryPassword(id, password, await addressIndex(address), cause),
    addressIndex,
  };
}

function failed(): Refusal {
  return new Refusal('LOGIN_FAILED', 'Name and password do not open anything.');
}

function secondsUntil(until: Instant, now: Instant): number {
  return Math.max(1, Number((until - now + 999_999_999n) / 1_000_000_000n));
}
