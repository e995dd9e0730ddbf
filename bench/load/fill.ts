import { addDays } from '@counterfoil/event-store';
import type { Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { bookOrder, type BookOptions } from './book-order.ts';
import type { Order } from './orders.ts';

type OrderLedger = Pick<Ledger, 'account' | 'market'>;

const callers = 2_000;

/** Books so many orders of today, as fast as they go. */
export async function bookOrders(
  ledger: OrderLedger,
  nextOrder: () => Order,
  count: number,
  options: BookOptions = {},
): Promise<void> {
  await eachOf(count, () => bookOrder(ledger, nextOrder(), options));
}

export const historyDays = 250;

/** Books so many orders as the history of the days up to today, in order of their dates. */
export async function bookHistory(
  ledger: OrderLedger,
  nextOrder: () => Order,
  count: number,
): Promise<void> {
  const today = ledger.market.today();
  const dates = Array.from({ length: historyDays }, (_, day) =>
    addDays(today, day + 1 - historyDays),
  );
  await eachOf(count, (number) => {
    const tradeDate = dates[Math.floor((number * historyDays) / count)];
    return bookOrder(ledger, nextOrder(), { tradeDate });
  });
}

async function eachOf(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let begun = 0;
  const workOn = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await work(begun - 1);
    }
  };
  await Promise.all(Array.from({ length: callers }, workOn));
}
