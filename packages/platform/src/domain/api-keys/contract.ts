import { Type, type Static } from 'typebox';
import { permissions, type Permission } from '../access/events.ts';
import { AccountIdIn } from '../accounts/contract.ts';
import type { AccountId } from '../accounts/events.ts';
import { InstantText, InstantTextOrNull } from '../calendar/contract.ts';
import type { ApiKeyId } from './events.ts';

// What is said of the keys of services: in snake case, as the rest about identity.

const closed = { additionalProperties: false } as const;

export const ApiKeyIdIn = Type.Unsafe<ApiKeyId>({
  type: 'string',
  pattern: '^KEY-[0-9A-Z]{18}$',
  'x-expected': 'KEY- and 18 signs',
  description: 'Names the key',
});

const plainText = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}\\p{Cs}]*$',
    'x-expected': `text of 1 to ${maxLength} characters without control characters`,
  });

const LifetimeIn = Type.Integer({
  minimum: 1,
  maximum: 3_650,
  description: 'Days until its secret expires; left out, as many as the settings say, 365',
});

export const CreateApiKeyRequest = Type.Object(
  {
    name: plainText(100),
    permissions: Type.Array(Type.Unsafe<Permission>(Type.Enum(permissions)), {
      minItems: 1,
      maxItems: permissions.length,
      uniqueItems: true,
      description: 'What it leaves of what services may do',
    }),
    accounts: Type.Optional(
      Type.Array(AccountIdIn, {
        maxItems: 1_000,
        uniqueItems: true,
        description: 'Those that it is kept to; left out or empty, all',
      }),
    ),
    expires_in_days: Type.Optional(LifetimeIn),
  },
  {
    ...closed,
    title: 'CreateApiKeyRequest',
    examples: [{ name: 'settlement', permissions: ['READ', 'CREATE'], expires_in_days: 90 }],
  },
);
export type CreateApiKeyRequest = Static<typeof CreateApiKeyRequest>;

export const RotateApiKeyRequest = Type.Object(
  {
    overlap_hours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 720,
        description: 'For how long the secret before is good as well; 24 when left out',
      }),
    ),
    expires_in_days: Type.Optional(LifetimeIn),
  },
  {
    ...closed,
    title: 'RotateApiKeyRequest',
    examples: [{ overlap_hours: 24, expires_in_days: 90 }],
  },
);
export type RotateApiKeyRequest = Static<typeof RotateApiKeyRequest>;

export const RevokeApiKeyRequest = Type.Object(
  { reason: plainText(500) },
  {
    ...closed,
    title: 'RevokeApiKeyRequest',
    examples: [{ reason: 'The secret was in a repository' }],
  },
);
export type RevokeApiKeyRequest = Static<typeof RevokeApiKeyRequest>;

export const ApiKeyAnswer = Type.Object(
  {
    key_id: Type.String(),
    name: Type.String(),
    permissions: Type.Array(Type.Unsafe<Permission>(Type.Enum(permissions))),
    accounts: Type.Array(Type.Unsafe<AccountId>({ type: 'string' })),
    status: Type.Enum(['LIVE', 'EXPIRED', 'REVOKED']),
    secrets: Type.Array(Type.Object({ secret_id: Type.String(), expires_at: InstantTextOrNull }), {
      description: 'Those that are good, the newest last',
    }),
    created_at: InstantText,
    last_used_at: Type.Unsafe<string | null>({
      ...InstantTextOrNull,
      description: 'Within an hour',
    }),
  },
  { title: 'ApiKey' },
);
export type ApiKeyAnswer = Static<typeof ApiKeyAnswer>;

/** What a new secret is shown as, once. */
export const secretMembers = {
  key_id: Type.String(),
  secret: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'The key itself. It is shown this once: null when the answer is repeated',
  }),
};
