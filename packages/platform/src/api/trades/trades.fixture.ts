import type { LightMyRequestResponse } from 'fastify';
import { tradesTopic } from '../../capture/trade-message.ts';
import type { RequestAnswer, TradeRecordHistory } from '../../domain/trade-records/contract.ts';
import { keyIn, until } from '../../streams/contract/samples.ts';
import type { Call } from '../error-examples.ts';
import type { ServerFixture } from '../server.fixture.ts';

/** A record that can be captured. */
export const tradeOne = {
  trade_id: 'T1',
  version: 1,
  counterparty_id: 'CP-1',
  book_id: 'B1',
  maturity_date: '2027-05-20',
};

/** Lists AAPL, and opens the account A1 with so much. */
export async function openAccount(
  { done }: Pick<ServerFixture, 'done'>,
  initialBalance: string,
): Promise<void> {
  await done({
    request: 'POST /api/v1/instruments',
    body: { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' },
  });
  await done({
    request: 'POST /api/v1/accounts',
    body: {
      accountId: 'A1',
      ownerName: 'Owner 1',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance,
    },
  });
}

export function posting(trade: object, headers?: Call['headers']): Call {
  return {
    request: 'POST /api/v1/trades',
    body: trade,
    ...(headers === undefined ? {} : { headers }),
  };
}

/** What became of an accepted request. */
export async function settled(
  { call }: Pick<ServerFixture, 'call'>,
  accepted: LightMyRequestResponse,
): Promise<RequestAnswer> {
  const response = await call({ request: `GET ${accepted.headers.location}?wait=20s` });
  const answer = response.json<RequestAnswer>();
  if (answer.status !== 'PENDING') return answer;
  throw new Error(`the request is still pending: ${response.body}`);
}

/** What a record was answered with, and what became of it. */
export async function capture(
  fixture: Pick<ServerFixture, 'call'>,
  trade: object,
): Promise<{ readonly status: number; readonly outcome: string; readonly code: string | null }> {
  const response = await fixture.call(posting(trade));
  if (response.statusCode !== 202) {
    const { code } = response.json<{ code: string }>();
    return { status: response.statusCode, outcome: 'REFUSED', code };
  }
  const { status, code } = await settled(fixture, response);
  return { status: 202, outcome: status, code };
}

export async function recordOf(
  { call }: Pick<ServerFixture, 'call'>,
  tradeId: string,
): Promise<TradeRecordHistory | undefined> {
  const response = await call({ request: `GET /api/v1/trades/${tradeId}` });
  return response.statusCode === 404 ? undefined : response.json<TradeRecordHistory>();
}

/** Puts a message on the topic of trades that can't be handled; answers with the id of its dead letter. */
export async function putAside(
  { platform, call }: Pick<ServerFixture, 'platform' | 'call'>,
  text: string,
): Promise<string> {
  const letters = async (): Promise<readonly { readonly id: string; readonly message: string }[]> =>
    (await call({ request: 'GET /api/v1/dead-letters' })).json<{ items: [] }>().items;
  const before = (await letters()).length;
  const partitions = await platform.trades.progress();
  const key = keyIn(0, partitions.length);
  await platform.bus.publish(tradesTopic, [{ key, value: Buffer.from(text) }]);
  await until(async () => (await letters()).length > before);
  return (await letters()).find(({ message }) => message === text)?.id ?? 'none';
}
