import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { allowInsecureRequests, discovery, type Configuration } from 'openid-client';
import { Refusal } from '../api/problem.ts';
import type { IdentityProvider } from '../config.ts';

/** Identity providers (OpenID Connect), each asked for its metadata when it is first needed. */
export interface Providers {
  named(name: string): Provider | undefined;
  ofIssuer(issuer: string): Provider | undefined;
}

export interface Provider {
  readonly settings: IdentityProvider;
  /** Rejects with a Refusal (PROVIDER_UNAVAILABLE). */
  configuration(): Promise<Configuration>;
  /**
   * The keys that it signs with, fetched again when there is a new one. Both this and what it resolves to reject
   * with a Refusal (PROVIDER_UNAVAILABLE).
   */
  keys(): Promise<JWTVerifyGetKey>;
}

const answerSecondsMax = 10;

export function createProviders(settings: readonly IdentityProvider[]): Providers {
  const providers = settings.map(createProvider);
  return {
    named: (name) => providers.find(({ settings: { name: one } }) => one === name),
    ofIssuer: (issuer) => providers.find(({ settings: { issuer: one } }) => one === issuer),
  };
}

function createProvider(settings: IdentityProvider): Provider {
  const { issuer, clientId, clientSecret } = settings;
  const isPlain = issuer.startsWith('http:');
  const discover = once(async () => {
    const options = { timeout: answerSecondsMax, execute: isPlain ? [allowInsecureRequests] : [] };
    try {
      return await discovery(new URL(issuer), clientId, clientSecret, undefined, options);
    } catch (cause) {
      throw unavailable(settings, cause);
    }
  });
  const keys = once(async () => {
    const { jwks_uri: url } = (await discover()).serverMetadata();
    if (url === undefined) throw unavailable(settings, 'it names no keys');
    return sayingWhose(
      settings,
      createRemoteJWKSet(new URL(url), { timeoutDuration: answerSecondsMax * 1_000 }),
    );
  });
  return { settings, configuration: discover, keys };
}

/** Tells a token that names no key of the provider from a provider that does not tell its keys. */
function sayingWhose(settings: IdentityProvider, keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      const isTheTokens =
        cause instanceof errors.JWKSNoMatchingKey ||
        cause instanceof errors.JWKSMultipleMatchingKeys ||
        cause instanceof errors.JOSENotSupported;
      throw isTheTokens ? cause : unavailable(settings, cause);
    }
  };
}

/** What succeeded is kept; what failed is tried again. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let under: Promise<Result> | undefined;
  return () => {
    under ??= work().catch((cause: unknown) => {
      under = undefined;
      throw cause;
    });
    return under;
  };
}

export function unavailable({ name }: IdentityProvider, cause: unknown): Refusal {
  const refusal = new Refusal('PROVIDER_UNAVAILABLE', `The provider "${name}" gives no answer.`);
  refusal.cause = cause;
  return refusal;
}
