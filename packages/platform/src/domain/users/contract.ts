import { Type, type Static } from 'typebox';
import { permissions, roles, type Permission, type Role } from '../access/events.ts';
import { AccountIdIn } from '../accounts/contract.ts';
import type { AccountId } from '../accounts/events.ts';
import { InstantText, InstantTextOrNull } from '../calendar/contract.ts';
import type { UserId } from './events.ts';

// What is said to the program of users, and by users of themselves: in snake case, as OAuth writes it.

const closed = { additionalProperties: false } as const;

export const UserIdIn = Type.Unsafe<UserId>({
  type: 'string',
  pattern: '^USR-[0-9A-Z]{18}$',
  'x-expected': 'USR- and 18 signs',
  description: 'Names the user',
});

const UsernameIn = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{1,99}$',
  'x-expected': '2 to 100 of A-Z a-z 0-9 . _ @ + -, of which the first is a letter or digit',
  description: 'By which the user logs in; capitals make no difference',
  examples: ['ada'],
});

const plainText = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}\\p{Cs}]*$',
    'x-expected': `text of 1 to ${maxLength} characters without control characters`,
  });

const EmailIn = Type.String({
  maxLength: 254,
  pattern: '^[^\\s@\\p{Cc}\\p{Cs}]+@[^\\s@\\p{Cc}\\p{Cs}]+$',
  'x-expected': 'an address such as ada@example.com',
});

const passwordLengthMax = 128;

/** One that is to be: how strong it has to be is judged elsewhere. */
const NewPasswordIn = Type.String({
  minLength: 1,
  maxLength: passwordLengthMax,
  'x-expected': `1 to ${passwordLengthMax} characters`,
  format: 'password',
  description: 'At least 12 characters that are hard to guess',
});

/** One that is tried: whatever it is, the answer is the same. */
const PasswordIn = Type.String({ maxLength: 1_000, format: 'password' });

const RolesIn = Type.Array(Type.Unsafe<Role>(Type.Enum(roles)), {
  minItems: 1,
  maxItems: roles.length,
  uniqueItems: true,
});

const AccountsIn = Type.Array(AccountIdIn, {
  maxItems: 1_000,
  uniqueItems: true,
  description: "Those that are an investor's own",
});

const personal = {
  username: UsernameIn,
  display_name: plainText(200),
  email: Type.Optional(EmailIn),
  password: NewPasswordIn,
};

export const RegisterUserRequest = Type.Object(
  { ...personal, roles: RolesIn, accounts: Type.Optional(AccountsIn) },
  {
    ...closed,
    title: 'RegisterUserRequest',
    examples: [
      {
        username: 'ada',
        display_name: 'Ada Lovelace',
        email: 'ada@example.com',
        password: 'slanting copper harbour',
        roles: ['ANALYST'],
      },
    ],
  },
);
export type RegisterUserRequest = Static<typeof RegisterUserRequest>;

export const SignUpRequest = Type.Object(personal, {
  ...closed,
  title: 'SignUpRequest',
  examples: [
    { username: 'grace', display_name: 'Grace Hopper', password: 'slanting copper harbour' },
  ],
});
export type SignUpRequest = Static<typeof SignUpRequest>;

export const RolesRequest = Type.Object(
  { roles: RolesIn },
  { ...closed, title: 'RolesRequest', examples: [{ roles: ['ANALYST', 'AUDITOR'] }] },
);
export type RolesRequest = Static<typeof RolesRequest>;

export const UserAccountsRequest = Type.Object(
  { accounts: AccountsIn },
  { ...closed, title: 'UserAccountsRequest', examples: [{ accounts: ['ACC-1001'] }] },
);
export type UserAccountsRequest = Static<typeof UserAccountsRequest>;

export const UserReasonRequest = Type.Object(
  { reason: plainText(500) },
  { ...closed, title: 'UserReasonRequest', examples: [{ reason: 'Has left the company' }] },
);
export type UserReasonRequest = Static<typeof UserReasonRequest>;

export const ResetPasswordRequest = Type.Object(
  { new_password: NewPasswordIn },
  {
    ...closed,
    title: 'ResetPasswordRequest',
    examples: [{ new_password: 'seven quiet umbrellas' }],
  },
);
export type ResetPasswordRequest = Static<typeof ResetPasswordRequest>;

