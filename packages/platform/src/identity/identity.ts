import type { Clock, EventStore } from '@counterfoil/event-store';
import type { Authenticate } from '../api/principal.ts';
import type { IdentityProvider } from '../config.ts';
import type { Retention } from '../retention/retention.ts';
import type { Vault } from '../vault/vault.ts';
import { createAccessTokens, type AccessTokens } from './access-tokens.ts';
import { createApiKeys, type ApiKeys } from './api-keys.ts';
import { createAuthenticator } from './authenticator.ts';
import { createClientTokens, type ClientTokens } from './client-tokens.ts';
import { openIdentityBook, type IdentityBook } from './identity-book.ts';
import { createLoginCookies } from './login-cookies.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createLogins, type Logins } from './logins.ts';
import { createPasswords, type HashParameters } from './passwords.ts';
import { createProviderLogins, type ProviderLogins } from './provider-logins.ts';
import { createProviderTokens } from './provider-tokens.ts';
import { createProviders } from './providers.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { openTokenKeys, type TokenKeys } from './token-keys.ts';
import { createUsers, type Users } from './users.ts';

/** Who may come in, and by what: users, their logins, services. */
export interface Identity {
  readonly authenticate: Authenticate;
  readonly users: Users;
  readonly logins: Logins;
  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly clientTokens: ClientTokens;
  readonly providerLogins: ProviderLogins;
  readonly tokens: AccessTokens;
  readonly tokenKeys: TokenKeys;
  readonly book: IdentityBook;
  close(): Promise<void>;
}

export interface IdentityParts {
  readonly store: EventStore;
  readonly vault: Pick<Vault, 'hold' | 'open' | 'blindIndex'>;
  readonly clock: Clock;
  /** Where private keys are kept; undefined for nowhere but in memory. */
  readonly keysDirectory: string | undefined;
  /** The `iss` of our tokens. */
  readonly tokenIssuer: string;
  /** Of this program, as browsers know it. */
  readonly publicUrl: string;
  readonly identityProviders: readonly IdentityProvider[];
  /** Of API keys for which nothing else is said. */
  readonly apiKeyDays: number;
  readonly retention: Pick<Retention, 'erasureFault' | 'completeErasure'>;
  /** Told of what went wrong and holds nobody up. */
  readonly onFailure: (failure: unknown) => void;
  /** For tests, which hash often. */
  readonly hashParameters?: HashParameters | undefined;
}

/** Rejects with a TokenKeysUnsafe, a KeysUnavailable or a StorageFailure. */
export async function openIdentity(parts: IdentityParts): Promise<Identity> {
  const { store, vault, clock, keysDirectory: directory, onFailure } = parts;
  const { tokenIssuer: issuer, publicUrl, retention } = parts;
  const book = await openIdentityBook(store, clock);
  try {
    const keys = await openTokenKeys({ directory, store, book, clock });
    const passwords = await createPasswords(parts.hashParameters);
    const tokens = createAccessTokens({ issuer, keys, book, clock });
    const users = createUsers({ store, book, vault, passwords, retention });
    const sessions = createSessions({ store, book, tokens, clock });
    const throttle = createLoginThrottle(clock);
    const logins = createLogins({
      store,
      book,
      vault,
      users,
      sessions,
      passwords,
      throttle,
      clock,
    });
    const { apiKeyDays: lifetimeDays } = parts;
    const apiKeys = createApiKeys({ store, book, clock, lifetimeDays, onFailure });
    const clientTokens = createClientTokens({ store, vault, apiKeys, tokens, logins, clock });
    const providers = createProviders(parts.identityProviders);
    const providerTokens = createProviderTokens({ providers, users, clock });
    const cookies = createLoginCookies({ issuer, keys, book, clock });
    const providerLogins = createProviderLogins({
      providers,
      cookies,
      users,
      logins,
      sessions,
      book,
      clock,
      publicUrl,
    });
    return {
      authenticate: createAuthenticator({ book, tokens, apiKeys, providerTokens, clock }),
      users,
      logins,
      sessions,
      apiKeys,
      clientTokens,
      providerLogins,
      tokens,
      tokenKeys: keys,
      book,
      close: async () => {
        await apiKeys.close();
        await book.close();
      },
    };
  } catch (cause) {
    await book.close();
    throw cause;
  }
}
