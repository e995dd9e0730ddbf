import { Type } from 'typebox';
import { DateText, InstantTextOrNull } from '../../domain/calendar/contract.ts';
import { ActionTypeIn } from '../../domain/corporate-actions/contract.ts';
import { DecimalText } from '../../domain/money/contract.ts';
import { pageOf } from '../pages.ts';

// What is answered of entitlements.

export const EntitlementStatusIn = Type.Enum(['EXPECTED', 'POSTED', 'ADJUSTED', 'REVERSED'], {
  description:
    'EXPECTED: not posted yet, and as holdings are now. ADJUSTED: what was held has turned out to be another. ' +
    'REVERSED: taken back.',
});

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const Movement = Type.Object(
  {
    symbol: Type.String(),
    quantity: DecimalText,
    cost: DecimalText,
    realized_pnl: DecimalText,
  },
  { title: 'EntitlementMovement', description: 'By how much a position changes' },
);

export const entitlementAmounts = {
  settled: DecimalText,
  pending_receipts: DecimalText,
  pending_deliveries: DecimalText,
  eligible: Type.String({ description: 'settled + pending_receipts - pending_deliveries' }),
  gross: DecimalText,
  tax: DecimalText,
  cash_in_lieu: Type.String({ description: 'Part of the amount' }),
  fraction: Type.String({
    description: 'Of a share: sold or dropped; below zero where rounded up',
  }),
  amount: Type.String({ description: 'Change of cash' }),
  movements: Type.Array(Movement),
};

const CalculationLine = Type.Object(
  {
    line: Type.String(),
    formula: Type.String({ description: 'Arithmetic that leads to the value, with words' }),
    value: DecimalText,
  },
  { title: 'CalculationLine' },
);

const EntitlementAnswer = Type.Object(
  {
    event_id: Type.String(),
    account: Type.String(),
    version: Type.Integer({ description: 'Of the announcement' }),
    event_type: ActionTypeIn,
    symbol: Type.String(),
    status: EntitlementStatusIn,
    option: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'What was chosen, or the default; null where there is no choice',
    }),
    quantity: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'That was chosen for; null where it is all that there is',
    }),
    currency: Type.String(),
    ...entitlementAmounts,
    ex_date: DateText,
    effective_date: DateText,
    settlement_date: DateText,
    reason: TextOrNull,
    recorded_at: InstantTextOrNull,
    position: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'In the log, of what was posted last; null before it is',
    }),
    calculation: Type.Array(CalculationLine, { description: 'How it came about, in order' }),
  },
  { title: 'Entitlement' },
);

export const Pending = Type.Union(
  [
    Type.Object({ code: Type.String(), detail: Type.String() }, { title: 'EntitlementPending' }),
    Type.Null(),
  ],
  { description: 'Why what is expected is not known yet, or not for certain' },
);

const ElectionAnswer = Type.Object(
  {
    account: Type.String(),
    symbol: Type.String(),
    option: Type.Enum(['EXERCISE', 'TENDER', 'NO_ACTION']),
    quantity: DecimalText,
    recorded_at: Type.String({ format: 'date-time' }),
    position: Type.Integer(),
  },
  { title: 'Election' },
);

export const ElectionPage = pageOf('ElectionPage', ElectionAnswer);

export const EntitlementPage = Type.Object(
  { ...pageOf('EntitlementPage', EntitlementAnswer).properties, pending: Pending },
  { title: 'EntitlementPage', description: 'A page may have fewer items than its limit' },
);

export const AccountEntitlementPage = pageOf('AccountEntitlementPage', EntitlementAnswer);
