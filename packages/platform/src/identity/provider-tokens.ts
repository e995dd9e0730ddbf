import type { Clock, Instant } from '@counterfoil/event-store';
import { jwtVerify, type JWTPayload } from 'jose';
import type { IdentityProvider } from '../config.ts';
import { permissions as allPermissions, type Permission } from '../domain/access/events.ts';
import type { ProvidedIdentity } from '../domain/users/user.ts';
import { dateOf, instantOfSeconds, invalid, verified } from './access-tokens.ts';
import type { Provider, Providers } from './providers.ts';
import type { Users } from './users.ts';

/** Access tokens that providers have issued for us, of users who are linked to one of ours. */
export interface ProviderTokens {
  /** Undefined for an issuer that is no provider, or whose access tokens are not taken. */
  forIssuer(issuer: string | undefined): ProviderTokenCheck | undefined;
}

export interface ProviderTokenCheck {
  /** Rejects with a Refusal: TOKEN_INVALID, TOKEN_EXPIRED or PROVIDER_UNAVAILABLE. */
  verify(token: string): Promise<ProvidedToken>;
}

export interface ProvidedToken {
  /** Who is linked to it changes: it has to be looked up with each request. */
  readonly identity: ProvidedIdentity;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  /** What its scopes leave of what the user may do; undefined for all of it. */
  readonly permissions: readonly Permission[] | undefined;
}

/** Asymmetric all of them: a public key must never do for a secret. */
const algorithms = ['EdDSA', 'ES256', 'ES384', 'PS256', 'RS256'];

const skewSeconds = 5;

export interface ProviderTokenParts {
  readonly providers: Providers;
  readonly users: Pick<Users, 'identityOf'>;
  readonly clock: Clock;
}

export function createProviderTokens({
  providers,
  users,
  clock,
}: ProviderTokenParts): ProviderTokens {
  const check = ({ settings, keys }: Provider, audience: string): ProviderTokenCheck => ({
    verify: async (token) => {
      const { issuer, tokenMinutesMax } = settings;
      const { payload } = await verified(
        jwtVerify(token, await keys(), {
          algorithms,
          issuer,
          audience,
          typ: 'at+jwt',
          requiredClaims: ['sub', 'iat', 'exp'],
          // It also refuses what was issued in a time to come.
          maxTokenAge: tokenMinutesMax * 60,
          clockTolerance: skewSeconds,
          currentDate: dateOf(clock()),
        }),
      );
      const { sub = '', iat = 0, exp = 0 } = payload;
      if (exp - iat > tokenMinutesMax * 60)
        throw invalid('It is good for longer than is taken here.');
      requireClient(payload, settings);
      return {
        identity: await users.identityOf(issuer, sub),
        issuedAt: instantOfSeconds(iat),
        expiresAt: instantOfSeconds(exp),
        permissions: permissionsFrom(payload, settings),
      };
    },
  });

  return {
    forIssuer: (issuer) => {
      const provider = issuer === undefined ? undefined : providers.ofIssuer(issuer);
      const audience = provider?.settings.audience;
      return provider === undefined || audience === undefined
        ? undefined
        : check(provider, audience);
    },
  };
}

/** By the name of RFC 9068 or of OpenID Connect; where both are given, both count. */
function requireClient({ client_id, azp }: JWTPayload, { clients }: IdentityProvider): void {
  const named = [client_id, azp].filter((client) => client !== undefined);
  const isKnown = named.every((client) => clients.some((one) => one === client));
  if (named.length === 0 || !isKnown) throw invalid('It was given to a client that is none here.');
}

/**
 * What the scopes of a token say. Where the settings say what scopes mean, a token may do that and nothing else;
 * else scopes named `counterfoil:read` and the like narrow it, and others say nothing to us.
 */
function permissionsFrom(
  { scope }: JWTPayload,
  { scopes }: IdentityProvider,
): readonly Permission[] | undefined {
  const named = (typeof scope === 'string' ? scope : '').split(' ');
  const given = new Set(named.flatMap((name) => meaningOf(name, scopes)));
  if (scopes === undefined && given.size === 0) return undefined;
  return allPermissions.filter((permission) => given.has(permission));
}

function meaningOf(name: string, scopes: IdentityProvider['scopes']): readonly Permission[] {
  if (scopes !== undefined) return Object.hasOwn(scopes, name) ? (scopes[name] ?? []) : [];
  return allPermissions.filter((permission) => name === `counterfoil:${permission.toLowerCase()}`);
}
