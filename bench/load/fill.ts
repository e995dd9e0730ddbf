import type { Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { bookOrder, type BookOptions } from './book-order.ts';
import type { Order } from './orders.ts';

const callers = 2_000;

/** Books so many orders, as fast as they go. */
export async function bookOrders(
  ledger: Pick<Ledger, 'account' | 'market'>,
  nextOrder: () => Order,
  count: number,
  options: BookOptions = {},
): Promise<void> {
  let left = count;
  const bookOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await bookOrder(ledger, nextOrder(), options);
    }
  };
  await Promise.all(Array.from({ length: callers }, bookOn));
}
