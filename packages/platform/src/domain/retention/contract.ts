import type { StreamId } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import type { HoldId } from './events.ts';

// What those who answer for records say, and what they hear.

const closed = { additionalProperties: false } as const;

export const HoldIdIn = Type.Unsafe<HoldId>({
  type: 'string',
  pattern: '^HOLD-[0-9A-Z]{18}$',
  'x-expected': 'HOLD- and 18 of 0-9 A-Z',
});

/** The stream of an account or a user. */
const SubjectIn = Type.Unsafe<StreamId>({
  type: 'string',
  pattern: '^(account|user)-[A-Za-z0-9._-]{1,64}$',
  'x-expected': 'account- and the id of an account, or user- and the id of a user',
  examples: ['account-ACC-1001'],
});

const ReasonIn = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^[^\\p{Cc}\\p{Cs}]*$',
  'x-expected': 'text of 1 to 500 characters without control characters',
});

/** Erasing a user ends his sessions too, and must leave an administrator: that is another route. */
const AccountSubjectIn = Type.Unsafe<StreamId>({
  type: 'string',
  pattern: '^account-[A-Za-z0-9._-]{1,64}$',
  'x-expected':
    'account- and the id of an account (a user is erased by POST /api/users/{userId}/erase)',
  examples: ['account-ACC-1001'],
});

/** The reason is kept for ever, and shown: it must not tell of the person. */
export const SubjectReasonRequest = Type.Object(
  { subject: SubjectIn, reason: ReasonIn },
  {
    ...closed,
    title: 'SubjectReasonRequest',
    description: 'The reason is kept in the open, and for ever: say nothing personal in it.',
    examples: [{ subject: 'account-ACC-1001', reason: 'case 2026-114' }],
  },
);
export type SubjectReasonRequest = Static<typeof SubjectReasonRequest>;

export const EraseSubjectRequest = Type.Object(
  { subject: AccountSubjectIn, reason: ReasonIn },
  {
    ...closed,
    title: 'EraseSubjectRequest',
    description: 'The reason is kept in the open, and for ever: say nothing personal in it.',
    examples: [{ subject: 'account-ACC-1001', reason: 'asked for by letter' }],
  },
);
export type EraseSubjectRequest = Static<typeof EraseSubjectRequest>;

export const HoldReasonRequest = Type.Object(
  { reason: ReasonIn },
  { ...closed, title: 'HoldReasonRequest' },
);
export type HoldReasonRequest = Static<typeof HoldReasonRequest>;

const LegalHoldAnswer = Type.Object(
  { holdId: Type.String(), subject: Type.String(), reason: Type.String() },
  { title: 'LegalHold' },
);

export const LegalHoldsAnswer = Type.Object(
  { items: Type.Array(LegalHoldAnswer) },
  { title: 'LegalHolds', description: 'Those in force, in the order in which they were placed' },
);

const Years = Type.Integer({ description: 'Years' });

export const RetentionPolicyAnswer = Type.Object(
  {
    accounts: Years,
    trades: Years,
    instruments: Years,
    corporateActions: Years,
    users: Years,
    access: Years,
    others: Years,
  },
  {
    title: 'RetentionPolicy',
    description: 'For how long what is recorded is kept, from the last entry of its stream on',
  },
);
