import { parseCalendarDate, type CalendarDate } from '@counterfoil/event-store';
import { Type, type Static, type TProperties } from 'typebox';
import { DateIn } from '../calendar/contract.ts';
import { SymbolIn } from '../instruments/contract.ts';
import {
  CurrencyIn,
  MoneyIn,
  moneyOf,
  PercentageIn,
  priceOf,
  PriceIn,
  quantityOf,
  QuantityIn,
  RatioIn,
  type WireDecimal,
} from '../money/contract.ts';
import type { AnnouncementChanges, AnnouncementDraft } from './announcement.ts';
import type { CustodianTotal } from './commands.ts';
import { actionTypes, fractionRules, type ActionId, type ActionType } from './events.ts';
import { termsOfTexts } from './term-texts.ts';

// What sources and operators say of corporate actions, and what they hear: in snake case, as such systems
// write it.

const closed = { additionalProperties: false } as const;

/** Nothing that a log line, a database or a terminal could trip over: no controls, no lone surrogates. */
const plainText = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}\\p{Cs}]*$',
    'x-expected': `text of 1 to ${maxLength} characters without control characters`,
  });

export const ActionIdIn = Type.Unsafe<ActionId>({
  type: 'string',
  pattern: '^CA-[0-9A-Z]{18}$',
  'x-expected': 'the id of an event, as it was answered with',
  examples: ['CA-3F7KQ0V9X2M4T6B8ZD'],
});

export const ActionTypeIn = Type.Enum([...actionTypes]);
export const ActionStatusIn = Type.Enum([
  'PENDING',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
]);
export const StageIn = Type.Enum(
  ['ANNOUNCED', 'EX', 'RECORD', 'PAID', 'EFFECTIVE', 'REVERSED', 'CANCELLED'],
  { description: 'How far it has come, by its dates and by what was done about it' },
);

const ratioSide = '\\d{1,15}(?:\\.\\d{1,12})?';
const ActionRatioIn = Type.String({
  pattern: `^${ratioSide}:${ratioSide}$`,
  'x-expected': 'a ratio new:old such as "7:1"',
});

const FractionsIn = Type.Enum([...fractionRules], {
  description:
    'What becomes of fractions of a share (DISF): CINL cash in lieu, RDDN dropped, RDUP rounded up, STAN ' +
    'rounded half up, DIST kept, BUYU bought up',
});

const forFractions = {
  fractions: Type.Optional(FractionsIn),
  price_in_lieu: Type.Optional(PriceIn),
};
const ratio = Type.Optional(ActionRatioIn);
const price = Type.Optional(PriceIn);
const symbol = Type.Optional(SymbolIn);
const percent = Type.Optional(PercentageIn);
const currency = Type.Optional(CurrencyIn);

/** The terms of each type; which of them it needs is for the domain to say. */
export const termsIn = {
  DIVIDEND: {
    amount: price,
    kind: Type.Optional(Type.Enum(['ORDINARY', 'SPECIAL'])),
    currency,
    withholding_percent: percent,
    exchange_rate: Type.Optional(RatioIn),
  },
  RETURN_OF_CAPITAL: { amount: price, currency },
  STOCK_SPLIT: { ratio, ...forFractions },
  STOCK_DIVIDEND: { ratio, ...forFractions },
  MERGER: {
    acquirer: symbol,
    ratio,
    cash_per_share: price,
    acquirer_price: price,
    ...forFractions,
  },
  SPIN_OFF: {
    child: symbol,
    ratio,
    basis_percent: percent,
    child_price: price,
    parent_price: price,
    ...forFractions,
  },
  RIGHTS_ISSUE: { ratio, subscription_price: price },
  TENDER_OFFER: { price, quantity_max: Type.Optional(QuantityIn) },
  SYMBOL_CHANGE: { new_symbol: symbol },
} satisfies Readonly<Record<ActionType, TProperties>>;

const anyTerms = Object.assign({}, ...Object.values(termsIn)) as TProperties;

function termsOf(properties: TProperties, title: string) {
  return Type.Object(properties, { ...closed, title });
}

const DefaultOptionIn = Type.Enum(['EXERCISE', 'TENDER', 'NO_ACTION'], {
  description: 'What becomes of holders that have not chosen by the deadline',
});

