import { formatInstant, type Cause, type Clock, type EventStore } from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import type { ApiKeyId } from '../domain/api-keys/events.ts';
import { unknownLoginsStream, type BlindIndex } from '../domain/users/events.ts';
import type { Vault } from '../vault/vault.ts';
import type { AccessTokens, IssuedToken } from './access-tokens.ts';
import type { ApiKeys, IdentifiedKey } from './api-keys.ts';
import type { Logins } from './logins.ts';
import type { RequestCause } from './sessions.ts';

/** Access tokens for services that show their API key: OAuth 2.0 client credentials. */
export interface ClientTokens {
  /**
   * Each try is an event, as logins are: durable when the promise settles. Rejects with a Refusal
   * (CLIENT_INVALID), whatever was wrong.
   */
  issue(attempt: ClientAttempt, cause: RequestCause): Promise<IssuedToken>;
}

export interface ClientAttempt {
  readonly clientId: string;
  readonly clientSecret: string;
  /** From which it came. */
  readonly address: string;
}

export interface ClientTokenParts {
  readonly store: EventStore;
  readonly vault: Pick<Vault, 'blindIndex'>;
  readonly apiKeys: Pick<ApiKeys, 'identify' | 'tryToken'>;
  readonly tokens: AccessTokens;
  readonly logins: Pick<Logins, 'addressIndex'>;
  readonly clock: Clock;
}

export function createClientTokens(parts: ClientTokenParts): ClientTokens {
  const { store, vault, apiKeys, tokens, logins, clock } = parts;

  /** There is no stream of a key to record it in. */
  const recordUnknown = async (
    clientId: string,
    addressIndex: BlindIndex,
    cause: Cause,
  ): Promise<void> => {
    const at = clock();
    const clientIndex = (await vault.blindIndex(`client ${clientId}`)) as BlindIndex;
    const data = { clientIndex, addressIndex, at };
    await store.append({
      appends: [
        {
          stream: unknownLoginsStream(formatInstant(at).slice(0, 10)),
          expected: 'any',
          events: [{ type: 'UnknownClientFailed', data }],
        },
      ],
      cause,
    });
  };

  return {
    issue: async ({ clientId, clientSecret, address }, requestCause) => {
      const addressIndex = await logins.addressIndex(address);
      const identified = identifiedBy(apiKeys, clientId, clientSecret);
      const secretId = identified?.secretId;
      const cause = { ...requestCause, userId: identified === undefined ? '' : clientId };
      const result = isKeyId(clientId)
        ? await apiKeys.tryToken(clientId, { secretId, addressIndex, at: clock() }, cause)
        : undefined;
      if (identified !== undefined && result?.kind === 'accepted') {
        return tokenFor(identified, tokens);
      }
      const isRecorded = result?.kind === 'rejected' && result.rejection.code === 'CLIENT_INVALID';
      if (!isRecorded) await recordUnknown(clientId, addressIndex, cause);
      throw new Refusal('CLIENT_INVALID', 'There is no such client with that secret.');
    },
  };
}

function tokenFor({ key, secretId }: IdentifiedKey, tokens: AccessTokens): Promise<IssuedToken> {
  return tokens.issue({
    subject: key.id,
    sessionId: secretId,
    clientId: key.id,
    roles: ['SERVICE'],
    scope: key.permissions.join(' '),
  });
}

/** Undefined when the secret is none that is good now, or another client's. */
function identifiedBy(
  apiKeys: Pick<ApiKeys, 'identify'>,
  clientId: string,
  clientSecret: string,
): IdentifiedKey | undefined {
  try {
    const identified = apiKeys.identify(clientSecret);
    return identified.key.id === clientId ? identified : undefined;
  } catch (failure) {
    if (failure instanceof Refusal) return undefined;
    throw failure;
  }
}

function isKeyId(text: string): text is ApiKeyId {
  return /^KEY-[0-9A-Z]{18}$/.test(text);
}
