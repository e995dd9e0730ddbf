import { Type, type Static } from 'typebox';
import {
  DateIn,
  DateText,
  DateTextOrNull,
  InstantText,
  InstantTextOrNull,
} from '../calendar/contract.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import {
  CurrencyIn,
  DecimalText,
  DecimalTextOrNull,
  MoneyIn,
  PercentageIn,
  PriceIn,
  QuantityIn,
} from '../money/contract.ts';
import type { AccountId, TradeId } from './events.ts';

// What callers say to accounts, and what they hear. One source for validation, types and OpenAPI.

const closed = { additionalProperties: false } as const;

/** Nothing that a log line, a database or a terminal could trip over: no controls, no lone surrogates. */
const textPattern = '^[^\\p{Cc}\\p{Cs}]*$';
const plainText = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: textPattern,
    'x-expected': `text of 1 to ${maxLength} characters without control characters`,
  });

const idRule = {
  type: 'string',
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  'x-expected': '1 to 64 of A-Z a-z 0-9 . _ -',
} as const;

export const AccountIdIn = Type.Unsafe<AccountId>({
  ...idRule,
  description: 'Names the account',
  examples: ['ACC-1001'],
});

export const TradeIdIn = Type.Unsafe<TradeId>({
  ...idRule,
  description: 'Names one trade within its account',
  examples: ['T-1'],
});

export const SymbolIn = Type.Unsafe<InstrumentSymbol>({
  type: 'string',
  pattern: '^[A-Z0-9.-]{1,16}$',
  'x-expected': '1 to 16 of A-Z 0-9 . -',
  examples: ['AAPL'],
});

const ReasonIn = plainText(500);

export const OpenAccountRequest = Type.Object(
  {
    accountId: Type.Optional(AccountIdIn),
    ownerName: plainText(200),
    ownerKind: Type.Enum(['INDIVIDUAL', 'CORPORATE']),
    currency: CurrencyIn,
    initialBalance: Type.Optional(MoneyIn),
    costMethod: Type.Optional(Type.Enum(['FIFO', 'AVERAGE'])),
    shortSelling: Type.Optional(Type.Boolean()),
    openedOn: Type.Optional(DateIn),
  },
  {
    ...closed,
    title: 'OpenAccountRequest',
    description:
      'Without an accountId one is made. initialBalance defaults to 0, costMethod to FIFO, shortSelling ' +
      'to false, openedOn to the present business date.',
    examples: [
      {
        accountId: 'ACC-1001',
        ownerName: 'Ada Lovelace',
        ownerKind: 'INDIVIDUAL',
        currency: 'USD',
        initialBalance: '25000.00',
      },
    ],
  },
);
export type OpenAccountRequest = Static<typeof OpenAccountRequest>;

export const CashMovementRequest = Type.Object(
  {
    amount: MoneyIn,
    effectiveDate: Type.Optional(DateIn),
    reference: Type.Optional(plainText(200)),
  },
  {
    ...closed,
    title: 'CashMovementRequest',
    description:
      'The amount is above zero, with no more decimals than the currency has. effectiveDate defaults to ' +
      'the present business date.',
    examples: [{ amount: '500.00', reference: 'wire 4711' }],
  },
);
export type CashMovementRequest = Static<typeof CashMovementRequest>;

const NamedLot = Type.Object({ lotId: TradeIdIn, quantity: QuantityIn }, closed);

const tradeTerms = {
  tradeId: Type.Optional(TradeIdIn),
  side: Type.Enum(['BUY', 'SELL']),
  quantity: QuantityIn,
  price: PriceIn,
  fees: Type.Optional(MoneyIn),
  tradeDate: Type.Optional(DateIn),
  lots: Type.Optional(Type.Array(NamedLot, { minItems: 1, maxItems: 100 })),
};

export const OrderRequest = Type.Object(
  { symbol: SymbolIn, ...tradeTerms },
  {
    ...closed,
    title: 'OrderRequest',
    description:
      'Books an execution. Without a tradeId one is made; tradeDate defaults to the present business ' +
      "date, fees to 0. lots name what to close; without them the account's cost method chooses.",
    examples: [
      {
        tradeId: 'T-1',
        side: 'BUY',
        symbol: 'AAPL',
        quantity: '10',
        price: '189.50',
        fees: '1.00',
      },
    ],
  },
);
export type OrderRequest = Static<typeof OrderRequest>;

export const CorrectTradeRequest = Type.Object(
  { replacement: Type.Object(tradeTerms, closed), reason: ReasonIn },
  {
    ...closed,
    title: 'CorrectTradeRequest',
    description:
      'The trade is cancelled and the replacement, of the same symbol and under a trade id of its own, ' +
      'takes its place in the order of trades.',
    examples: [
      {
        replacement: { tradeId: 'T-1-corrected', side: 'BUY', quantity: '10', price: '189.40' },
        reason: 'price was misread',
      },
    ],
  },
);
export type CorrectTradeRequest = Static<typeof CorrectTradeRequest>;

export const ReasonRequest = Type.Object(
  { reason: ReasonIn },
  { ...closed, title: 'ReasonRequest', examples: [{ reason: 'asked for by the owner' }] },
);
export type ReasonRequest = Static<typeof ReasonRequest>;