/** Null takes the date away. */
const DateOrNullIn = Type.Refine(
  Type.Unsafe<CalendarDate | null>({
    type: ['string', 'null'],
    format: 'date',
    'x-expected': 'a day of the calendar such as "2026-05-20", or null',
  }),
  (text) => text === null || parseCalendarDate(text) !== undefined,
  () => 'must be a day of the calendar such as "2026-05-20", or null',
);

const said = {
  effective_date: Type.Optional(DateIn),
  default_option: Type.Optional(DefaultOptionIn),
  completeness: Type.Optional(Type.Enum(['PRELIMINARY', 'COMPLETE'])),
  confirmation: Type.Optional(Type.Enum(['UNCONFIRMED', 'CONFIRMED'])),
  source: Type.Optional(plainText(100)),
  source_reference: Type.Optional(plainText(100)),
  amount: Type.Optional(PriceIn),
};

const announced = {
  symbol: SymbolIn,
  ex_date: DateIn,
  record_date: Type.Optional(DateIn),
  payment_date: Type.Optional(DateIn),
  election_deadline: Type.Optional(DateIn),
  ...said,
  idempotency_key: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
      'x-expected': 'a UUID',
      description: 'The same key within 24 hours is refused, and the first event named',
    }),
  ),
};

const examples: Partial<Record<ActionType, object>> = {
  DIVIDEND: {
    event_type: 'DIVIDEND',
    symbol: 'AAPL',
    ex_date: '2026-12-07',
    record_date: '2026-12-07',
    payment_date: '2026-12-10',
    amount: '0.26',
  },
};

function announceRequestFor(type: ActionType) {
  const title = `Announce ${type.toLowerCase().replaceAll('_', ' ')}`;
  const named = title.replaceAll(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
  return Type.Object(
    {
      event_type: Type.Enum([type]),
      ...announced,
      terms: Type.Optional(termsOf(termsIn[type], `${named}Terms`)),
    },
    { ...closed, title: named },
  );
}

/** The contract of an announcement, by its type. */
export const announceRequests: ReadonlyMap<string, ReturnType<typeof announceRequestFor>> = new Map(
  actionTypes.map((type) => [type, announceRequestFor(type)]),
);

/** All of them, for readers. */
export const AnnounceRequest = Type.Union([...announceRequests.values()], {
  description:
    'amount may stand for terms.amount. effective_date defaults to ex_date where shares move and to ' +
    'payment_date where cash is paid, completeness to COMPLETE, confirmation to CONFIRMED, fractions to CINL, ' +
    'source to "api".',
  examples: [examples.DIVIDEND],
});

/** An announcement of whatever type, or of one that there isn't. */
export const AnyAnnounceRequest = Type.Object(
  {
    event_type: ActionTypeIn,
    ...announced,
    terms: Type.Optional(termsOf(anyTerms, 'AnyTerms')),
  },
  closed,
);
export type AnnounceRequest = Static<typeof AnyAnnounceRequest>;

const amended = {
  expected_version: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'The version of the announcement that the changes were made to',
  }),
  reason: plainText(500),
  event_type: Type.Optional(ActionTypeIn),
  symbol,
  ex_date: Type.Optional(DateIn),
  record_date: Type.Optional(DateOrNullIn),
  payment_date: Type.Optional(DateOrNullIn),
  election_deadline: Type.Optional(DateOrNullIn),
  ...said,
};

/** The contract of changes to an announcement of a type. */
export const amendRequests: ReadonlyMap<string, ReturnType<typeof amendRequestFor>> = new Map(
  actionTypes.map((type) => [type, amendRequestFor(type)]),
);

function amendRequestFor(type: ActionType) {
  return Type.Object(
    { ...amended, terms: Type.Optional(termsOf(termsIn[type], 'TermsOfType')) },
    closed,
  );
}

export const AmendRequest = Type.Object(
  { ...amended, terms: Type.Optional(termsOf(anyTerms, 'AnyTerms')) },
  {
    ...closed,
    title: 'AmendEventRequest',
    description:
      'Fields left out stay as they are; null takes a date away. terms stand in place of all terms there ' +
      'were, amount of that one alone. The type and the symbol never change.',
    examples: [{ expected_version: 1, amount: '0.27', reason: 'corrected by the issuer' }],
  },
);
export type AmendRequest = Static<typeof AmendRequest>;

const sourceDefault = 'api';

type Terms = Readonly<Record<string, WireDecimal>>;

