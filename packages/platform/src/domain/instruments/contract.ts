import { Type, type Static } from 'typebox';
import { DateText, InstantText, LoggedInstantIn, InstantTextOrNull } from '../calendar/contract.ts';
import { actionTypes } from '../corporate-actions/events.ts';
import { CurrencyIn, DecimalText, PriceIn, QuantityIn } from '../money/contract.ts';
import type { InstrumentSymbol } from './events.ts';

// What callers say to instruments and their prices, and what they hear.

const closed = { additionalProperties: false } as const;

/** Nothing that a log line, a database or a terminal could trip over: no controls, no lone surrogates. */
const plainText = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}\\p{Cs}]*$',
    'x-expected': `text of 1 to ${maxLength} characters without control characters`,
  });

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

export const SymbolIn = Type.Unsafe<InstrumentSymbol>({
  type: 'string',
  pattern: '^[A-Z0-9.-]{1,16}$',
  'x-expected': '1 to 16 of A-Z 0-9 . -',
  description: 'What the instrument is traded under',
  examples: ['AAPL'],
});

const Isin = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  minLength: 1,
  maxLength: 12,
  pattern: '^[A-Z0-9]*$',
  'x-expected': 'the 12 characters of ISO 6166 such as "US0378331005", or null',
});

const terms = {
  name: plainText(200),
  lotSize: Type.Optional(QuantityIn),
  tickSize: Type.Optional(PriceIn),
  isin: Type.Optional(Isin),
};

export const ListInstrumentRequest = Type.Object(
  { symbol: SymbolIn, currency: CurrencyIn, ...terms },
  {
    ...closed,
    title: 'ListInstrumentRequest',
    description:
      'Orders are for multiples of lotSize, which defaults to 1, at prices that are multiples of ' +
      'tickSize, which defaults to 0.01.',
    examples: [{ symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD', isin: 'US0378331005' }],
  },
);
export type ListInstrumentRequest = Static<typeof ListInstrumentRequest>;

const ReasonIn = plainText(500);

export const AmendInstrumentRequest = Type.Object(
  { ...terms, name: Type.Optional(terms.name), reason: ReasonIn },
  {
    ...closed,
    title: 'AmendInstrumentRequest',
    description: 'Terms left out stay as they are. Symbol and currency never change.',
    examples: [{ tickSize: '0.001', reason: 'new tick size regime' }],
  },
);
export type AmendInstrumentRequest = Static<typeof AmendInstrumentRequest>;

export const TradingStatusRequest = Type.Object(
  { reason: ReasonIn },
  { ...closed, title: 'TradingStatusRequest', examples: [{ reason: 'trading as usual' }] },
);
export type TradingStatusRequest = Static<typeof TradingStatusRequest>;

export const HaltTradingRequest = Type.Object(
  {
    reason: ReasonIn,
    haltCode: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        minLength: 1,
        maxLength: 10,
        pattern: '^[A-Z0-9]*$',
        'x-expected': '1 to 10 of A-Z 0-9, or null',
        description: "The market's own code for this kind of halt",
      }),
    ),
  },
  {
    ...closed,
    title: 'HaltTradingRequest',
    examples: [{ reason: 'news pending', haltCode: 'T1' }],
  },
);
export type HaltTradingRequest = Static<typeof HaltTradingRequest>;

export const InstrumentAnswer = Type.Object(
  {
    symbol: Type.String(),
    name: Type.String(),
    currency: Type.String(),
    lotSize: DecimalText,
    tickSize: DecimalText,
    isin: TextOrNull,
    status: Type.Enum(['TRADING', 'HALTED', 'DELISTED']),
    statusReason: TextOrNull,
    haltCode: TextOrNull,
    updatedAt: InstantText,
  },
  { title: 'Instrument' },
);
export type InstrumentAnswer = Static<typeof InstrumentAnswer>;

export const TradingStatusIn = InstrumentAnswer.properties.status;

const source = Type.Optional(plainText(100));

export const CloseRequest = Type.Object(
  {
    close: PriceIn,
    open: Type.Optional(PriceIn),
    high: Type.Optional(PriceIn),
    low: Type.Optional(PriceIn),
    volume: Type.Optional(QuantityIn),
    source,
  },
  {
    ...closed,
    title: 'CloseRequest',
    description:
      'The raw prices of one trading day. open defaults to the close, high and low to the greater and ' +
      'the smaller of open and close, volume to 0, source to "api".',
    examples: [
      { open: '187.15', high: '189.90', low: '186.80', close: '189.50', volume: '48087700' },
    ],
  },
);
export type CloseRequest = Static<typeof CloseRequest>;

export const LastPriceRequest = Type.Object(
  { price: PriceIn, markedAt: Type.Optional(LoggedInstantIn), source },
  {
    ...closed,
    title: 'LastPriceRequest',
    description: 'The price that positions are valued with. markedAt defaults to now.',
    examples: [{ price: '189.50' }],
  },
);
export type LastPriceRequest = Static<typeof LastPriceRequest>;

export const CloseAnswer = Type.Object(
  {
    symbol: Type.String(),
    date: DateText,
    open: DecimalText,
    high: DecimalText,
    low: DecimalText,
    close: DecimalText,
    volume: DecimalText,
    source: Type.String(),
    recordedAt: InstantText,
  },
  { title: 'Close' },
);
export type CloseAnswer = Static<typeof CloseAnswer>;

export const LastPriceAnswer = Type.Object(
  {
    symbol: Type.String(),
    price: DecimalText,
    date: DateText,
    markedAt: InstantTextOrNull,
    source: Type.String(),
    updatedAt: InstantText,
  },
  { title: 'LastPrice', description: 'markedAt is null where the last price is a close.' },
);
export type LastPriceAnswer = Static<typeof LastPriceAnswer>;

export const AdjustIn = Type.Enum(['none', 'split', 'all'], {
  description:
    'none: raw, as recorded under this symbol. split: in terms of the shares of today. all: also less what was ' +
    'paid out since. With split and all the list goes on into the symbols that the instrument had before.',
});

export const AdjustmentAnswer = Type.Object(
  {
    exDate: DateText,
    actionId: Type.String(),
    eventType: Type.Enum([...actionTypes]),
    symbol: Type.String({ description: 'That the action was announced for' }),
    splitDivisor: DecimalText,
    dividendFactor: DecimalText,
    cumulativeSplitDivisor: DecimalText,
    cumulativeDividendFactor: DecimalText,
    leftOut: Type.Unsafe<
      'CLOSE_UNKNOWN' | 'OTHER_CURRENCY' | 'NOT_BELOW_CLOSE' | 'TERMS_INCOMPLETE' | null
    >({
      type: ['string', 'null'],
      enum: ['CLOSE_UNKNOWN', 'OTHER_CURRENCY', 'NOT_BELOW_CLOSE', 'TERMS_INCOMPLETE', null],
      description: 'Why an action that moves prices has no effect on these; null where it has one',
    }),
  },
  {
    title: 'Adjustment',
    description:
      'Prices from before exDate are divided by splitDivisor, volumes multiplied by it; less what was paid ' +
      'out, prices are multiplied by dividendFactor. The cumulative ones are those of this action and all ' +
      'later ones. Shown to 12 decimals; prices are adjusted with the exact quotients and rounded once.',
  },
);
export type AdjustmentAnswer = Static<typeof AdjustmentAnswer>;
