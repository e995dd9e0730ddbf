import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import type { Problem } from '../problem.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import {
  cashOf,
  completed,
  listed,
  listInstruments,
  openAccount,
  type EntitlementsPage,
} from './entitlements.fixture.ts';
import { announced, dividend } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await listInstruments(fixture, 'AAPL');
  for (const account of ['A1', 'A2', 'A3']) {
    await openAccount(fixture, account, '100 AAPL at 100');
  }
  await openAccount(fixture, 'A4');
});
afterAll(() => fixture.close());

const offer = {
  event_type: 'TENDER_OFFER',
  symbol: 'AAPL',
  ex_date: '2026-11-19',
  effective_date: '2026-11-24',
  election_deadline: '2026-11-23',
  terms: { price: '200' },
};
const rights = {
  ...offer,
  event_type: 'RIGHTS_ISSUE',
  terms: { ratio: '1:4', subscription_price: '8' },
};

function electing(id: string, account: string, option: string, quantity?: string, key?: string) {
  return fixture.call({
    request: `POST /api/v1/events/${id}/elections`,
    body: { account, option, ...(quantity === undefined ? {} : { quantity }) },
    ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
  });
}

interface Elections {
  readonly items: readonly {
    readonly account: string;
    readonly option: string;
    readonly quantity: string;
  }[];
  readonly nextCursor: string | null;
}

async function elections(id: string, query = ''): Promise<readonly string[]> {
  const { items } = await listed<Elections>(fixture, `/events/${id}/elections${query}`);
  return items.map(({ account, option, quantity }) => `${account} ${option} ${quantity}`);
}

/** Cancels an event, and waits until what was tendered to it is free. */
async function cancel(id: string): Promise<void> {
  await fixture.done({ request: `POST /api/v1/events/${id}/cancel`, body: { reason: 'over' } });
  await until(async () => (await elections(id)).length === 0);
}

const codeOf = async (response: ReturnType<typeof electing>): Promise<string> => {
  const { code, status } = (await response).json<Problem>();
  return `${status} ${code}`;
};

