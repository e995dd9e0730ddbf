import type { CalendarDate, Clock } from '@counterfoil/event-store';
import { instantOf } from '../../domain/calendar/contract.ts';
import type {
  AmendInstrumentRequest,
  CloseRequest,
  HaltTradingRequest,
  LastPriceRequest,
  ListInstrumentRequest,
} from '../../domain/instruments/contract.ts';
import type { InstrumentCommand } from '../../domain/instruments/instrument.ts';
import { priceOf, quantityOf } from '../../domain/money/contract.ts';
import { Price, Quantity } from '../../domain/money/money.ts';
import type { PricesInstruction } from '../../ledger/instructions.ts';

// From validated requests to commands: defaults are filled in and decimals become integers.

const oneShare = Quantity.of('1');
const oneCent = Price.of('0.01');

export function listInstrumentFrom(request: ListInstrumentRequest): InstrumentCommand {
  const { symbol, name, currency, lotSize, tickSize, isin = null } = request;
  return {
    type: 'ListInstrument',
    symbol,
    name,
    currency,
    lotSize: lotSize === undefined ? oneShare : quantityOf(lotSize),
    tickSize: tickSize === undefined ? oneCent : priceOf(tickSize),
    isin,
  };
}

export function amendInstrumentFrom(request: AmendInstrumentRequest): InstrumentCommand {
  const { reason, name, lotSize, tickSize, isin } = request;
  return {
    type: 'AmendInstrument',
    reason,
    ...(name === undefined ? {} : { name }),
    ...(lotSize === undefined ? {} : { lotSize: quantityOf(lotSize) }),
    ...(tickSize === undefined ? {} : { tickSize: priceOf(tickSize) }),
    ...(isin === undefined ? {} : { isin }),
  };
}

export function haltTradingFrom(request: HaltTradingRequest): InstrumentCommand {
  const { reason, haltCode = null } = request;
  return { type: 'HaltTrading', reason, haltCode };
}

const sourceDefault = 'api';

export function recordCloseFrom(request: CloseRequest, date: CalendarDate): PricesInstruction {
  const close = priceOf(request.close);
  const open = request.open === undefined ? close : priceOf(request.open);
  return {
    type: 'RecordDailyBar',
    date,
    open,
    high: request.high === undefined ? greater(open, close) : priceOf(request.high),
    low: request.low === undefined ? smaller(open, close) : priceOf(request.low),
    close,
    volume: request.volume === undefined ? Quantity.zero : quantityOf(request.volume),
    source: request.source ?? sourceDefault,
  };
}

function greater(left: Price, right: Price): Price {
  return left > right ? left : right;
}

function smaller(left: Price, right: Price): Price {
  return left < right ? left : right;
}

export function markPriceFrom(
  { price, markedAt, source }: LastPriceRequest,
  clock: Clock,
): PricesInstruction {
  return {
    type: 'MarkPrice',
    price: priceOf(price),
    markedAt: markedAt === undefined ? clock() : instantOf(markedAt),
    source: source ?? sourceDefault,
  };
}
