import { formatInstant, type Clock, type HandleOptions } from '@counterfoil/event-store';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isLive, type ApiKeyRejection } from '../../domain/api-keys/api-key.ts';
import {
  ApiKeyAnswer,
  ApiKeyIdIn,
  CreateApiKeyRequest,
  RevokeApiKeyRequest,
  RotateApiKeyRequest,
  secretMembers,
} from '../../domain/api-keys/contract.ts';
import type { ApiKeyId } from '../../domain/api-keys/events.ts';
import type { SecretShown } from '../../identity/api-keys.ts';
import type { KnownKey } from '../../identity/identity-book.ts';
import type { Identity } from '../../identity/identity.ts';
import { newApiKeyId } from '../../identity/random-ids.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation, confirmationOf } from '../confirmation.ts';
import { commandSchema, identitySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';

export interface ApiKeyRouteParts {
  readonly identity: Pick<Identity, 'apiKeys' | 'book'>;
  readonly run: RunCommand;
  readonly clock: Clock;
}

const tag = 'API keys';
const keyParams = Type.Object({ keyId: ApiKeyIdIn });
const Shown = confirmationOf('ApiKeySecret', secretMembers);

/** The keys of services. */
export function apiKeyRoutes(api: FastifyInstance, parts: ApiKeyRouteParts): void {
  createRoute(api, parts);
  rotateRoute(api, parts);
  revokeRoute(api, parts);
  readRoutes(api, parts);
}

function createRoute(api: FastifyInstance, { identity: { apiKeys }, run }: ApiKeyRouteParts): void {
  const schema = commandSchema({
    tag,
    id: 'createApiKey',
    access: { resource: 'api-keys', permission: 'CREATE' },
    summary: 'Create an API key for a service',
    description:
      'The answer has the key itself, this once: only a hash of it is kept. One that is kept to accounts may ' +
      'do with them what an investor may with his own.',
    body: CreateApiKeyRequest,
    answers: { 201: Shown },
    errors: [],
  });
  const shown = showOnce();
  api.post<{ Body: CreateApiKeyRequest }>(
    '/api-keys',
    { schema, preSerialization: shown.add },
    (request, reply) => {
      const { name, permissions, accounts = [], expires_in_days: lifetimeDays } = request.body;
      const id = newApiKeyId();
      return run(request, reply, {
        subject: id,
        success: {
          status: 201,
          location: `/api/api-keys/${id}`,
          names: { key_id: id, secret: null },
        },
        handle: shown.from(request, (options) =>
          apiKeys.create(id, { name, permissions, accounts, lifetimeDays }, options),
        ),
      });
    },
  );
}

const overlapHoursDefault = 24;

function rotateRoute(api: FastifyInstance, { identity: { apiKeys }, run }: ApiKeyRouteParts): void {
  const schema = commandSchema({
    tag,
    id: 'rotateApiKey',
    access: { resource: 'api-keys', permission: 'UPDATE' },
    summary: 'Give an API key another secret, beside which the one before is good for a while',
    params: keyParams,
    body: RotateApiKeyRequest,
    answers: { 200: Shown },
    errors: ['API_KEY_UNKNOWN', 'API_KEY_REVOKED'],
  });
  const shown = showOnce();
  api.post<{ Params: { readonly keyId: ApiKeyId }; Body: RotateApiKeyRequest }>(
    '/api-keys/:keyId/rotate',
    { schema, preSerialization: shown.add },
    (request, reply) => {
      const { keyId } = request.params;
      const { overlap_hours: overlapHours = overlapHoursDefault, expires_in_days: lifetimeDays } =
        request.body;
      return run(request, reply, {
        subject: keyId,
        success: { status: 200, names: { key_id: keyId, secret: null } },
        handle: shown.from(request, (options) =>
          apiKeys.rotate(keyId, { overlapHours, lifetimeDays }, options),
        ),
      });
    },
  );
}

type Options = HandleOptions<ApiKeyRejection>;

/**
 * Puts a new secret into the first answer and no other: what an idempotency key keeps of the answer has none,
 * so that the secret is written nowhere.
 */
function showOnce() {
  const secrets = new WeakMap<FastifyRequest, string>();
  return {
    from:
      (request: FastifyRequest, work: (options: Options) => Promise<SecretShown>) =>
      async (options: Options) => {
        const { result, secret } = await work(options);
        if (result.kind === 'accepted') secrets.set(request, secret);
        return result;
      },
    add: async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
      const secret = secrets.get(request);
      if (secret === undefined) return payload;
      void reply.header('cache-control', 'no-store');
      return { ...(payload as object), secret };
    },
  };
}