/** The draft that a request, which fits the contract of its type, stands for. */
export function announcementDraftOf(request: AnnounceRequest): AnnouncementDraft {
  const { event_type: actionType, symbol: of, ex_date: exDate, terms = {} } = request;
  const amount = request.amount === undefined ? {} : { amountPerShare: priceOf(request.amount) };
  return {
    actionType,
    symbol: of,
    exDate,
    ...datesAndStateOf(request),
    terms: { ...termsOfTexts(actionType, terms as Terms), ...amount },
    source: request.source ?? sourceDefault,
    sourceReference: request.source_reference ?? null,
  };
}

/** The changes to an action of the type that a request, which fits the contract of it, stands for. */
export function announcementChangesOf(
  request: AmendRequest,
  actionType: ActionType,
): AnnouncementChanges {
  const { terms, amount } = request;
  return {
    actionType: request.event_type,
    symbol: request.symbol,
    exDate: request.ex_date,
    ...datesAndStateOf(request),
    terms: terms && termsOfTexts(actionType, terms as Terms),
    amountPerShare: amount === undefined ? undefined : priceOf(amount),
    source: request.source ?? sourceDefault,
    sourceReference: request.source_reference ?? null,
  };
}

function datesAndStateOf(request: AnnounceRequest | AmendRequest) {
  return {
    recordDate: request.record_date,
    paymentDate: request.payment_date,
    effectiveDate: request.effective_date,
    electionDeadline: request.election_deadline,
    defaultOption: request.default_option,
    completeness: request.completeness,
    confirmation: request.confirmation,
  };
}

const ReasonIn = plainText(500);

export const CancelEventRequest = Type.Object(
  {
    reason: ReasonIn,
    kind: Type.Optional(
      Type.Enum(['WITHDRAWN', 'CANCELLED'], {
        description:
          'WITHDRAWN by the issuer, or CANCELLED by the source of the announcement, which is the default',
      }),
    ),
  },
  {
    ...closed,
    title: 'CancelEventRequest',
    examples: [{ reason: 'announced in error', kind: 'CANCELLED' }],
  },
);
export type CancelEventRequest = Static<typeof CancelEventRequest>;

export const CustodianTotalRequest = Type.Object(
  {
    custodian: plainText(100),
    eligible: Type.Optional(QuantityIn),
    cash: Type.Optional(MoneyIn),
    shares: Type.Optional(QuantityIn),
  },
  {
    ...closed,
    // The custodian's name, and what it says.
    minProperties: 2,
    title: 'CustodianTotalRequest',
    description: 'What a custodian says of all accounts together; a later statement replaces it.',
    examples: [{ custodian: 'DTC', eligible: '280', cash: '48.79' }],
  },
);
export type CustodianTotalRequest = Static<typeof CustodianTotalRequest>;

export function custodianTotalOf(request: CustodianTotalRequest): CustodianTotal {
  const { custodian, eligible, cash, shares } = request;
  return {
    custodian,
    eligible: eligible === undefined ? null : quantityOf(eligible),
    cash: cash === undefined ? null : moneyOf(cash),
    shares: shares === undefined ? null : quantityOf(shares),
  };
}

export const AssignRequest = Type.Object(
  { assignee: plainText(100) },
  { ...closed, title: 'AssignRequest', examples: [{ assignee: 'grace' }] },
);
export type AssignRequest = Static<typeof AssignRequest>;

export const NoteRequest = Type.Object(
  { note: plainText(2_000) },
  { ...closed, title: 'NoteRequest', examples: [{ note: 'asked the custodian' }] },
);
export type NoteRequest = Static<typeof NoteRequest>;

export const ReviewReasonRequest = Type.Object(
  { reason: ReasonIn },
  { ...closed, title: 'ReviewReasonRequest', examples: [{ reason: 'the price is known now' }] },
);
export type ReviewReasonRequest = Static<typeof ReviewReasonRequest>;

export const retriesMax = 1_000;

export const RetryManyRequest = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(ActionIdIn, {
        minItems: 1,
        maxItems: retriesMax,
        description: `Which ones; left out, those that failed first, at most ${retriesMax}`,
      }),
    ),
    reason: ReasonIn,
  },
  { ...closed, title: 'RetryManyRequest', examples: [{ reason: 'the prices are known now' }] },
);
export type RetryManyRequest = Static<typeof RetryManyRequest>;