export const ChangePasswordRequest = Type.Object(
  { current_password: PasswordIn, new_password: NewPasswordIn },
  {
    ...closed,
    title: 'ChangePasswordRequest',
    examples: [
      { current_password: 'slanting copper harbour', new_password: 'seven quiet umbrellas' },
    ],
  },
);
export type ChangePasswordRequest = Static<typeof ChangePasswordRequest>;

export const LinkRequest = Type.Object(
  {
    issuer: Type.String({ minLength: 1, maxLength: 300, description: 'Of the provider' }),
    subject: Type.String({
      minLength: 1,
      maxLength: 255,
      description: "The provider's name for the user: the `sub` of its tokens",
    }),
  },
  {
    ...closed,
    title: 'LinkRequest',
    examples: [{ issuer: 'https://id.example', subject: '248289761001' }],
  },
);
export type LinkRequest = Static<typeof LinkRequest>;

export const WithdrawTokenKeysRequest = Type.Object(
  { reason: plainText(500) },
  {
    ...closed,
    title: 'WithdrawTokenKeysRequest',
    examples: [{ reason: 'A disk of the server was stolen' }],
  },
);
export type WithdrawTokenKeysRequest = Static<typeof WithdrawTokenKeysRequest>;

export const LoginRequest = Type.Object(
  { username: Type.String({ maxLength: 1_000 }), password: PasswordIn },
  {
    ...closed,
    title: 'LoginRequest',
    examples: [{ username: 'ada', password: 'slanting copper harbour' }],
  },
);
export type LoginRequest = Static<typeof LoginRequest>;

export const RefreshRequest = Type.Object(
  { refresh_token: Type.String({ maxLength: 200 }) },
  { ...closed, title: 'RefreshRequest', examples: [{ refresh_token: 'cfr_…' }] },
);
export type RefreshRequest = Static<typeof RefreshRequest>;

export const LogoutRequest = Type.Object(
  {
    all: Type.Optional(
      Type.Boolean({ description: 'All sessions of the user, and not this one alone' }),
    ),
  },
  { ...closed, title: 'LogoutRequest', examples: [{ all: true }] },
);
export type LogoutRequest = Static<typeof LogoutRequest>;

const token = {
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds until the access token expires' }),
};

export const ServiceTokenAnswer = Type.Object(token, { title: 'ServiceToken' });
export type ServiceTokenAnswer = Static<typeof ServiceTokenAnswer>;

export const TokenAnswer = Type.Object(
  {
    ...token,
    refresh_token: Type.String({ description: 'Good for one use, which gives the next one' }),
  },
  { title: 'Token' },
);
export type TokenAnswer = Static<typeof TokenAnswer>;

const TextOrNull = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: 'Null when there is none, or the user is erased',
});

const RolesOut = Type.Array(Type.Unsafe<Role>(Type.Enum(roles)));
const AccountsOut = Type.Array(Type.Unsafe<AccountId>({ type: 'string' }));

export const UserAnswer = Type.Object(
  {
    user_id: Type.String(),
    username: TextOrNull,
    display_name: TextOrNull,
    email: TextOrNull,
    roles: RolesOut,
    accounts: AccountsOut,
    status: Type.Enum(['ACTIVE', 'DEACTIVATED', 'ERASED']),
    registered_at: InstantText,
    last_login_at: InstantTextOrNull,
    updated_at: InstantText,
  },
  { title: 'User' },
);
export type UserAnswer = Static<typeof UserAnswer>;

export const UserStatusIn = Type.Enum(['ACTIVE', 'DEACTIVATED', 'ERASED']);

export const MeAnswer = Type.Object(
  {
    id: Type.String(),
    authentication: Type.String(),
    username: TextOrNull,
    display_name: TextOrNull,
    email: TextOrNull,
    roles: RolesOut,
    accounts: AccountsOut,
    permissions: Type.Unsafe<readonly Permission[] | null>({
      type: ['array', 'null'],
      items: { type: 'string', enum: [...permissions] },
      description: 'What an API key leaves of what its roles may do; null for all of it',
    }),
  },
  { title: 'Me' },
);
export type MeAnswer = Static<typeof MeAnswer>;

export const JwksAnswer = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.Literal('OKP'),
        crv: Type.Literal('Ed25519'),
        x: Type.String(),
        kid: Type.String(),
        use: Type.Literal('sig'),
        alg: Type.Literal('EdDSA'),
      }),
    ),
  },
  { title: 'JsonWebKeySet', description: 'The public keys of access tokens (RFC 7517).' },
);
export type JwksAnswer = Static<typeof JwksAnswer>;
