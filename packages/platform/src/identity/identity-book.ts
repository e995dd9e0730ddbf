import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock, EventStore, Instant, RecordedEvent } from '@counterfoil/event-store';
import type { Authentication, Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import { apiKeyDecider, type ApiKey } from '../domain/api-keys/api-key.ts';
import {
  apiKeyEventTypes,
  apiKeyOfStream,
  type ApiKeyEvent,
  type ApiKeyId,
  type SecretId,
} from '../domain/api-keys/events.ts';
import {
  sessionEventTypes,
  sessionOfStream,
  tokenKeyEventTypes,
  userEventTypes,
  userOfStream,
  type BlindIndex,
  type SessionEvent,
  type SessionId,
  type TokenKeyEvent,
  type UserEvent,
  type UserId,
} from '../domain/users/events.ts';
import type { ProvidedIdentity } from '../domain/users/user.ts';
import { followLog } from '../ledger/followed-log.ts';

/**
 * Who there is, in memory: what requests are authenticated by, kept up to date from the log. Nothing personal
 * is in it. What another process has recorded is known here as soon as the log has rung.
 */
export interface IdentityBook {
  user(id: UserId): KnownUser | undefined;
  userNamed(index: BlindIndex): UserId | undefined;
  userWith(identity: ProvidedIdentity): UserId | undefined;
  /** Every user that there ever was. */
  users(): Iterable<readonly [UserId, KnownUser]>;
  /** A session that was not ended, in whatever way; whether it has expired is not looked at. */
  session(id: SessionId): KnownSession | undefined;
  apiKey(id: ApiKeyId): KnownKey | undefined;
  apiKeyOf(secret: SecretId): KnownKey | undefined;
  /** In order of their ids. */
  apiKeys(): readonly KnownKey[];
  /** Those that were published and not withdrawn, by their ids. */
  tokenKeys(): ReadonlyMap<string, TokenKey>;
  isWithdrawn(tokenKey: string): boolean;
  /** Throws what keeps the log from being followed: nobody is let in by what may be out of date. */
  requireCurrent(): void;
  /** Resolves once the book reflects the log up to a position. */
  reach(position: number): Promise<void>;
  /** Resolves once it reflects all that is in the log now, whoever wrote it. */
  catchUp(): Promise<void>;
  /**
   * As `catchUp`, for what anybody can ask for as often as he likes: once a second, whoever asks. What is
   * recorded elsewhere is known here a moment later anyway.
   */
  glance(): Promise<void>;
  close(): Promise<void>;
}

export interface KnownUser {
  readonly status: 'ACTIVE' | 'DEACTIVATED' | 'ERASED';
  readonly roles: readonly Role[];
  readonly accounts: readonly AccountId[];
  /** Sessions that follow from logins before this position are over. */
  readonly sessionsAfter: number;
  /** When that was recorded, for tokens that know no position; undefined when none was ended yet. */
  readonly sessionsEndedAt: Instant | undefined;
}

export interface KnownSession {
  readonly userId: UserId;
  readonly how: Authentication;
  /** Of the login that it follows from. */
  readonly loginPosition: number;
  readonly expiresAt: Instant;
}

export interface KnownKey extends ApiKey {
  readonly id: ApiKeyId;
  readonly createdAt: Instant;
}

/** A public key by which access tokens are checked. */
export interface TokenKey {
  readonly publicKey: KeyObject;
  /** The same, 32 bytes in base64url. */
  readonly x: string;
  readonly signsFrom: Instant;
  readonly signsUntil: Instant;
}

// There are the most of these, and none changes who may be let in.
const ofNoConcern = new Set([
  'LoginSucceeded',
  'LoginFailed',
  'SessionRefreshed',
  'ClientTokenIssued',
  'ClientTokenRefused',
]);

const types = [
  ...userEventTypes,
  ...sessionEventTypes,
  ...apiKeyEventTypes,
  ...tokenKeyEventTypes,
].flatMap(({ type }) => (ofNoConcern.has(type) ? [] : [type]));

/** Reads all of it from the log, then follows it. Resolves once it has seen all that is there. */
export async function openIdentityBook(store: EventStore, clock: Clock): Promise<IdentityBook> {
  const users = usersSeen();
  const sessions = sessionsSeen();
  const keys = apiKeysSeen();
  const tokenKeys = tokenKeysSeen();
  const followed = await followLog(store, types, (event) => {
    if (has(userEventTypes, event)) users.apply(event as UserFact);
    else if (has(sessionEventTypes, event)) sessions.apply(event as SessionFact);
    else if (has(apiKeyEventTypes, event)) keys.apply(event as KeyFact);
    else tokenKeys.apply(event as TokenKeyFact);
  });
  let failure: { readonly cause: unknown } | undefined;
  // No log comes so far: it is told only that the log can be followed no further.
  followed.reach(Number.MAX_SAFE_INTEGER).catch((cause: unknown) => {
    failure = { cause };
  });
  const catchUp = async (): Promise<void> => followed.reach((await store.head()).position);
  return {
    user: (id) => users.byId.get(id),
    userNamed: (index) => users.byName.get(index),
    userWith: (identity) => users.byIdentity.get(identityKey(identity)),
    users: () => users.byId,
    session: (id) => {
      const session = sessions.byId.get(id);
      const user = session && users.byId.get(session.userId);
      if (session === undefined || user === undefined) return undefined;
      return session.loginPosition > user.sessionsAfter ? session : undefined;
    },
    apiKey: (id) => keys.byId.get(id),
    apiKeyOf: (secret) => keys.bySecret(secret),
    apiKeys: () => [...keys.byId.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    tokenKeys: () => tokenKeys.trusted,
    isWithdrawn: (key) => tokenKeys.withdrawn.has(key),
    requireCurrent: () => {
      if (failure !== undefined) throw failure.cause;
    },
    reach: followed.reach,
    catchUp,
    glance: onceASecond(catchUp, clock),
    close: followed.close,
  };
}

type UserFact = UserEvent & RecordedEvent;
type SessionFact = SessionEvent & RecordedEvent;
type KeyFact = ApiKeyEvent & RecordedEvent;
type TokenKeyFact = TokenKeyEvent & RecordedEvent;

const second = 1_000_000_000n;

/** Does it for the first who asks, and for nobody else within a second of that; they wait for the same. */
function onceASecond(work: () => Promise<void>, clock: Clock): () => Promise<void> {
  let latest: { readonly at: Instant; readonly done: Promise<void> } | undefined;
  return () => {
    const at = clock();
    const sinceThen = latest === undefined ? second : at - latest.at;
    // Less than nothing when the clock was set back.
    if (latest === undefined || sinceThen < 0n || sinceThen >= second) {
      latest = { at, done: work() };
    }
    return latest.done;
  };
}

function has(known: readonly { readonly type: string }[], { type }: RecordedEvent): boolean {
  return known.some((one) => one.type === type);
}

function identityKey({ issuer, subjectIndex }: ProvidedIdentity): string {
  return `${subjectIndex} ${issuer}`;
}

function usersSeen() {
  const byId = new Map<UserId, KnownUser>();
  const byName = new Map<BlindIndex, UserId>();
  const byIdentity = new Map<string, UserId>();
  const change = (id: UserId, cells: Partial<KnownUser>): void => {
    const user = byId.get(id);
    if (user !== undefined) byId.set(id, { ...user, ...cells });
  };
  const apply = (event: UserFact): void => {
    const { stream, position, recordedAt } = event;
    const id = userOfStream(stream);
    const ended = { sessionsAfter: position, sessionsEndedAt: recordedAt };
    switch (event.type) {
      case 'UserRegistered': {
        const { usernameIndex, roles, accounts, identity } = event.data;
        byId.set(id, {
          status: 'ACTIVE',
          roles,
          accounts,
          sessionsAfter: position,
          sessionsEndedAt: undefined,
        });
        byName.set(usernameIndex, id);
        if (identity !== null) byIdentity.set(identityKey(identity), id);
        return;
      }
      case 'PasswordChanged':
        if (event.data.reason !== 'REHASHED') change(id, ended);
        return;
      case 'RolesChanged':
        change(id, { roles: event.data.roles });
        return;
      case 'AccountsGranted':
        change(id, { accounts: event.data.accounts });
        return;
      case 'IdentityLinked':
        byIdentity.set(identityKey(event.data), id);
        return;
      case 'IdentityUnlinked': {
        const key = identityKey(event.data);
        // Somebody else may be linked to it by now.
        if (byIdentity.get(key) === id) byIdentity.delete(key);
        return;
      }
      case 'SessionsEnded':
        change(id, ended);
        return;
      case 'UserDeactivated':
        change(id, { status: 'DEACTIVATED', ...ended });
        return;
      case 'UserReactivated':
        change(id, { status: 'ACTIVE' });
        return;
      case 'UserErased':
        change(id, { status: 'ERASED', ...ended });
        forget(id, byName);
        forget(id, byIdentity);
        return;
      case 'LoginSucceeded':
      case 'LoginFailed':
        return;
    }
  };
  return { byId, byName: byName as ReadonlyMap<BlindIndex, UserId>, byIdentity, apply };
}

function forget(id: UserId, index: Map<string, UserId>): void {
  for (const [key, user] of index) if (user === id) index.delete(key);
}

// Those that have expired are looked for now and then: they are refused anyway.
const pruneEvery = 10_000;

function sessionsSeen() {
  const byId = new Map<SessionId, KnownSession>();
  let started = 0;
  const prune = (now: Instant): void => {
    for (const [id, { expiresAt }] of byId) if (expiresAt <= now) byId.delete(id);
  };
  const apply = (event: SessionFact): void => {
    const id = sessionOfStream(event.stream);
    switch (event.type) {
      case 'SessionStarted': {
        const { userId, how, loginPosition, expiresAt } = event.data;
        byId.set(id, { userId, how, loginPosition, expiresAt });
        started += 1;
        if (started % pruneEvery === 0) prune(event.recordedAt);
        return;
      }
      case 'RefreshTokenReused':
      case 'SessionEnded':
        byId.delete(id);
        return;
      case 'SessionRefreshed':
        return;
    }
  };
  return { byId, apply };
}

function apiKeysSeen() {
  const byId = new Map<ApiKeyId, KnownKey>();
  const owners = new Map<SecretId, ApiKeyId>();
  const apply = (event: KeyFact): void => {
    const id = apiKeyOfStream(event.stream);
    const before = byId.get(id);
    const after = apiKeyDecider.evolve(before, event);
    if (after === undefined) return;
    byId.set(id, { ...after, id, createdAt: before?.createdAt ?? event.recordedAt });
    for (const secret of after.secrets) owners.set(secret.id, id);
  };
  const bySecret = (secret: SecretId): KnownKey | undefined => {
    const owner = owners.get(secret);
    return owner && byId.get(owner);
  };
  return { byId, bySecret, apply };
}

function tokenKeysSeen() {
  const trusted = new Map<string, TokenKey>();
  const withdrawn = new Set<string>();
  const apply = ({ type, data }: TokenKeyFact): void => {
    const { keyId } = data;
    if (type === 'TokenKeyWithdrawn') {
      withdrawn.add(keyId);
      trusted.delete(keyId);
      return;
    }
    // For ever, whoever publishes it again.
    if (withdrawn.has(keyId)) return;
    const { publicKey: x, signsFrom, signsUntil } = data;
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    trusted.set(keyId, { publicKey, x, signsFrom, signsUntil });
  };
  return { trusted: trusted as ReadonlyMap<string, TokenKey>, withdrawn, apply };
}
