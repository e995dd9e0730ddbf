import type { ServerFixture } from '../api/server.fixture.ts';

/** Lists instruments, of each of which an account A1 holds 11 shares. */
export async function holding(
  { done }: Pick<ServerFixture, 'done'>,
  symbols: readonly string[],
): Promise<void> {
  const body = {
    accountId: 'A1',
    ownerName: 'Owner',
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: '100000',
    openedOn: '2020-01-02',
  };
  await done({ request: 'POST /api/v1/accounts', body });
  for (const symbol of symbols) {
    const listed = { symbol, name: symbol, currency: 'USD' };
    await done({ request: 'POST /api/v1/instruments', body: listed });
    const order = { side: 'BUY', symbol, quantity: '11', price: '10', tradeDate: '2020-01-03' };
    await done({ request: 'POST /api/v1/accounts/A1/orders', body: order });
  }
}

export async function statusOf({ done }: ServerFixture, id: string): Promise<string> {
  return (await done({ request: `GET /api/v1/events/${id}` })).json<{ status: string }>().status;
}

/** How often an action was posted to A1. */
export async function postedTimes({ platform }: ServerFixture, id: string): Promise<number> {
  const events = await platform.store.readStream('account-A1' as never, { from: 1, limit: 10_000 });
  return events.filter(
    ({ type, data }) =>
      type === 'EntitlementPosted' && (data as { readonly actionId: string }).actionId === id,
  ).length;
}
