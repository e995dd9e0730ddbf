import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
  type ValueOf,
} from '@counterfoil/event-store';
import type { AccountId, TradeId } from '../accounts/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Money, Price, Quantity } from '../money/money.ts';

/** Names a trade among those that upstream systems report: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
export type RecordId = Branded<string, 'RecordId'>;

const economics = field.record('Economics', {
  accountId: field.text<AccountId>(),
  symbol: field.text<InstrumentSymbol>(),
  side: field.oneOf('RecordSide', ['BUY', 'SELL']),
  /** Above zero. */
  quantity: Quantity.field,
  price: Price.field,
  fees: Money.field,
  tradeDate: field.date(),
});

/** What it takes to book a trade in an account. */
export type Economics = ValueOf<typeof economics>;

/** A record as it arrived. */
const record = {
  requestId: field.text(),
  /** From 1. */
  version: field.integer(),
  counterpartyId: field.text(),
  bookId: field.text(),
  maturityDate: field.date(),
  createdDate: field.date(),
  /** Null when the trade is not to be booked. */
  economics: field.nullable(economics),
};

const booked = {
  ...record,
  /** Under which trade id it stands in the account; null without economics. */
  executionId: field.nullable(field.text<TradeId>()),
};

const following = {
  ...booked,
  /** The version of the stream at which the record before it arrived: that is current no longer. */
  supersedes: field.integer(),
};

/** The first record of a trade. */
const TradeRecordCaptured = eventType('TradeRecordCaptured', booked);

/** A record with a higher version than the current one. */
const TradeRecordAmended = eventType('TradeRecordAmended', following);

/** Another record with the version of the current one. */
const TradeRecordReplaced = eventType('TradeRecordReplaced', following);

/** A record was accepted for processing and then refused: nothing else has changed. */
const TradeRecordRefused = eventType('TradeRecordRefused', {
  ...record,
  code: field.text(),
  /** A sentence for a human. */
  reason: field.text(),
});

/** The maturity of the current record has passed. */
const TradeRecordExpired = eventType('TradeRecordExpired', {
  maturityDate: field.date(),
  /** The business date on which it was noticed: the first after maturity, unless the program stood still. */
  expiredOn: field.date(),
});

export const tradeRecordEventTypes = [
  TradeRecordCaptured,
  TradeRecordAmended,
  TradeRecordReplaced,
  TradeRecordRefused,
  TradeRecordExpired,
];

export type TradeRecordEvent = EventOf<(typeof tradeRecordEventTypes)[number]>;

/** What is booked, as rows and answers show it; all null without it. */
export function economicsText(what: Economics | null) {
  return {
    account_id: what?.accountId ?? null,
    symbol: what?.symbol ?? null,
    side: what?.side ?? null,
    quantity: what && Quantity.format(what.quantity),
    price: what && Price.format(what.price),
    fees: what && Money.format(what.fees),
    trade_date: what?.tradeDate ?? null,
  };
}

const prefix = 'trade-record-';

export function tradeRecordStream(id: RecordId): StreamId {
  return streamId(prefix + id);
}

/** The trade that a stream is named after. */
export function recordOfStream(stream: StreamId): RecordId {
  return stream.slice(prefix.length) as RecordId;
}
