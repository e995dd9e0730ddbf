import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
} from '@counterfoil/event-store';
import { permissions } from '../access/events.ts';
import type { AccountId } from '../accounts/events.ts';
import type { BlindIndex, SecretHash } from '../users/events.ts';

/** Names a service that comes with an API key: `KEY-` and 18 signs. It stays when its secret is changed. */
export type ApiKeyId = Branded<string, 'ApiKeyId'>;

/** Names one secret of a key: 8 signs, which are part of the secret's text. */
export type SecretId = Branded<string, 'SecretId'>;

const secret = {
  secretId: field.text<SecretId>(),
  secretHash: field.text<SecretHash>(),
  /** Null for ever. */
  expiresAt: field.nullable(field.instant()),
};

const ApiKeyCreated = eventType('ApiKeyCreated', {
  /** Of the service, as people call it. */
  name: field.text(),
  /** What it leaves of what services may do. */
  permissions: field.list(field.oneOf('Permission', permissions)),
  /** Those that it is kept to; all when it is empty. */
  accounts: field.list(field.text<AccountId>()),
  ...secret,
});

/** Another secret takes the place of the one before, which lives on for a while. */
const ApiKeyRotated = eventType('ApiKeyRotated', {
  ...secret,
  previousUntil: field.instant(),
});

const ApiKeyRevoked = eventType('ApiKeyRevoked', { reason: field.text() });

/** It was used, and had not been for an hour. */
const ApiKeyUsed = eventType('ApiKeyUsed', {
  secretId: field.text<SecretId>(),
  at: field.instant(),
});

const attempt = {
  /** Of the address that it came from. */
  addressIndex: field.text<BlindIndex>(),
  at: field.instant(),
};

/** The service has shown its secret and got an access token for it. */
const ClientTokenIssued = eventType('ClientTokenIssued', {
  secretId: field.text<SecretId>(),
  ...attempt,
});

/** Somebody asked for one in its name, with a secret that is none of it or opens nothing any more. */
const ClientTokenRefused = eventType('ClientTokenRefused', attempt);

export const apiKeyEventTypes = [
  ApiKeyCreated,
  ApiKeyRotated,
  ApiKeyRevoked,
  ApiKeyUsed,
  ClientTokenIssued,
  ClientTokenRefused,
];

export type ApiKeyEvent = EventOf<(typeof apiKeyEventTypes)[number]>;

const prefix = 'api-key-';

export function apiKeyStream(id: ApiKeyId): StreamId {
  return streamId(prefix + id);
}

export function apiKeyOfStream(stream: StreamId): ApiKeyId {
  return stream.slice(prefix.length) as ApiKeyId;
}
