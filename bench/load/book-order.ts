import { randomUUID } from 'node:crypto';
import { StoreOverloaded, type CalendarDate } from '@counterfoil/event-store';
import type { AccountId, TradeId } from '@counterfoil/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '@counterfoil/platform/src/domain/instruments/events.ts';
import { Money, Price, Quantity } from '@counterfoil/platform/src/domain/money/money.ts';
import type { Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { newTradeId } from '@counterfoil/platform/src/ledger/trade-ids.ts';
import type { Order } from './orders.ts';
import { causeOfTrade } from './trades.ts';

export interface BookOptions {
  /** Whether the client made the trade's id: the ledger then claims it, so that it can't come twice. */
  readonly tradeIdOfClient?: boolean | undefined;
  /** Today when it is not said. */
  readonly tradeDate?: CalendarDate | undefined;
}

const fees = Money.of('1');

/**
 * Books an order as the API would, who caused it included, and resolves once it is durable. Rejects when
 * it is not accepted, for every order is made to be.
 */
export async function bookOrder(
  ledger: Pick<Ledger, 'account' | 'market'>,
  { account, symbol, side, quantity, price }: Order,
  { tradeIdOfClient = false, tradeDate }: BookOptions = {},
): Promise<void> {
  const result = await ledger.account(
    account as AccountId,
    {
      type: 'BookTrade',
      tradeId: tradeIdOfClient ? (randomUUID() as TradeId) : newTradeId(),
      freshTradeId: !tradeIdOfClient,
      side,
      symbol: symbol as InstrumentSymbol,
      quantity: Quantity.of(quantity),
      price: Price.of(price),
      fees,
      tradeDate: tradeDate ?? ledger.market.today(),
    },
    { cause: causeOfTrade() },
  );
  if (result.kind !== 'accepted') {
    throw new Error(`an order was ${result.kind}: ${JSON.stringify(result, withBigints)}`);
  }
}

/** As `bookOrder`, for an order that may be turned away when too many wait: answers whether it was booked. */
export async function tryToBook(
  ledger: Pick<Ledger, 'account' | 'market'>,
  order: Order,
): Promise<boolean> {
  try {
    await bookOrder(ledger, order);
    return true;
  } catch (failure) {
    if (failure instanceof StoreOverloaded) return false;
    throw failure;
  }
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