describe('CA-08 a holder chooses', () => {
  test('and may choose again: the later choice counts', async () => {
    const id = await announced(fixture, offer);
    const response = await electing(id, 'A1', 'TENDER', '50');
    expect(response.statusCode).toBe(201);
    expect(response.json()).toMatchObject({ id, account: 'A1', option: 'TENDER' });
    expect(response.headers.location).toBe(`/api/v1/events/${id}/elections`);
    expect((await electing(id, 'A2', 'NO_ACTION')).statusCode).toBe(201);
    expect((await electing(id, 'A1', 'TENDER', '30')).statusCode).toBe(201);
    // The same once more is already so.
    expect((await electing(id, 'A1', 'TENDER', '30')).json()).toMatchObject({ eventIds: [] });

    expect(await elections(id)).toEqual(['A1 TENDER 30', 'A2 NO_ACTION 0']);
    const first = await listed<Elections>(fixture, `/events/${id}/elections?limit=1`);
    expect(first.items).toHaveLength(1);
    expect(await elections(id, `?limit=1&cursor=${first.nextCursor}`)).toEqual(['A2 NO_ACTION 0']);
    await cancel(id);
  });

  test('once for an idempotency key', async () => {
    const id = await announced(fixture, rights);
    const key = '8e03978e-40d5-43e8-bc93-6894a57f9324';
    const first = await electing(id, 'A1', 'EXERCISE', '20', key);
    const again = await electing(id, 'A1', 'EXERCISE', '20', key);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json()).toEqual(first.json());
    expect(await codeOf(electing(id, 'A1', 'EXERCISE', '21', key))).toBe(
      '422 IDEMPOTENCY_KEY_REUSED',
    );
    expect(await elections(id)).toEqual(['A1 EXERCISE 20']);
    await cancel(id);
  });

  test.each<
    [string, object, readonly [account: string, option: string, quantity?: string], string]
  >([
    ['for more than is held', offer, ['A1', 'TENDER', '101'], '422 ELECTION_EXCEEDS_HOLDING'],
    ['for more than is offered', rights, ['A1', 'EXERCISE', '26'], '422 ELECTION_EXCEEDS_HOLDING'],
    ['without holding any', offer, ['A4', 'TENDER', '1'], '422 ELECTION_EXCEEDS_HOLDING'],
    ['for nothing', offer, ['A1', 'TENDER', '0'], '422 QUANTITY_NOT_POSITIVE'],
    ['for no number', offer, ['A1', 'TENDER'], '422 QUANTITY_NOT_POSITIVE'],
    ['of another type of offer', offer, ['A1', 'EXERCISE', '5'], '422 DEFAULT_OPTION_NOT_FOR_TYPE'],
    ['where there is no choice', { ...dividend }, ['A1', 'TENDER', '5'], '422 NO_ELECTION'],
    ['for an account that there is not', offer, ['NOBODY', 'TENDER', '5'], '404 ACCOUNT_UNKNOWN'],
    ['what nobody has heard of', offer, ['A1', 'SELL', '5'], '400 REQUEST_INVALID'],
  ])('but not %s', async (_, event, [account, option, quantity], refusal) => {
    const id = await announced(fixture, event);
    const before = await fixture.head();
    expect(await codeOf(electing(id, account, option, quantity))).toBe(refusal);
    expect(await fixture.head()).toBe(before);
    expect(await elections(id)).toEqual([]);
  });

  test('and is free to sell again when the offer is withdrawn before it was posted', async () => {
    const id = await announced(fixture, offer);
    await electing(id, 'A3', 'TENDER', '100');
    const order = { side: 'SELL', symbol: 'AAPL', quantity: '1', price: '100' };
    const selling = { request: 'POST /api/v1/accounts/A3/orders', body: order };
    expect((await fixture.call(selling)).json()).toMatchObject({ code: 'INSUFFICIENT_HOLDING' });
    await cancel(id);
    expect((await fixture.call(selling)).statusCode).toBe(201);
    const buying = { ...order, side: 'BUY' };
    await fixture.done({ request: 'POST /api/v1/accounts/A3/orders', body: buying });
  });

  test('but not of an event that is cancelled, or that there is not', async () => {
    const id = await announced(fixture, offer);
    await cancel(id);
    expect(await codeOf(electing(id, 'A1', 'TENDER', '5'))).toBe('409 ACTION_CANCELLED');
    const unknown = 'CA-000000000000000000';
    expect(await codeOf(electing(unknown, 'A1', 'TENDER', '5'))).toBe('404 ACTION_UNKNOWN');
    const list = await fixture.call({ request: `GET /api/v1/events/${unknown}/elections` });
    expect(list.json()).toMatchObject({ code: 'ACTION_UNKNOWN' });
  });
});

describe('CA-08 until the deadline', () => {
  test('and then what was chosen is posted, with the default for the rest', async () => {
    const id = await announced(fixture, { ...offer, default_option: 'TENDER' });
    await electing(id, 'A1', 'TENDER', '50');
    await electing(id, 'A2', 'NO_ACTION');
    fixture.setTime('2026-11-24T15:00:00Z');
    expect(await codeOf(electing(id, 'A1', 'TENDER', '60'))).toBe('422 ELECTION_CLOSED');

    await completed(fixture, id, 1);
    const { items } = await listed<EntitlementsPage>(fixture, `/events/${id}/entitlements`);
    const chosen = items.map(({ account, option, quantity, amount }) => [
      account,
      option,
      quantity,
      amount,
    ]);
    expect(chosen).toEqual([
      ['A1', 'TENDER', '50', '10000'],
      ['A2', 'NO_ACTION', '0', '0'],
      ['A3', 'TENDER', null, '20000'],
    ]);
    expect(items[2]?.calculation).toContainEqual({
      line: 'shares accepted',
      formula: 'all chosen of what is held',
      value: '100',
    });
    expect(await cashOf(fixture, 'A1')).toBe('100000');
  });
});
