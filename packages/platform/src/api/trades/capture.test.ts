import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IntakeOverloaded } from '../../capture/intake.ts';
import type { RequestAnswer } from '../../domain/trade-records/contract.ts';
import type { RequestId } from '../../requests/request-store.ts';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { describeTradeCapture } from './capture.contract.ts';
import {
  capture,
  openAccount,
  posting,
  putAside,
  recordOf,
  settled,
  tradeOne,
} from './trades.fixture.ts';

describeTradeCapture('SQLite with the embedded bus', openServer);

let fixture: ServerFixture;

beforeEach(async () => {
  fixture = await openServer();
});
afterEach(() => fixture.close());

const success = { status: 202, outcome: 'SUCCESS', code: null };

describe('TC-05 the health of the parts', () => {
  test('is ok while all of them work', async () => {
    const response = await fixture.call({ request: 'GET /api/v1/health' });

    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ status: 'ok', db: 'ok', kafka: 'ok' });
  });

  test('names what is down', async () => {
    const { trades, requests } = fixture.platform;
    const withoutBus = await fixture.withParts({ trades: { ...trades, backlog: gone } });
    const withoutStore = await fixture.withParts({ requests: { ...requests, check: gone } });
    const url = '/api/v1/health';

    expect((await withoutBus.inject({ url })).json()).toEqual({
      status: 'degraded',
      db: 'ok',
      kafka: 'down',
    });
    expect((await withoutStore.inject({ url })).json()).toEqual({
      status: 'degraded',
      db: 'down',
      kafka: 'ok',
    });
  });
});

describe('TC-06 more records than the queue takes', () => {
  test('are answered with 503 and when to come again', async () => {
    const { trades } = fixture.platform;
    const server = await fixture.withParts({
      trades: { ...trades, intake: { ...trades.intake, accept: overloaded } },
    });

    const response = await server.inject({
      method: 'POST',
      url: '/api/v1/trades',
      payload: tradeOne,
    });

    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code: 'OVERLOADED' });
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('OP-11, TC-03 a message that can not be handled', () => {
  test('is put aside with its cause, and holds up nobody', async () => {
    const id = await putAside(fixture, 'not a trade');

    expect(await capture(fixture, tradeOne)).toEqual(success);
    const letter = await fixture.call({ request: `GET /api/v1/dead-letters/${id}` });
    expect(letter.json()).toMatchObject({
      id,
      topic: 'trades',
      cause: expect.stringContaining('UnreadableTrade: the message is not JSON'),
      attempts: 3,
      message: 'not a trade',
      request_id: null,
      resolution: null,
    });
  });

  test('leaves its request pending, with the reason, until an operator gives it up', async () => {
    const { letter, asked } = await acceptPoison('01a1f978-b580-71b0-8f8f-c242bbe5a2b2');
    expect(await asked()).toMatchObject({
      status: 'PENDING',
      held_because: expect.stringContaining('the message is no trade'),
    });

    const body = { reason: 'sent by mistake' };
    const act = { request: `POST /api/v1/dead-letters/${letter}/discard`, body };
    const discarded = await fixture.done(act);
    await fixture.done(act);

    expect(discarded.json()).toMatchObject({
      resolution: { kind: 'DISCARDED', reason: 'sent by mistake', by: 'local' },
    });
    expect(await asked()).toMatchObject({
      status: 'FAILED',
      code: 'DISCARDED',
      reason: 'sent by mistake',
      held_because: null,
    });
  });

  test('is handled once more when an operator says so', async () => {
    const { letter, letters } = await acceptPoison('01a1f978-b580-71b0-8f8f-c242bbe5a2b2');

    await fixture.done({
      request: `POST /api/v1/dead-letters/${letter}/reprocess`,
      body: { reason: 'try again' },
    });

    await until(async () => (await letters()).length === 2);
    expect(await letters()).toMatchObject([
      { id: letter, resolution: { kind: 'REPROCESSED' } },
      { resolution: null },
    ]);
  });

  test('is captured when what was wrong has been put right, and booked once', async () => {
    await openAccount(fixture, '1000');
    const { trades } = fixture.platform.ledger as { trades: { capture: unknown } };
    const { capture: sound } = trades;
    trades.capture = () => Promise.reject(new TypeError('a defect'));
    const booked = { account: 'A1', symbol: 'AAPL', side: 'BUY', quantity: '2', price: '100' };
    const accepted = await fixture.call(posting({ ...tradeOne, ...booked }));
    const asked = async (): Promise<RequestAnswer> =>
      (await fixture.call({ request: `GET ${accepted.headers.location}` })).json();
    await until(async () => (await asked()).held_because !== null);
    expect(await asked()).toMatchObject({ status: 'PENDING', held_because: 'a defect' });
    const letters = await fixture.call({ request: 'GET /api/v1/dead-letters' });
    const { items } = letters.json<{ items: readonly { id: string; request_id: string }[] }>();
    expect(items).toMatchObject([{ request_id: (await asked()).request_id }]);
    trades.capture = sound;

    const act = {
      request: `POST /api/v1/dead-letters/${items[0]?.id}/reprocess`,
      body: { reason: 'mended' },
    };
    await fixture.done(act);

    expect(await settled(fixture, accepted)).toMatchObject({
      status: 'SUCCESS',
      held_because: null,
    });
    await fixture.done(act);
    await until(async () => (await fixture.platform.trades.backlog()) === 0);
    const account = await fixture.call({ request: 'GET /api/v1/accounts/A1' });
    expect(account.json()).toMatchObject({ cash: '800' });
    expect((await recordOf(fixture, 'T1'))?.versions).toHaveLength(1);
  });

  test('is not given up where the trade is in the log', async () => {
    const accepted = await fixture.call(posting(tradeOne));
    const { request_id: requestId } = await settled(fixture, accepted);
    const letter = await putAside(fixture, `{"request_id":"${requestId}"}`);

    const refused = await fixture.call({
      request: `POST /api/v1/dead-letters/${letter}/discard`,
      body: { reason: 'example' },
    });

    expect(refused.json()).toMatchObject({ status: 409, code: 'DEAD_LETTER_RESOLVED' });
    expect(await settled(fixture, accepted)).toMatchObject({ status: 'SUCCESS' });
  });
});

/** A request whose message is no trade, put aside. */
async function acceptPoison(id: string) {
  const message = { key: 'k', value: Buffer.from(`{"request_id":"${id}"}`) };
  const [acceptedAtMs, expiresAtMs] = [Date.now(), Date.now() + 60_000];
  await fixture.platform.requests.accept([
    { id: id as RequestId, acceptedAtMs, expiresAtMs, topic: 'trades', message },
  ]);
  const asked = async (): Promise<RequestAnswer> =>
    (await fixture.call({ request: `GET /api/v1/requests/${id}` })).json();
  await until(async () => (await asked()).held_because !== null);
  const letters = async (): Promise<readonly { readonly id: string }[]> =>
    (await fixture.call({ request: 'GET /api/v1/dead-letters' })).json<{ items: [] }>().items;
  const [letter] = await letters();
  return { letter: letter?.id, letters, asked };
}

function gone(): Promise<never> {
  return Promise.reject(new Error('gone'));
}

function overloaded(): Promise<never> {
  return Promise.reject(new IntakeOverloaded('20000 requests are on their way to the queue'));
}
