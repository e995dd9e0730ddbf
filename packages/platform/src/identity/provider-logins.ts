import type { Clock } from '@counterfoil/event-store';
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  type IDToken,
} from 'openid-client';
import { Refusal } from '../api/problem.ts';
import type { IdentityProvider } from '../config.ts';
import { roles as allRoles, type Role } from '../domain/access/events.ts';
import type { UserId } from '../domain/users/events.ts';
import type { ProvidedIdentity } from '../domain/users/user.ts';
import type { IdentityBook } from './identity-book.ts';
import type { LoginCookies, PendingLogin } from './login-cookies.ts';
import type { Logins } from './logins.ts';
import { unavailable, type Provider, type Providers } from './providers.ts';
import { newUserId } from './random-ids.ts';
import type { RequestCause, Sessions, Tokens } from './sessions.ts';
import type { Users } from './users.ts';

/** Logging in by way of a provider: OpenID Connect, authorization code with PKCE. */
export interface ProviderLogins {
  /** Where to send the user, and what his browser has to bring back as a cookie. */
  start(provider: string): Promise<{ readonly url: string; readonly cookie: string }>;
  /**
   * Takes the user back. Rejects with a Refusal: PROVIDER_LOGIN_FAILED or PROVIDER_UNAVAILABLE.
   * `query` begins with a question mark.
   */
  finish(back: ComingBack, cause: RequestCause): Promise<Tokens>;
}

export interface ComingBack {
  readonly query: string;
  readonly cookie: string;
  readonly address: string;
}

export interface ProviderLoginParts {
  readonly providers: Providers;
  readonly cookies: LoginCookies;
  readonly users: Users;
  readonly logins: Pick<Logins, 'addressIndex'>;
  readonly sessions: Sessions;
  readonly book: IdentityBook;
  readonly clock: Clock;
  /** Of this program, as browsers know it. */
  readonly publicUrl: string;
}

const callbackPath = '/api/auth/oidc/callback';

export function createProviderLogins(parts: ProviderLoginParts): ProviderLogins {
  const { providers, cookies, users, logins, sessions, book, clock, publicUrl } = parts;
  const callback = new URL(callbackPath, publicUrl).href;

  const named = (name: string): Provider => {
    const provider = providers.named(name);
    if (provider !== undefined) return provider;
    throw new Refusal('PROVIDER_UNKNOWN', `There is no provider "${name.slice(0, 60)}".`);
  };

  /** The user that the provider's user is, made now if the settings allow it. */
  const userOf = async (
    settings: IdentityProvider,
    claims: IDToken,
    cause: RequestCause,
  ): Promise<UserId> => {
    const identity = await users.identityOf(settings.issuer, claims.sub);
    const known = book.userWith(identity);
    if (known !== undefined) return known;
    const roles = rolesFrom(settings, claims);
    if (roles.length === 0) throw failed('Whom the provider vouches for is no user here.');
    return provision(users, settings, claims, { roles, identity, cause });
  };

  return {
    start: async (name) => {
      const provider = named(name);
      const configuration = await provider.configuration();
      const pending: PendingLogin = {
        provider: name,
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
      };
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: callback,
        scope: provider.settings.scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, cookie: await cookies.write(pending) };
    },
    finish: async ({ query, cookie, address }, cause) => {
      const pending = await cookies.read(cookie);
      const provider = named(pending.provider);
      const claims = await claimsFrom(provider, pending, new URL(`${callback}${query}`));
      const userId = await userOf(provider.settings, claims, cause);
      const result = await users.handle(
        userId,
        {
          type: 'TryLogin',
          how: 'OIDC',
          isRight: true,
          passwords: 0,
          addressIndex: await logins.addressIndex(address),
          at: clock(),
        },
        { cause: { ...cause, userId } },
      );
      if (result.kind !== 'accepted' || result.position === undefined) {
        throw failed('Whom the provider vouches for may not log in here.');
      }
      return sessions.start({ userId, how: 'OIDC', position: result.position }, cause);
    },
  };
}

/** Hands the code in; state, nonce, issuer, audience and signature of what comes back are checked on the way. */
async function claimsFrom(
  provider: Provider,
  { state, nonce, verifier }: PendingLogin,
  url: URL,
): Promise<IDToken> {
  const configuration = await provider.configuration();
  try {
    const answer = await authorizationCodeGrant(configuration, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const claims = answer.claims();
    if (claims === undefined) throw failed('The provider does not say who it is.');
    return claims;
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const isRefused =
      cause instanceof AuthorizationResponseError ||
      cause instanceof ResponseBodyError ||
      cause instanceof ClientError;
    throw isRefused
      ? failed('The provider did not vouch for anybody.')
      : unavailable(provider.settings, cause);
  }
}

function failed(happened: string): Refusal {
  return new Refusal('PROVIDER_LOGIN_FAILED', happened);
}

/** What the settings make of a claim of the provider; nothing when nobody is to be taken in so. */
function rolesFrom({ provision: terms }: IdentityProvider, claims: IDToken): readonly Role[] {
  if (terms === undefined) return [];
  const said = [claims[terms.claim]].flat().map(String);
  const named = new Set(said.flatMap((value) => terms.roles[value] ?? []));
  return allRoles.filter((role) => named.has(role));
}

async function provision(
  users: Users,
  { name: provider }: IdentityProvider,
  claims: IDToken,
  known: {
    readonly roles: readonly Role[];
    readonly identity: ProvidedIdentity;
    readonly cause: RequestCause;
  },
): Promise<UserId> {
  const id = newUserId();
  const { cause, roles, identity } = known;
  // The provider and its name for the user: never the name that it says, which somebody here may have.
  const username = `${provider}-${identity.subjectIndex.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 16)}`;
  const { name: displayName, email } = claims;
  const user = {
    username,
    displayName: typeof displayName === 'string' ? displayName.slice(0, 200) : username,
    email: typeof email === 'string' ? email.slice(0, 254) : undefined,
    password: undefined,
    roles,
    accounts: [],
    identity,
  };
  try {
    const result = await users.register(id, user, { cause: { ...cause, userId: id } });
    if (result.kind === 'accepted') return id;
  } catch (failure) {
    // The name is given once: whoever was erased here, or unlinked, is not taken in anew.
    if (!(failure instanceof Refusal && failure.code === 'USERNAME_TAKEN')) throw failure;
  }
  throw failed('The user could not be taken in.');
}
