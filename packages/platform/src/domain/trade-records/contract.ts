import { Type, type Static } from 'typebox';
import { AccountIdIn, SideIn, SymbolIn } from '../accounts/contract.ts';
import {
  DateIn,
  DateText,
  DateTextOrNull,
  InstantText,
  InstantTextOrNull,
} from '../calendar/contract.ts';
import {
  DecimalTextOrNull,
  MoneyIn,
  priceOf,
  PriceIn,
  quantityOf,
  QuantityIn,
  type WireDecimal,
} from '../money/contract.ts';
import type { RecordId } from './events.ts';

// What upstream systems say of trades, and what they hear: in snake case, as such systems write it.

const idRule = {
  type: 'string',
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  'x-expected': '1 to 64 of A-Z a-z 0-9 . _ -',
} as const;

export const RecordIdIn = Type.Unsafe<RecordId>({
  ...idRule,
  description: 'Names the trade among all that are captured',
  examples: ['T1'],
});

export const CounterpartyIdIn = Type.Unsafe<string>({ ...idRule, examples: ['CP-1'] });
export const BookIdIn = Type.Unsafe<string>({ ...idRule, examples: ['B1'] });

const versionMax = 2_147_483_647;

export const RecordVersionIn = Type.Integer({
  minimum: 1,
  maximum: versionMax,
  'x-expected': `a whole number from 1 to ${versionMax}`,
});

function aboveZero(schema: typeof PriceIn, unitsOf: (value: WireDecimal) => bigint) {
  return Type.Refine(
    schema,
    (value) => {
      try {
        return unitsOf(value) > 0n;
      } catch {
        // It is no decimal at all, which the schema says by itself.
        return true;
      }
    },
    () => 'must be above zero',
  );
}

const economicsNeeded = ['account', 'symbol', 'side', 'quantity', 'price'];

export const TradeRecordRequest = Type.Object(
  {
    trade_id: RecordIdIn,
    version: RecordVersionIn,
    counterparty_id: CounterpartyIdIn,
    book_id: BookIdIn,
    maturity_date: DateIn,
    created_date: Type.Optional(DateIn),
    account: Type.Optional(AccountIdIn),
    symbol: Type.Optional(SymbolIn),
    side: Type.Optional(SideIn),
    quantity: Type.Optional(aboveZero(QuantityIn, quantityOf)),
    price: Type.Optional(aboveZero(PriceIn, priceOf)),
    fees: Type.Optional(MoneyIn),
    trade_date: Type.Optional(DateIn),
  },
  {
    additionalProperties: false,
    // Who says one of them means a booking, and has to say all that it takes.
    dependentRequired: Object.fromEntries(
      [...economicsNeeded, 'fees', 'trade_date'].map((name) => [
        name,
        economicsNeeded.filter((other) => other !== name),
      ]),
    ),
    title: 'TradeRecordRequest',
    description:
      'A record of a trade. The same version again replaces what is stored, a higher one amends it, a ' +
      'lower one is refused, as is a trade that has matured. created_date defaults to the present ' +
      'business date. With account, symbol, side, quantity and price the trade is booked in the ' +
      'account too, and whatever the record before it booked is taken back; trade_date then defaults ' +
      'to the present business date and fees to 0.',
    examples: [
      {
        trade_id: 'T1',
        version: 1,
        counterparty_id: 'CP-1',
        book_id: 'B1',
        maturity_date: '2027-05-20',
        created_date: '2026-11-20',
      },
    ],
  },
);
export type TradeRecordRequest = Static<typeof TradeRecordRequest>;

export const ExpiredIn = Type.Enum(['Y', 'N']);

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const recordAnswer = {
  trade_id: Type.String(),
  version: Type.Integer(),
  counterparty_id: Type.String(),
  book_id: Type.String(),
  maturity_date: DateText,
  created_date: DateText,
  account: TextOrNull,
  symbol: TextOrNull,
  side: Type.Unsafe<'BUY' | 'SELL' | null>({
    type: ['string', 'null'],
    enum: ['BUY', 'SELL', null],
  }),
  quantity: DecimalTextOrNull,
  price: DecimalTextOrNull,
  fees: DecimalTextOrNull,
  trade_date: DateTextOrNull,
  execution_id: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'The id of the booking among the trades of the account; null without one',
  }),
  request_id: Type.String(),
  recorded_at: InstantText,
  position: Type.Integer(),
};

export const TradeRecordAnswer = Type.Object(
  {
    ...recordAnswer,
    expired: Type.Enum(['Y', 'N'], {
      description: 'Y from the first business day after maturity',
    }),
  },
  { title: 'TradeRecord', description: 'A captured trade as it is now.' },
);
export type TradeRecordAnswer = Static<typeof TradeRecordAnswer>;

const RecordStatusIn = Type.Enum(['CURRENT', 'REPLACED', 'SUPERSEDED', 'REFUSED']);

export const RecordVersionAnswer = Type.Object(
  {
    ...recordAnswer,
    status: RecordStatusIn,
    code: TextOrNull,
    reason: TextOrNull,
  },
  {
    title: 'RecordVersion',
    description:
      'A record as it arrived. REPLACED: another of its version came. SUPERSEDED: a higher version ' +
      'came. REFUSED: for the reason given.',
  },
);
export type RecordVersionAnswer = Static<typeof RecordVersionAnswer>;

export const TradeRecordHistory = Type.Object(
  {
    ...TradeRecordAnswer.properties,
    expired_on: DateTextOrNull,
    versions: Type.Array(RecordVersionAnswer, {
      description: 'All that arrived, the latest first; at most the latest 1,000',
    }),
  },
  { title: 'TradeRecordHistory' },
);
export type TradeRecordHistory = Static<typeof TradeRecordHistory>;

export const RequestAnswer = Type.Object(
  {
    request_id: Type.String(),
    status: Type.Enum(['PENDING', 'SUCCESS', 'FAILED']),
    trade_ids: Type.Array(Type.String()),
    code: TextOrNull,
    reason: TextOrNull,
    accepted_at: InstantText,
    settled_at: InstantTextOrNull,
    /** Once settled, it may be gone after that. */
    expires_at: InstantText,
    held_because: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Why a pending request waits for an operator: see the dead letters',
    }),
    position: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'The position of the log that has the outcome: for minPosition',
    }),
  },
  { title: 'Request' },
);
export type RequestAnswer = Static<typeof RequestAnswer>;