function revokeRoute(api: FastifyInstance, { identity: { apiKeys }, run }: ApiKeyRouteParts): void {
  const schema = commandSchema({
    tag,
    id: 'revokeApiKey',
    access: { resource: 'api-keys', permission: 'CANCEL' },
    summary: 'Revoke an API key with all its secrets, for ever',
    params: keyParams,
    body: RevokeApiKeyRequest,
    answers: { 200: Confirmation },
    errors: ['API_KEY_UNKNOWN'],
  });
  api.post<{ Params: { readonly keyId: ApiKeyId }; Body: RevokeApiKeyRequest }>(
    '/api-keys/:keyId/revoke',
    { schema },
    (request, reply) => {
      const { keyId } = request.params;
      return run(request, reply, {
        subject: keyId,
        success: { status: 200, names: {} },
        handle: (options) => apiKeys.revoke(keyId, request.body.reason, options),
      });
    },
  );
}

function readRoutes(api: FastifyInstance, { identity: { book }, clock }: ApiKeyRouteParts): void {
  const read = { resource: 'api-keys', permission: 'READ' } as const;
  const listSchema = identitySchema({
    tag,
    id: 'listApiKeys',
    access: read,
    summary: 'List API keys in order of their ids',
    query: pageQuery,
    answers: { 200: pageOf('ApiKeyPage', ApiKeyAnswer) },
    errors: ['REQUEST_INVALID', 'CURSOR_INVALID'],
  });
  api.get<{ Querystring: PageQuery }>('/api-keys', { schema: listSchema }, async ({ query }) => {
    const { after, limit } = pageRequestOf(query, ['KEY-']);
    const rows = book.apiKeys().filter(({ id }) => after === undefined || id > after[0]);
    return pageFrom(
      rows,
      limit,
      (key) => keyAnswer(key, clock),
      ({ id }) => [id],
    );
  });
  const oneSchema = identitySchema({
    tag,
    id: 'getApiKey',
    access: read,
    summary: 'Show an API key, without its secrets',
    params: keyParams,
    answers: { 200: ApiKeyAnswer },
    errors: ['REQUEST_INVALID', 'API_KEY_UNKNOWN'],
  });
  api.get<{ Params: { readonly keyId: ApiKeyId } }>(
    '/api-keys/:keyId',
    { schema: oneSchema },
    async ({ params: { keyId } }) => {
      const key = book.apiKey(keyId);
      if (key !== undefined) return keyAnswer(key, clock);
      throw new Refusal('API_KEY_UNKNOWN', `There is no API key ${keyId}.`);
    },
  );
}

function keyAnswer(key: KnownKey, clock: Clock): ApiKeyAnswer {
  const now = clock();
  const live = key.isRevoked ? [] : key.secrets.filter((secret) => isLive(secret, now));
  return {
    key_id: key.id,
    name: key.name,
    permissions: [...key.permissions],
    accounts: [...key.accounts],
    status: key.isRevoked ? 'REVOKED' : live.length === 0 ? 'EXPIRED' : 'LIVE',
    secrets: live.map(({ id, expiresAt }) => ({
      secret_id: id,
      expires_at: expiresAt === null ? null : formatInstant(expiresAt),
    })),
    created_at: formatInstant(key.createdAt),
    last_used_at: key.lastUsedAt === undefined ? null : formatInstant(key.lastUsedAt),
  };
}
