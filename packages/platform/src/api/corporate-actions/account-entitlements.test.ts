import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import {
  inBrief,
  listed,
  listInstruments,
  openAccount,
  post,
  shown,
  type EntitlementsPage,
} from './entitlements.fixture.ts';
import { amending } from './events.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
});
afterAll(() => fixture.close());

test.each([
  [
    'PUT',
    { payment_date: '2026-12-10' },
    ['PUT REVERSED 280 eligible: 0 - 0 = 0', 'PUT EXPECTED 280 eligible: 57.4 - 8.61 = 48.79'],
  ],
  [
    'UNSURE',
    { confirmation: 'UNCONFIRMED' },
    ['UNSURE EXPECTED 280 eligible: 57.4 - 8.61 = 48.79'],
  ],
])(
  'CA-07 what was taken back of an account is told where it was, and what is to come: %s',
  async (symbol, changes, expected) => {
    await listInstruments(fixture, symbol);
    await openAccount(fixture, symbol, `280 ${symbol} at 100`);
    const id = await post(fixture, {
      event_type: 'DIVIDEND',
      symbol,
      ex_date: '2020-11-06',
      record_date: '2020-11-09',
      payment_date: '2020-11-12',
      terms: { amount: '0.205', withholding_percent: '15' },
    });
    await fixture.done(amending(id, changes));
    await until(async () => (await shown(fixture, id)).posted_version === null);

    const { items } = await listed<EntitlementsPage>(fixture, `/accounts/${symbol}/entitlements`);
    expect(items.map(inBrief)).toEqual(expected);
  },
);
