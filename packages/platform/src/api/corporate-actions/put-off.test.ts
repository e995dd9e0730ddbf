import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccountAnswer } from '../../domain/accounts/contract.ts';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { listInstruments, openAccount, post, shown } from './entitlements.fixture.ts';
import { amending } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await listInstruments(fixture, 'AAPL');
  await openAccount(fixture, 'A1', '280 AAPL at 100');
});
afterAll(() => fixture.close());

async function cash(query = ''): Promise<string> {
  const request = `GET /api/v1/accounts/A1${query}`;
  return (await fixture.done({ request })).json<AccountAnswer>().cash;
}

interface Entry {
  readonly eventType: string;
  readonly data: {
    readonly actionVersion: number;
    readonly amount: string;
    readonly reason?: string;
  };
}

async function postings(): Promise<readonly string[]> {
  const request = 'GET /api/v1/accounts/A1/events?limit=100';
  const { items } = (await fixture.done({ request })).json<{ items: readonly Entry[] }>();
  return items
    .filter(({ eventType }) => eventType.startsWith('Entitlement'))
    .map(({ eventType, data: { actionVersion, amount, reason } }) =>
      [eventType, actionVersion, amount, ...(reason === undefined ? [] : [reason])].join(' '),
    );
}

test('CA-07 a dividend that was paid and is put off is taken back, and paid on its day', async () => {
  const id = await post(fixture, {
    event_type: 'DIVIDEND',
    symbol: 'AAPL',
    ex_date: '2026-11-09',
    record_date: '2026-11-09',
    payment_date: '2026-11-18',
    terms: { amount: '0.205', withholding_percent: '15' },
  });
  expect(await cash()).toBe('72048.79');
  expect(await shown(fixture, id)).toMatchObject({ stage: 'PAID' });
  fixture.setTime('2026-11-20T16:00:00Z');

  await fixture.done(amending(id, { payment_date: '2026-12-10', reason: 'the bank was late' }));
  await until(async () => (await shown(fixture, id)).posted_version === null);

  expect(await cash()).toBe('72000');
  expect(await cash('?asOf=2026-11-18')).toBe('72000');
  expect(await cash('?asOf=2026-11-18&knownAt=2026-11-20T15:30:00Z')).toBe('72048.79');
  expect(await shown(fixture, id)).toMatchObject({
    status: 'PENDING',
    stage: 'RECORD',
    version: 2,
    totals: null,
    failure: null,
  });

  fixture.setTime('2026-12-10T15:00:00Z');
  await until(async () => (await shown(fixture, id)).stage === 'PAID');

  expect(await cash()).toBe('72048.79');
  expect(await cash('?asOf=2026-12-09')).toBe('72000');
  expect(await shown(fixture, id)).toMatchObject({ totals: { accounts: 1, cash: '48.79' } });
  expect(await postings()).toEqual([
    'EntitlementPosted 1 48.79',
    'EntitlementReversed 1 -48.79 version 2 moves it to 2026-12-10',
    'EntitlementPosted 2 48.79',
  ]);
});

test('CA-10 prices are as they were without a split that is not confirmed any more', async () => {
  await listInstruments(fixture, 'WBD');
  await openAccount(fixture, 'A2', '10 WBD at 100');
  const bar = { close: '400' };
  await fixture.done({ request: 'PUT /api/v1/prices/WBD/closes/2026-11-06', body: bar });
  const close = async (): Promise<string | undefined> => {
    const request = 'GET /api/v1/prices/WBD/closes?adjust=split';
    const { items } = (await fixture.done({ request })).json<{ items: { close: string }[] }>();
    return items[0]?.close;
  };
  const id = await post(fixture, {
    event_type: 'STOCK_SPLIT',
    symbol: 'WBD',
    ex_date: '2026-11-09',
    terms: { ratio: '4:1' },
  });
  expect(await close()).toBe('100');

  await fixture.done(amending(id, { confirmation: 'UNCONFIRMED' }));
  await until(async () => (await shown(fixture, id)).posted_version === null);

  expect(await close()).toBe('400');
  expect(await shown(fixture, id)).toMatchObject({ status: 'PENDING', stage: 'EX' });
  await fixture.done(amending(id, { expected_version: 2, confirmation: 'CONFIRMED' }));
  await until(async () => (await shown(fixture, id)).posted_version === 3);
  expect(await close()).toBe('100');
});
