import { hash } from 'node:crypto';
import type { Clock, Instant } from '@counterfoil/event-store';
import { decodeJwt } from 'jose';
import type { Authenticate, Principal } from '../api/principal.ts';
import { Refusal } from '../api/problem.ts';
import type { Authentication, Permission } from '../domain/access/events.ts';
import type { ApiKeyId, SecretId } from '../domain/api-keys/events.ts';
import type { SessionId, UserId } from '../domain/users/events.ts';
import type { ProvidedIdentity } from '../domain/users/user.ts';
import { invalid, type AccessTokens } from './access-tokens.ts';
import type { ApiKeys } from './api-keys.ts';
import type { IdentityBook, KnownKey } from './identity-book.ts';
import type { ProviderTokens } from './provider-tokens.ts';
import { looksLikeKey } from './secrets.ts';

/** Whom a token stands for, as it says itself: whether that still holds is asked with each request. */
type Bearer =
  | ({ readonly kind: 'session'; readonly userId: string; readonly sessionId: SessionId } & Signed)
  | ({ readonly kind: 'service'; readonly keyId: ApiKeyId; readonly secretId: SecretId } & Signed)
  | {
      readonly kind: 'provided';
      readonly identity: ProvidedIdentity;
      readonly issuedAt: Instant;
      readonly permissions: readonly Permission[] | undefined;
    };

interface Signed {
  /** One of ours. */
  readonly tokenKey: string;
}

interface Verified {
  readonly bearer: Bearer;
  readonly expiresAt: Instant;
}

export interface AuthenticatorParts {
  readonly book: IdentityBook;
  readonly tokens: AccessTokens;
  readonly apiKeys: ApiKeys;
  readonly providerTokens: ProviderTokens;
  readonly clock: Clock;
}

const cachedMax = 10_000;

/**
 * Finds out who sent a request, by an access token of ours or of a provider, or by an API key. A token's
 * signature is verified once, and remembered by the token's hash until it expires; the user, the session, the
 * service's key and the key that it is signed with are looked up with every request, so that what is revoked
 * is refused with the next one.
 */
export function createAuthenticator(parts: AuthenticatorParts): Authenticate {
  const { book, tokens, apiKeys, providerTokens, clock } = parts;
  // The order of a Map is that of insertion: the oldest go first.
  const cache = new Map<string, Verified>();

  const remember = (key: string, verified: Verified): void => {
    cache.set(key, verified);
    for (const oldest of cache.keys()) {
      if (cache.size <= cachedMax) return;
      cache.delete(oldest);
    }
  };

  const verify = async (token: string): Promise<Verified> => {
    const provider = providerTokens.forIssuer(issuerOf(token));
    if (provider !== undefined) {
      const { expiresAt, ...provided } = await provider.verify(token);
      return { bearer: { kind: 'provided', ...provided }, expiresAt };
    }
    const { subject, sessionId, keyId: tokenKey, expiresAt } = await tokens.verify(token);
    const bearer: Bearer = subject.startsWith('KEY-')
      ? { kind: 'service', keyId: subject as ApiKeyId, secretId: sessionId as SecretId, tokenKey }
      : { kind: 'session', userId: subject, sessionId: sessionId as SessionId, tokenKey };
    return { bearer, expiresAt };
  };

  const first = async (token: string, key: string): Promise<Principal> => {
    const verified = await verify(token);
    remember(key, verified);
    const principal = principalOf(verified.bearer, book, clock());
    if (principal !== undefined) return principal;
    // It may have begun in another process just now.
    await book.catchUp();
    return principalOf(verified.bearer, book, clock()) ?? refuse();
  };

  return ({ authorization }) => {
    book.requireCurrent();
    const token = bearerTokenOf(authorization);
    if (looksLikeKey(token)) return servicePrincipal(apiKeys.identify(token).key, 'API_KEY');
    const key = hash('sha256', token, 'base64');
    const verified = cache.get(key);
    if (verified === undefined) return first(token, key);
    if (clock() < verified.expiresAt) {
      return principalOf(verified.bearer, book, clock()) ?? refuse();
    }
    cache.delete(key);
    throw new Refusal('TOKEN_EXPIRED', 'The token has expired.');
  };
}

function refuse(): never {
  throw invalid('It was ended, or whoever it was made for is no user here.');
}

// RFC 6750, section 2.1: the scheme's name has no case.
const bearerPattern = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

function bearerTokenOf(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new Refusal('UNAUTHENTICATED', 'The request has no Authorization header.');
  }
  const [, token] = bearerPattern.exec(authorization) ?? [];
  if (token === undefined)
    throw invalid('The header has to be "Authorization: Bearer" and a token.');
  return token;
}

/** As the token says, unverified: it only tells whose keys it has to be verified with. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw invalid('It is no JWT.');
  }
}

/** Undefined when it holds no longer. */
function principalOf(bearer: Bearer, book: IdentityBook, now: Instant): Principal | undefined {
  if (bearer.kind !== 'provided' && book.isWithdrawn(bearer.tokenKey)) return undefined;
  switch (bearer.kind) {
    case 'session': {
      const { userId, sessionId } = bearer;
      const session = book.session(sessionId);
      if (session === undefined || session.userId !== userId || session.expiresAt <= now) {
        return undefined;
      }
      return userPrincipal(session.userId, book, session.how, sessionId);
    }
    case 'service': {
      const key = book.apiKey(bearer.keyId);
      const secret = key?.secrets.find(({ id }) => id === bearer.secretId);
      const isLive = secret !== undefined && (secret.expiresAt === null || now < secret.expiresAt);
      return key === undefined || key.isRevoked || !isLive
        ? undefined
        : servicePrincipal(key, 'CLIENT_CREDENTIALS');
    }
    case 'provided': {
      const { identity, issuedAt, permissions } = bearer;
      const userId = book.userWith(identity);
      const endedAt = userId && book.user(userId)?.sessionsEndedAt;
      // It says in seconds when it was made: of the one second in question nobody knows which came first.
      if (userId === undefined || (endedAt !== undefined && issuedAt <= endedAt)) return undefined;
      const principal = userPrincipal(userId, book, 'OIDC', undefined);
      return principal && { ...principal, permissions };
    }
  }
}

function userPrincipal(
  id: UserId,
  book: IdentityBook,
  how: Authentication,
  sessionId: SessionId | undefined,
): Principal | undefined {
  const user = book.user(id);
  if (user?.status !== 'ACTIVE') return undefined;
  const { roles, accounts } = user;
  return { id, how, roles, accounts, permissions: undefined, sessionId };
}

/**
 * A key that is kept to accounts may do with them what an investor may with his own: the rules know no other
 * way to keep somebody to accounts.
 */
function servicePrincipal(key: KnownKey, how: Authentication): Principal {
  const { id, permissions, accounts } = key;
  const roles = accounts.length === 0 ? (['SERVICE'] as const) : (['INVESTOR'] as const);
  return { id, how, roles, accounts, permissions, sessionId: undefined };
}