export const CloseAccountRequest = Type.Object(
  { reason: ReasonIn, closedOn: Type.Optional(DateIn) },
  { ...closed, title: 'CloseAccountRequest', examples: [{ reason: 'asked for by the owner' }] },
);
export type CloseAccountRequest = Static<typeof CloseAccountRequest>;

export const LimitsRequest = Type.Object(
  {
    priceCollarPercent: Type.Optional(PercentageIn),
    orderNotionalMax: Type.Optional(MoneyIn),
    positionQuantityMax: Type.Optional(QuantityIn),
    concentrationPercentMax: Type.Optional(PercentageIn),
  },
  {
    ...closed,
    title: 'LimitsRequest',
    description: 'Limits left out stay as they are.',
    minProperties: 1,
    examples: [{ orderNotionalMax: '1000000', concentrationPercentMax: '40' }],
  },
);
export type LimitsRequest = Static<typeof LimitsRequest>;

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

export const LimitsAnswer = Type.Object(
  {
    priceCollarPercent: DecimalText,
    orderNotionalMax: DecimalText,
    positionQuantityMax: DecimalText,
    concentrationPercentMax: DecimalText,
  },
  { title: 'Limits' },
);
export type LimitsAnswer = Static<typeof LimitsAnswer>;

export const AccountStatusIn = Type.Enum(['OPEN', 'SUSPENDED', 'CLOSED']);

const accountTerms = {
  accountId: Type.String(),
  ownerName: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'Null once the owner is erased, and while the keys are unavailable',
  }),
  ownerErased: Type.Boolean({ description: 'Nobody can read the name again' }),
  ownerKind: Type.String(),
  currency: Type.String(),
  costMethod: Type.String(),
  shortSelling: Type.Boolean(),
  openedOn: DateText,
  status: AccountStatusIn,
};

export const AccountAnswer = Type.Object(
  {
    ...accountTerms,
    asOf: Type.String({ format: 'date', description: 'The figures are of the end of this day' }),
    cash: Type.String({ description: 'By trade date' }),
    settledCash: Type.String({ description: 'Of the cash, what has settled' }),
    marketValue: Type.String({ description: 'Of the positions that have a price' }),
    total: Type.String({ description: 'Cash and market value' }),
    unrealizedPnl: Type.String({ description: 'Of the positions that have a price' }),
    realizedPnl: Type.String({ description: 'Of all positions ever held' }),
    unpriced: Type.Array(Type.String(), { description: 'Symbols held without a price' }),
  },
  { title: 'Account' },
);
export type AccountAnswer = Static<typeof AccountAnswer>;

export const AccountSummary = Type.Object(
  { ...accountTerms, cash: DecimalText, closedOn: DateTextOrNull, updatedAt: InstantText },
  { title: 'AccountSummary' },
);
export type AccountSummary = Static<typeof AccountSummary>;

export const PositionAnswer = Type.Object(
  {
    accountId: Type.String(),
    symbol: Type.String(),
    currency: Type.String(),
    quantity: Type.String({ description: 'Negative when short' }),
    averageCost: DecimalText,
    cost: DecimalText,
    lastPrice: DecimalTextOrNull,
    marketValue: DecimalTextOrNull,
    unrealizedPnl: DecimalTextOrNull,
    realizedPnl: DecimalText,
    updatedAt: InstantTextOrNull,
  },
  {
    title: 'Position',
    description: 'Without a price there is no value and no unrealized gain: null then.',
  },
);
export type PositionAnswer = Static<typeof PositionAnswer>;

const LotAnswer = Type.Object(
  {
    lotId: Type.String({ description: 'The trade that opened it' }),
    openedOn: DateText,
    settlementDate: DateText,
    quantity: DecimalText,
    cost: DecimalText,
  },
  { title: 'Lot' },
);

export const PositionWithLots = Type.Object(
  { ...PositionAnswer.properties, lots: Type.Array(LotAnswer) },
  { title: 'PositionWithLots' },
);
export type PositionWithLots = Static<typeof PositionWithLots>;

export const TradeStatusIn = Type.Enum(['BOOKED', 'CANCELLED', 'REFUSED']);
export const SideIn = Type.Enum(['BUY', 'SELL']);

export const TradeAnswer = Type.Object(
  {
    accountId: Type.String(),
    tradeId: Type.String(),
    symbol: Type.String(),
    side: SideIn,
    quantity: DecimalText,
    price: DecimalText,
    fees: DecimalTextOrNull,
    amount: DecimalTextOrNull,
    realizedPnl: DecimalTextOrNull,
    currency: TextOrNull,
    tradeDate: DateText,
    settlementDate: DateTextOrNull,
    status: TradeStatusIn,
    replaces: TextOrNull,
    cancelReason: TextOrNull,
    refusalCode: TextOrNull,
    refusalLimit: TextOrNull,
    refusalActual: TextOrNull,
    recordedAt: InstantText,
    position: Type.Integer(),
  },
  { title: 'Trade', description: 'What a refused trade never had is null.' },
);
export type TradeAnswer = Static<typeof TradeAnswer>;

export const DayBalanceAnswer = Type.Object(
  {
    date: DateText,
    cash: DecimalText,
    marketValue: Type.String({ description: 'Of the positions that have a price' }),
    total: DecimalText,
    unpriced: Type.Array(Type.String()),
  },
  { title: 'DayBalance' },
);
export type DayBalanceAnswer = Static<typeof DayBalanceAnswer>;
