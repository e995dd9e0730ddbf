import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
} from '@counterfoil/event-store';
import { authentications, roles } from '../access/events.ts';
import type { AccountId } from '../accounts/events.ts';

/** Names a user: `USR-` and 18 signs. It says nothing of the person, and stays when the person is erased. */
export type UserId = Branded<string, 'UserId'>;

/** A text as a keyed hash: to look a name up that is stored nowhere in the open. */
export type BlindIndex = Branded<string, 'BlindIndex'>;

/** The SHA-256 of a secret with 256 random bits, in base64url: such a one can't be found by trying. */
export type SecretHash = Branded<string, 'SecretHash'>;

const identity = {
  /** The provider, as its tokens name it. */
  issuer: field.text(),
  /** Of the provider's name for the user. */
  subjectIndex: field.text<BlindIndex>(),
};

const roleList = field.list(field.oneOf('Role', roles));
const accountList = field.list(field.text<AccountId>());

const UserRegistered = eventType('UserRegistered', {
  usernameIndex: field.text<BlindIndex>(),
  username: field.sensitive(),
  displayName: field.sensitive(),
  email: field.nullable(field.sensitive()),
  /** Null for somebody who comes by way of a provider. */
  passwordHash: field.nullable(field.sensitive()),
  roles: roleList,
  /** Those that are an investor's own. */
  accounts: accountList,
  identity: field.nullable(field.record('Identity', identity)),
});

/** REHASHED: the same password, hashed as it is done now. */
const PasswordChanged = eventType('PasswordChanged', {
  passwordHash: field.sensitive(),
  reason: field.oneOf('PasswordReason', ['BY_USER', 'BY_ADMIN', 'REHASHED']),
});

const RolesChanged = eventType('RolesChanged', { roles: roleList });

const AccountsGranted = eventType('AccountsGranted', { accounts: accountList });

/** A provider's user is this user from now on. */
const IdentityLinked = eventType('IdentityLinked', identity);

/** He is it no longer. */
const IdentityUnlinked = eventType('IdentityUnlinked', identity);

const attempt = {
  /** Of the address that it came from. */
  addressIndex: field.text<BlindIndex>(),
  at: field.instant(),
};

const LoginSucceeded = eventType('LoginSucceeded', {
  ...attempt,
  how: field.oneOf('Authentication', authentications),
});

const LoginFailed = eventType('LoginFailed', {
  ...attempt,
  /** LOCKED: after too many failures, whatever the password was. */
  reason: field.oneOf('LoginFailure', ['WRONG_PASSWORD', 'LOCKED', 'NOT_ACTIVE']),
});

/** Whatever sessions the user has are over. */
const SessionsEnded = eventType('SessionsEnded', {});

const UserDeactivated = eventType('UserDeactivated', { reason: field.text() });

const UserReactivated = eventType('UserReactivated', { reason: field.text() });

/** The user's key is destroyed: what was personal can't be read any more. */
const UserErased = eventType('UserErased', { reason: field.text() });

export const userEventTypes = [
  UserRegistered,
  PasswordChanged,
  RolesChanged,
  AccountsGranted,
  IdentityLinked,
  IdentityUnlinked,
  LoginSucceeded,
  LoginFailed,
  SessionsEnded,
  UserDeactivated,
  UserReactivated,
  UserErased,
];

export type UserEvent = EventOf<(typeof userEventTypes)[number]>;

const userPrefix = 'user-';

/** It is the subject under which the vault keeps what is personal. */
export function userStream(id: UserId): StreamId {
  return streamId(userPrefix + id);
}

export function userOfStream(stream: StreamId): UserId {
  return stream.slice(userPrefix.length) as UserId;
}

/** Somebody tried to log in by a name that nobody has. */
const UnknownLoginFailed = eventType('UnknownLoginFailed', {
  usernameIndex: field.text<BlindIndex>(),
  ...attempt,
});

/** Somebody tried to get a token for a client that there is not. */
const UnknownClientFailed = eventType('UnknownClientFailed', {
  /** Of what was given as the client's id: whoever mixes two fields up has put the secret there. */
  clientIndex: field.text<BlindIndex>(),
  ...attempt,
});

export const unknownLoginEventTypes = [UnknownLoginFailed, UnknownClientFailed];

/** Those of one day, by the day of UTC. */
export function unknownLoginsStream(day: string): StreamId {
  return streamId(`unknown-logins-${day}`);
}

/** A public key by which access tokens are checked, by whichever process made it. */
const TokenKeyPublished = eventType('TokenKeyPublished', {
  keyId: field.text(),
  /** Ed25519, 32 bytes in base64url: the `x` of RFC 8037. */
  publicKey: field.text(),
  /** From when on tokens may be signed by it. */
  signsFrom: field.instant(),
  /** From when on none is any more. */
  signsUntil: field.instant(),
});

/** Somebody else may have the private key: what is signed by it is trusted no longer, whoever signed it. */
const TokenKeyWithdrawn = eventType('TokenKeyWithdrawn', {
  keyId: field.text(),
  reason: field.text(),
});

export const tokenKeyEventTypes = [TokenKeyPublished, TokenKeyWithdrawn];

export type TokenKeyEvent = EventOf<(typeof tokenKeyEventTypes)[number]>;

export const tokenKeysStream = streamId('token-keys');

/** Names a session: `SES-` and 18 signs. */
export type SessionId = Branded<string, 'SessionId'>;

const SessionStarted = eventType('SessionStarted', {
  userId: field.text<UserId>(),
  how: field.oneOf('Authentication', authentications),
  /** The position in the log of the login that it follows from. */
  loginPosition: field.integer(),
  /** Of the refresh token. */
  tokenHash: field.text<SecretHash>(),
  at: field.instant(),
  /** Then it is over, however often it was refreshed. */
  expiresAt: field.instant(),
});

/** The refresh token was handed in for another. */
const SessionRefreshed = eventType('SessionRefreshed', {
  tokenHash: field.text<SecretHash>(),
  at: field.instant(),
});

/** A refresh token came a second time: one of two who have it has stolen it. The session is over. */
const RefreshTokenReused = eventType('RefreshTokenReused', { at: field.instant() });

/** The user has logged out. */
const SessionEnded = eventType('SessionEnded', { at: field.instant() });

export const sessionEventTypes = [
  SessionStarted,
  SessionRefreshed,
  RefreshTokenReused,
  SessionEnded,
];

export type SessionEvent = EventOf<(typeof sessionEventTypes)[number]>;

const sessionPrefix = 'session-';

export function sessionStream(id: SessionId): StreamId {
  return streamId(sessionPrefix + id);
}

export function sessionOfStream(stream: StreamId): SessionId {
  return stream.slice(sessionPrefix.length) as SessionId;
}
