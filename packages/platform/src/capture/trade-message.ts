import type { CalendarDate, Cause } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AccountId } from '../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { moneyOf, priceOf, quantityOf } from '../domain/money/contract.ts';
import { Money } from '../domain/money/money.ts';
import { TradeRecordRequest } from '../domain/trade-records/contract.ts';
import type { Economics } from '../domain/trade-records/events.ts';
import type { Arrival } from '../domain/trade-records/trade-record.ts';
import type { RequestId } from '../requests/request-store.ts';
import type { Message, NewMessage } from '../streams/bus.ts';

// A trade record on its way from intake to consumer: JSON, so that whoever looks into a dead letter can
// read it (docs/decisions/0010).

export const tradesTopic = 'trades';

const TradeMessage = Type.Object({
  request_id: Type.String({ format: 'uuid' }),
  /** On whose behalf. */
  user_id: Type.String(),
  correlation_id: Type.String(),
  /** Complete: what the request left out is filled in. */
  trade: TradeRecordRequest,
});

const validator = Compile(TradeMessage);

export interface TradeMessage extends Omit<Static<typeof TradeMessage>, 'request_id'> {
  readonly request_id: RequestId;
}

/** The message of a record; those of one trade keep their order. */
export function tradeMessage(message: TradeMessage): NewMessage {
  return { key: message.trade.trade_id, value: Buffer.from(JSON.stringify(message)) };
}

/** A message was not put on the bus by an intake: nothing can be done with it. */
class UnreadableTrade extends Error {
  override readonly name = 'UnreadableTrade';
}

/** Throws an UnreadableTrade. */
export function readTradeMessage({ value }: Message): TradeMessage {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(value).toString());
  } catch (cause) {
    throw new UnreadableTrade('the message is not JSON', { cause });
  }
  if (validator.Check(said)) return said as TradeMessage;
  const [first] = validator.Errors(said);
  throw new UnreadableTrade(`the message is no trade: ${first?.instancePath} ${first?.message}`);
}

/** Which request a message belongs to, if it says so in any way. */
export function requestIdIn({ value }: Message): RequestId | undefined {
  const [, id] = /"request_id":"([0-9a-f-]{36})"/.exec(Buffer.from(value).toString()) ?? [];
  return id as RequestId | undefined;
}

export function causeIn(message: TradeMessage): Cause {
  return {
    userId: message.user_id,
    correlationId: message.correlation_id,
    causationId: message.request_id,
  };
}

/** The record of a valid request; dates that it leaves out are those of today. */
export function arrivalOf(
  request: TradeRecordRequest,
  requestId: string,
  today: CalendarDate,
): Arrival {
  return {
    requestId,
    tradeId: request.trade_id,
    version: request.version,
    counterpartyId: request.counterparty_id,
    bookId: request.book_id,
    maturityDate: request.maturity_date,
    createdDate: request.created_date ?? today,
    economics: economicsOf(request, today),
  };
}

function economicsOf(request: TradeRecordRequest, today: CalendarDate): Economics | null {
  const { account, symbol, side, quantity, price, fees, trade_date } = request;
  if (
    account === undefined ||
    symbol === undefined ||
    side === undefined ||
    quantity === undefined ||
    price === undefined
  ) {
    return null;
  }
  return {
    accountId: account satisfies AccountId,
    symbol: symbol satisfies InstrumentSymbol,
    side,
    quantity: quantityOf(quantity),
    price: priceOf(price),
    fees: fees === undefined ? Money.zero : moneyOf(fees),
    tradeDate: trade_date ?? today,
  };
}

/** The request with the dates that it left out. */
export function completed(request: TradeRecordRequest, today: CalendarDate): TradeRecordRequest {
  const dated = request.created_date === undefined ? { ...request, created_date: today } : request;
  return request.account !== undefined && request.trade_date === undefined
    ? { ...dated, trade_date: today }
    : dated;
}
