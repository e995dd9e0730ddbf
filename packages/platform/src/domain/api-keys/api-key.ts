import {
  accept,
  refuse,
  type Aggregate,
  type Decision,
  type Instant,
} from '@counterfoil/event-store';
import type { Permission } from '../access/events.ts';
import type { AccountId } from '../accounts/events.ts';
import type { BlindIndex, SecretHash } from '../users/events.ts';
import type { ApiKeyEvent, SecretId } from './events.ts';

/** A service's key as it is, undefined before it was made. */
export type ApiKeyState = ApiKey | undefined;

export interface ApiKey {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly accounts: readonly AccountId[];
  /** The newest last; never more than two. */
  readonly secrets: readonly KeySecret[];
  readonly isRevoked: boolean;
  readonly lastUsedAt: Instant | undefined;
}

export interface KeySecret {
  readonly id: SecretId;
  readonly hash: SecretHash;
  /** Null for ever. */
  readonly expiresAt: Instant | null;
}

interface NewSecret {
  readonly secretId: SecretId;
  readonly secretHash: SecretHash;
  readonly expiresAt: Instant | null;
}

export type ApiKeyCommand =
  | ({
      readonly type: 'CreateApiKey';
      readonly name: string;
      readonly permissions: readonly Permission[];
      readonly accounts: readonly AccountId[];
    } & NewSecret)
  | ({ readonly type: 'RotateApiKey'; readonly previousUntil: Instant } & NewSecret)
  | { readonly type: 'RevokeApiKey'; readonly reason: string }
  | { readonly type: 'NoteUse'; readonly secretId: SecretId; readonly at: Instant }
  | {
      readonly type: 'TryToken';
      /** The one that was shown, as it was read from the log before; undefined for a wrong one. */
      readonly secretId: SecretId | undefined;
      readonly addressIndex: BlindIndex;
      readonly at: Instant;
    };

export type ApiKeyRejection =
  | { readonly code: 'API_KEY_UNKNOWN' }
  | { readonly code: 'API_KEY_REVOKED' }
  | { readonly code: 'CLIENT_INVALID' };

type Decided = Decision<ApiKeyEvent, ApiKeyRejection>;

export const apiKeyDecider: Aggregate<ApiKeyCommand, ApiKeyState, ApiKeyEvent, ApiKeyRejection> = {
  initial: undefined,
  decide,
  evolve,
};

const noteEvery = 3_600_000_000_000n;

/** Whether a secret opens anything at a moment. */
export function isLive({ expiresAt }: KeySecret, at: Instant): boolean {
  return expiresAt === null || at < expiresAt;
}

function decide(command: ApiKeyCommand, key: ApiKeyState): Decided {
  if (command.type === 'CreateApiKey') {
    const { type: _, ...data } = command;
    if (key !== undefined) throw new Error('a key was made twice: ids are made to differ');
    return accept({ type: 'ApiKeyCreated', data });
  }
  if (key === undefined) return refuse({ code: 'API_KEY_UNKNOWN' });
  switch (command.type) {
    case 'RotateApiKey': {
      const { type: _, ...data } = command;
      return key.isRevoked
        ? refuse({ code: 'API_KEY_REVOKED' })
        : accept({ type: 'ApiKeyRotated', data });
    }
    case 'RevokeApiKey':
      return key.isRevoked
        ? accept()
        : accept({ type: 'ApiKeyRevoked', data: { reason: command.reason } });
    case 'NoteUse': {
      const { secretId, at } = command;
      const isRecent = key.lastUsedAt !== undefined && at - key.lastUsedAt < noteEvery;
      return isRecent ? accept() : accept({ type: 'ApiKeyUsed', data: { secretId, at } });
    }
    case 'TryToken': {
      const { secretId, addressIndex, at } = command;
      const secret = key.secrets.find(({ id }) => id === secretId);
      return secret === undefined || key.isRevoked || !isLive(secret, at)
        ? refuse(
            { code: 'CLIENT_INVALID' },
            { type: 'ClientTokenRefused', data: { addressIndex, at } },
          )
        : accept({
            type: 'ClientTokenIssued',
            data: { secretId: secret.id, addressIndex, at },
          });
    }
  }
}

function evolve(key: ApiKeyState, event: ApiKeyEvent): ApiKeyState {
  if (event.type === 'ApiKeyCreated') {
    const { name, permissions, accounts, ...secret } = event.data;
    return {
      name,
      permissions,
      accounts,
      secrets: [secretOf(secret)],
      isRevoked: false,
      lastUsedAt: undefined,
    };
  }
  return key && changed(key, event);
}

function changed(
  key: ApiKey,
  event: Exclude<ApiKeyEvent, { readonly type: 'ApiKeyCreated' }>,
): ApiKey {
  switch (event.type) {
    case 'ApiKeyRotated': {
      const { previousUntil, ...secret } = event.data;
      const before = key.secrets
        .slice(-1)
        .map((one) => ({ ...one, expiresAt: earlier(one.expiresAt, previousUntil) }));
      return { ...key, secrets: [...before, secretOf(secret)] };
    }
    case 'ApiKeyRevoked':
      return { ...key, isRevoked: true };
    case 'ApiKeyUsed':
      return { ...key, lastUsedAt: event.data.at };
    case 'ClientTokenIssued':
    case 'ClientTokenRefused':
      return key;
  }
}

function secretOf({ secretId, secretHash, expiresAt }: NewSecret): KeySecret {
  return { id: secretId, hash: secretHash, expiresAt };
}

/** Rotating lets no secret live longer than it would have. */
function earlier(expiresAt: Instant | null, until: Instant): Instant {
  return expiresAt !== null && expiresAt < until ? expiresAt : until;
}
