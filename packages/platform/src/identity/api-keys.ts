import {
  createCommandHandler,
  type Cause,
  type Clock,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type Instant,
} from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import type { Permission } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import {
  apiKeyDecider,
  isLive,
  type ApiKeyCommand,
  type ApiKeyRejection,
} from '../domain/api-keys/api-key.ts';
import { apiKeyStream, type ApiKeyId, type SecretId } from '../domain/api-keys/events.ts';
import type { IdentityBook, KnownKey } from './identity-book.ts';
import { newKeyText, readKeyText, sameHash } from './secrets.ts';

type Options = HandleOptions<ApiKeyRejection>;

export interface NewApiKey {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly accounts: readonly AccountId[];
  /** Undefined for what the settings say. */
  readonly lifetimeDays: number | undefined;
}

/** With the secret, which is nowhere else and can't be shown again. */
export interface SecretShown {
  readonly result: CommandResult<ApiKeyRejection>;
  readonly secret: string;
}

/** The keys of services. Results are durable, and known to the book, when their promises resolve. */
export interface ApiKeys {
  create(id: ApiKeyId, key: NewApiKey, options: Options): Promise<SecretShown>;
  rotate(
    id: ApiKeyId,
    terms: { readonly overlapHours: number; readonly lifetimeDays: number | undefined },
    options: Options,
  ): Promise<SecretShown>;
  revoke(id: ApiKeyId, reason: string, options: Options): Promise<CommandResult<ApiKeyRejection>>;
  /** Whose key a text is; throws a Refusal (TOKEN_INVALID, TOKEN_EXPIRED). Notes now and then that it is used. */
  identify(text: string): IdentifiedKey;
  /** Records that a token was asked for with a secret of it, or a wrong one; refused if it is no good now. */
  tryToken(
    id: ApiKeyId,
    attempt: TokenAttempt,
    cause: Cause,
  ): Promise<CommandResult<ApiKeyRejection>>;
  /** Waits for the notes on their way. */
  close(): Promise<void>;
}

export type TokenAttempt = Omit<Extract<ApiKeyCommand, { readonly type: 'TryToken' }>, 'type'>;

export interface IdentifiedKey {
  readonly key: KnownKey;
  readonly secretId: SecretId;
}

export interface ApiKeyParts {
  readonly store: EventStore;
  readonly book: IdentityBook;
  readonly clock: Clock;
  /** Of secrets for which nothing else is said, in days. */
  readonly lifetimeDays: number;
  /** Told when a use could not be noted. */
  readonly onFailure: (failure: unknown) => void;
}

export function createApiKeys(parts: ApiKeyParts): ApiKeys {
  const { store, book, clock, onFailure } = parts;
  const keys = createCommandHandler(store, apiKeyDecider);
  const noting = new Map<ApiKeyId, Promise<void>>();

  const handle = async (id: ApiKeyId, command: ApiKeyCommand, options: Options) => {
    const result = await keys.handle(apiKeyStream(id), command, options);
    if (result.kind === 'accepted') await book.reach(result.position ?? 0);
    return result;
  };

  const withSecret = async (
    lifetimeDays: number | undefined,
    work: (secret: NewSecret) => Promise<CommandResult<ApiKeyRejection>>,
  ): Promise<SecretShown> => {
    const { secretId, hash: secretHash, text: secret } = newKeyText();
    const expiresAt = later(clock(), (lifetimeDays ?? parts.lifetimeDays) * 24);
    return { result: await work({ secretId, secretHash, expiresAt }), secret };
  };

  /** At most one note on its way for each key, and one an hour in the log. */
  const noteUse = ({ id, lastUsedAt }: KnownKey, secretId: SecretId): void => {
    const at = clock();
    if (noting.has(id) || (lastUsedAt !== undefined && at - lastUsedAt < hour)) return;
    const note = async (): Promise<void> => {
      try {
        await handle(id, { type: 'NoteUse', secretId, at }, { cause: { userId: id } });
      } catch (failure) {
        onFailure(failure);
      } finally {
        noting.delete(id);
      }
    };
    noting.set(id, note());
  };

  const identify = (text: string): IdentifiedKey => {
    const read = readKeyText(text);
    if (read === undefined) throw wrong();
    const key = book.apiKeyOf(read.secretId);
    const secret = key?.secrets.find(({ id }) => id === read.secretId);
    if (key === undefined || secret === undefined || !sameHash(secret.hash, read.hash)) {
      throw wrong();
    }
    if (key.isRevoked) throw wrong();
    if (!isLive(secret, clock())) throw new Refusal('TOKEN_EXPIRED', 'The API key has expired.');
    noteUse(key, read.secretId);
    return { key, secretId: read.secretId };
  };

  return {
    create: (id, { name, permissions, accounts, lifetimeDays }, options) =>
      withSecret(lifetimeDays, (secret) =>
        handle(id, { type: 'CreateApiKey', name, permissions, accounts, ...secret }, options),
      ),
    rotate: (id, { overlapHours, lifetimeDays }, options) =>
      withSecret(lifetimeDays, (secret) => {
        const previousUntil = later(clock(), overlapHours);
        return handle(id, { type: 'RotateApiKey', previousUntil, ...secret }, options);
      }),
    revoke: (id, reason, options) => handle(id, { type: 'RevokeApiKey', reason }, options),
    identify,
    tryToken: (id, attempt, cause) => handle(id, { type: 'TryToken', ...attempt }, { cause }),
    close: async () => {
      await Promise.all(noting.values());
    },
  };
}

interface NewSecret {
  readonly secretId: SecretId;
  readonly secretHash: ReturnType<typeof newKeyText>['hash'];
  readonly expiresAt: Instant;
}

const hour = 3_600_000_000_000n;

function later(now: Instant, hours: number): Instant {
  return (now + BigInt(hours) * hour) as Instant;
}

function wrong(): Refusal {
  return new Refusal('TOKEN_INVALID', 'The API key is none that is taken here.');
}
