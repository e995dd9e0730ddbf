import {
  eventType,
  field,
  plainSensitive,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
  type ValueOf,
  type ValuesOf,
} from '@counterfoil/event-store';
import { actionTermsField, actionTypes, type ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { Money, Percentage, Price, Quantity } from '../money/money.ts';

/** 1 to 64 of `A-Z a-z 0-9 . _ -`. */
export type AccountId = Branded<string, 'AccountId'>;

/** Names one trade within an account: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
export type TradeId = Branded<string, 'TradeId'>;

const idPattern = /^[A-Za-z0-9._-]{1,64}$/;

export function parseAccountId(text: string): AccountId | undefined {
  return idPattern.test(text) ? (text as AccountId) : undefined;
}

export function parseTradeId(text: string): TradeId | undefined {
  return idPattern.test(text) ? (text as TradeId) : undefined;
}

export type OwnerKind = 'INDIVIDUAL' | 'CORPORATE';

/** How the lots that a trade closes are chosen and costed, unless it names them: see `lots.ts`. */
export type CostMethod = 'FIFO' | 'AVERAGE';

export type Side = 'BUY' | 'SELL';

const side = field.oneOf('Side', ['BUY', 'SELL']);
const symbol = field.text<InstrumentSymbol>();
const tradeId = field.text<TradeId>();
const actionId = field.text<ActionId>();

const lot = field.record('Lot', {
  /** The trade that opened it. */
  lotId: field.text<TradeId>(),
  openedOn: field.date(),
  settlementDate: field.date(),
  /** Negative for a short lot. */
  quantity: Quantity.field,
  /** Has the sign of the quantity; of a short lot it is what the sale brought in, negated. */
  cost: Money.field,
});

/** Part of a position: what one trade opened and later ones have not closed. */
export type Lot = ValueOf<typeof lot>;

const namedLot = field.record('NamedLot', {
  lotId: field.text<TradeId>(),
  /** How much of the lot is to be closed; above zero for long and short lots alike. */
  quantity: Quantity.field,
});

export type NamedLot = ValueOf<typeof namedLot>;

// Every event that moves something carries the postings: signed changes of cash (`amount`), of a
// position's cost and of its realized gain. A balance is the sum of the postings, so nobody who only
// wants balances needs to know how lots are matched. For each event: amount + costChange = realizedPnl,
// and where there is income: amount + costChange = realizedPnl + gross - tax.

const accountTerms = {
  ownerKind: field.oneOf('OwnerKind', ['INDIVIDUAL', 'CORPORATE']),
  currency: field.text<CurrencyCode>(),
  initialBalance: Money.field,
  costMethod: field.oneOf('CostMethod', ['FIFO', 'AVERAGE']),
  /** Whether positions may be negative. */
  shortSelling: field.flag(),
  openedOn: field.date(),
};

export const AccountOpened = eventType('AccountOpened', {
  accountId: field.text<AccountId>(),
  ownerName: field.text(),
  ...accountTerms,
}).revise(
  {
    accountId: field.text<AccountId>(),
    /** Sealed under the key of the account's stream. */
    ownerName: field.sensitive(),
    ...accountTerms,
  },
  (opened) => ({ ...opened, ownerName: plainSensitive(opened.ownerName) }),
);

const cashMovement = {
  /** Above zero, in and out alike. */
  amount: Money.field,
  effectiveDate: field.date(),
  reference: field.text(),
};

const CashDeposited = eventType('CashDeposited', cashMovement);

const CashWithdrawn = eventType('CashWithdrawn', cashMovement);

export const TradeBooked = eventType('TradeBooked', {
  tradeId,
  side,
  symbol,
  /** Above zero; the side gives the direction. */
  quantity: Quantity.field,
  price: Price.field,
  fees: Money.field,
  currency: field.text<CurrencyCode>(),
  /** Cash: minus quantity x price and fees for a buy, plus quantity x price minus fees for a sell. */
  amount: Money.field,
  /** As if the trades of the symbol had arrived in order of their dates, up to and with this one. */
  costChange: Money.field,
  realizedPnl: Money.field,
  tradeDate: field.date(),
  settlementDate: field.date(),
  /** The lots it names for closing; null when the account's method chooses. */
  lots: field.nullable(field.list(namedLot)),
  /** The cancelled trade that this one stands in for, at its place in the order of the day. */
  replaces: field.nullable(tradeId),
  /** True when the PositionRestated that follows says what the lots have become. */
  lotsRestated: field.flag(),
});

/** The postings of a booked trade mirrored; the lots are in the PositionRestated that always follows. */
export const TradeCancelled = eventType('TradeCancelled', {
  tradeId,
  symbol,
  /** Signed: what comes back to the position. */
  quantityChange: Quantity.field,
  amount: Money.field,
  costChange: Money.field,
  realizedPnl: Money.field,
  /** The dates of the trade. */
  tradeDate: field.date(),
  settlementDate: field.date(),
  reason: field.text(),
});

const restated = {
  symbol,
  /** All lots, the oldest first. */
  lots: field.list(lot),
  costChange: Money.field,
  realizedPnlChange: Money.field,
  /** The date of what caused it: from then on the position was another. */
  effectiveFrom: field.date(),
};

/**
 * A position as it would be had everything been known in order, and the differences of that to the
 * postings made so far: a trade or an action was posted, replaced or taken back behind later ones.
 */
export const PositionRestated = eventType('PositionRestated', {
  ...restated,
  causeTradeId: tradeId,
  reason: field.text(),
}).revise(
  {
    ...restated,
    /** One of the two is given. */
    causeTradeId: field.nullable(tradeId),
    causeActionId: field.nullable(actionId),
    reason: field.text(),
  },
  (old) => ({ ...old, causeActionId: null }),
);

const movement = field.record('Movement', {
  symbol,
  quantityChange: Quantity.field,
  costChange: Money.field,
  realizedPnl: Money.field,
});

/** What a position of one symbol changes by. */
export type Movement = ValueOf<typeof movement>;

const election = field.record('Election', {
  option: field.oneOf('HolderOption', ['EXERCISE', 'TENDER', 'NO_ACTION']),
  /** Shares to be subscribed to, or to be tendered. */
  quantity: Quantity.field,
});

export type Election = ValueOf<typeof election>;

const entitledAction = {
  actionId,
  /** Of the announcement. */
  actionVersion: field.integer(),
  actionType: field.oneOf('EntitledActionType', actionTypes),
  /** Of the shares that entitle. */
  symbol,
  exDate: field.date(),
  recordDate: field.nullable(field.date()),
  /** When it counts: of a cash dividend the payment date. */
  effectiveDate: field.date(),
  /** When its cash is there. */
  settlementDate: field.date(),
  terms: actionTermsField,
  /** What the holder chose, or the default; null where there is no choice. */
  election: field.nullable(election),
};

/** The eligible quantity, term by term: their sum, with the deliveries subtracted. */
const eligibility = {
  /** Held and settled at the close of the record date. */
  settled: Quantity.field,
  /** Bought before the ex-date, and not settled by then. */
  pendingReceipts: Quantity.field,
  /** Sold before the ex-date, and not settled by then. */
  pendingDeliveries: Quantity.field,
};

const entitlementPostings = {
  /** Income before tax. */
  gross: Money.field,
  tax: Money.field,
  /** Part of the amount; below zero where the holder paid for the rest of a share. */
  cashInLieu: Money.field,
  /** Of a share: what was paid for in cash, or dropped. */
  fraction: Quantity.field,
  /** Change of cash. */
  amount: Money.field,
  movements: field.list(movement),
};

/** What a corporate action gives the holder. */
export const EntitlementPosted = eventType('EntitlementPosted', {
  ...entitledAction,
  ...eligibility,
  ...entitlementPostings,
  currency: field.text<CurrencyCode>(),
  /** True when the PositionRestated that follow say what the lots have become. */
  lotsRestated: field.flag(),
});

/** The postings of an entitlement mirrored: the action was cancelled, or amended and is posted anew. */
export const EntitlementReversed = eventType('EntitlementReversed', {
  actionId,
  actionVersion: field.integer(),
  symbol,
  effectiveDate: field.date(),
  settlementDate: field.date(),
  ...entitlementPostings,
  reason: field.text(),
});

/** An entitlement as it now is, and the differences to what was posted: what was held has turned out to be another. */
export const EntitlementAdjusted = eventType('EntitlementAdjusted', {
  actionId,
  actionVersion: field.integer(),
  symbol,
  effectiveDate: field.date(),
  settlementDate: field.date(),
  ...eligibility,
  ...entitlementPostings,
  currency: field.text<CurrencyCode>(),
  causeTradeId: field.nullable(tradeId),
  causeActionId: field.nullable(actionId),
  reason: field.text(),
});

/**
 * What the holder chooses of a voluntary action; it replaces what was chosen before. Recorded again when the
 * action was posted and is put off: then the choice stands as it did.
 */
export const ElectionMade = eventType('ElectionMade', {
  actionId,
  symbol,
  option: field.oneOf('ChosenOption', ['EXERCISE', 'TENDER', 'NO_ACTION']),
  quantity: Quantity.field,
});

/** The choice is void, and what it blocked is free: the action was cancelled, or nothing was eligible. */
export const ElectionReleased = eventType('ElectionReleased', {
  actionId,
  symbol,
  reason: field.text(),
});

/** A trade broke a risk check and was not booked. */
export const TradeRefused = eventType('TradeRefused', {
  tradeId,
  side,
  symbol,
  quantity: Quantity.field,
  price: Price.field,
  tradeDate: field.date(),
  /** The code of a `RiskBreach`. */
  code: field.text(),
  /** What was allowed and what was asked for, as decimal text; null where the breach has no such value. */
  limit: field.nullable(field.text()),
  actual: field.nullable(field.text()),
});

/** All limits as they are from now on: see `limits.ts`. */
const LimitsSet = eventType('LimitsSet', {
  priceCollarPercent: Percentage.field,
  orderNotionalMax: Money.field,
  positionQuantityMax: Quantity.field,
  concentrationPercentMax: Percentage.field,
});

const AccountSuspended = eventType('AccountSuspended', { reason: field.text() });

const AccountReinstated = eventType('AccountReinstated', { reason: field.text() });

const AccountClosed = eventType('AccountClosed', {
  closedOn: field.date(),
  reason: field.text(),
});

export const accountEventTypes = [
  AccountOpened,
  CashDeposited,
  CashWithdrawn,
  TradeBooked,
  TradeCancelled,
  PositionRestated,
  EntitlementPosted,
  EntitlementReversed,
  EntitlementAdjusted,
  ElectionMade,
  ElectionReleased,
  TradeRefused,
  LimitsSet,
  AccountSuspended,
  AccountReinstated,
  AccountClosed,
];

export type AccountEvent = EventOf<(typeof accountEventTypes)[number]>;

/** An action as an account has it, with the terms by which it was posted. */
export type EntitledAction = ValuesOf<typeof entitledAction>;

export type Eligibility = ValuesOf<typeof eligibility>;

export const lotField = lot;
export const electionField = election;

const accountStreamPrefix = 'account-';

export function accountStream(id: AccountId): StreamId {
  return streamId(accountStreamPrefix + id);
}

/** The account that a stream is named after. */
export function accountOfStream(stream: StreamId): AccountId {
  return stream.slice(accountStreamPrefix.length) as AccountId;
}

/** The account that a subject is, if it is one. */
export function accountOfSubject(subject: StreamId): AccountId | undefined {
  return subject.startsWith(accountStreamPrefix) ? accountOfStream(subject) : undefined;
}
