import { randomUUID } from 'node:crypto';
import { calendarDate, type EventOf } from '@counterfoil/event-store';
import type { TradeBooked, TradeId } from '@counterfoil/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '@counterfoil/platform/src/domain/instruments/events.ts';
import { parseCurrency } from '@counterfoil/platform/src/domain/money/currency.ts';
import { Money, Price, Quantity } from '@counterfoil/platform/src/domain/money/money.ts';

/** An event of the kind that the log holds most of. */
export function bookedTrade(): EventOf<typeof TradeBooked> {
  const currency = parseCurrency('USD');
  if (currency === undefined) throw new Error('USD is no currency');
  return {
    type: 'TradeBooked',
    data: {
      tradeId: randomUUID() as TradeId,
      side: 'BUY',
      symbol: 'AAPL' as InstrumentSymbol,
      quantity: Quantity.of('10'),
      price: Price.of('101.25'),
      fees: Money.of('1.00'),
      currency,
      amount: Money.of('-1013.50'),
      costChange: Money.of('1013.50'),
      realizedPnl: Money.zero,
      tradeDate: calendarDate('2026-11-20'),
      settlementDate: calendarDate('2026-11-23'),
      lots: null,
      replaces: null,
      lotsRestated: false,
    },
  };
}

/** Who caused an event, as the API writes it. */
export function causeOfTrade() {
  return { userId: 'local', correlationId: randomUUID() };
}

/** The same as JSON, for stores that keep events as that: decimals are text there. */
export function bookedTradeAsJson() {
  const { type, data } = bookedTrade();
  return {
    type,
    metadata: causeOfTrade(),
    data: {
      ...data,
      quantity: Quantity.format(data.quantity),
      price: Price.format(data.price),
      fees: Money.format(data.fees),
      amount: Money.format(data.amount),
      costChange: Money.format(data.costChange),
      realizedPnl: Money.format(data.realizedPnl),
    },
  };
}
