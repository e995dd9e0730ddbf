import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../problem.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import {
  amending,
  announced,
  announcing,
  dividend,
  prepare,
  process,
  processing,
  split,
} from './events.fixture.ts';
import type { ActionNews } from './news.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await prepare(fixture);
});
afterAll(() => fixture.close());

const shown = async (id: string) =>
  (await fixture.done({ request: `GET /api/v1/events/${id}` })).json<Record<string, unknown>>();

describe('CA-01 announcing', () => {
  test('a dividend takes five words, and comes back with an id', async () => {
    const response = await fixture.call(announcing(dividend));
    expect(response.statusCode).toBe(201);
    const { id, status, warnings } = response.json<{ id: string; status: string; warnings: [] }>();
    expect(id).toMatch(/^CA-[0-9A-Z]{18}$/);
    expect(response.headers.location).toBe(`/api/v1/events/${id}`);
    expect({ status, warnings }).toEqual({ status: 'PENDING', warnings: [] });
    expect(await shown(id)).toMatchObject({
      id,
      event_type: 'DIVIDEND',
      caev: 'DVCA',
      camv: 'MAND',
      symbol: 'AAPL',
      terms: { amount: '0.26', kind: 'ORDINARY' },
      ex_date: '2026-12-07',
      record_date: '2026-12-07',
      payment_date: '2026-12-10',
      effective_date: '2026-12-10',
      due_date: '2026-12-10',
      status: 'PENDING',
      stage: 'ANNOUNCED',
      version: 1,
      completeness: 'COMPLETE',
      confirmation: 'CONFIRMED',
      source: 'api',
      source_reference: null,
      progress: null,
      totals: null,
      failure: null,
      created_at: '2026-11-20T15:00:00.000000Z',
    });
  });

  test.each<[string, Record<string, string>]>([
    ['STOCK_SPLIT', { ratio: '7:1' }],
    ['STOCK_DIVIDEND', { ratio: '1:20', fractions: 'RDDN' }],
    ['MERGER', { acquirer: 'WBD', ratio: '0.5:1', cash_per_share: '12.5' }],
    ['SPIN_OFF', { child: 'WBD', ratio: '0.241917:1', basis_percent: '24.48' }],
    ['SYMBOL_CHANGE', { new_symbol: 'APPL' }],
    ['RETURN_OF_CAPITAL', { amount: '1.5' }],
  ])('%s', async (event_type, terms) => {
    const id = await announced(fixture, {
      event_type,
      symbol: 'AAPL',
      ex_date: '2026-12-07',
      terms,
    });
    expect(await shown(id)).toMatchObject({
      event_type,
      terms,
      effective_date: '2026-12-07',
      default_option: null,
    });
  });

  test.each<[string, Record<string, string>]>([
    ['RIGHTS_ISSUE', { ratio: '1:4', subscription_price: '80' }],
    ['TENDER_OFFER', { price: '200', quantity_max: '1000000' }],
  ])('%s', async (event_type, terms) => {
    const id = await announced(fixture, {
      event_type,
      symbol: 'AAPL',
      ex_date: '2026-12-07',
      effective_date: '2026-12-21',
      election_deadline: '2026-12-18',
      terms,
    });
    expect(await shown(id)).toMatchObject({ terms, default_option: 'NO_ACTION' });
  });

  test('what is unusual is warned of, and taken', async () => {
    const response = await fixture.done(announcing({ ...dividend, amount: '26' }));
    const { id, warnings } = response.json<{ id: string; warnings: { code: string }[] }>();
    expect(warnings.map(({ code }) => code)).toEqual(['DIVIDEND_LARGE']);
    expect(await shown(id)).toMatchObject({ warnings });
  });
});

const without = (name: string) => ({ ...dividend, [name]: undefined });

describe('CA-01 bad input has an error of its own, and changes nothing', () => {
  test.each<[string, object, number, string]>([
    ['an unknown type', { ...dividend, event_type: 'BONUS' }, 400, 'EVENT_TYPE_UNKNOWN'],
    ['no type', without('event_type'), 400, 'REQUEST_INVALID'],
    ['a type that is no text', { ...dividend, event_type: 7 }, 400, 'REQUEST_INVALID'],
    ['an unknown symbol', { ...dividend, symbol: 'NONE' }, 404, 'INSTRUMENT_UNKNOWN'],
    ['a ratio of zero', { ...split, terms: { ratio: '7:0' } }, 422, 'RATIO_NOT_POSITIVE'],
    ['a ratio without its other side', { ...split, terms: { ratio: '7' } }, 400, 'REQUEST_INVALID'],
    ['a negative amount', { ...dividend, amount: '-0.26' }, 422, 'AMOUNT_NOT_POSITIVE'],
    ['no amount', without('amount'), 422, 'TERM_MISSING'],
    ['record before ex', { ...dividend, record_date: '2026-12-04' }, 422, 'RECORD_BEFORE_EX'],
    ['no payment date', without('payment_date'), 422, 'PAYMENT_DATE_MISSING'],
    ['a date that there is not', { ...dividend, ex_date: '2026-02-30' }, 400, 'REQUEST_INVALID'],
    ['a term of another type', { ...dividend, terms: { ratio: '7:1' } }, 400, 'REQUEST_INVALID'],
    ['an amount said twice', { ...dividend, terms: { amount: '0.26' } }, 400, 'REQUEST_INVALID'],
    ['a key that is no UUID', { ...dividend, idempotency_key: 'k1' }, 400, 'REQUEST_INVALID'],
    ['a list', [dividend], 400, 'REQUEST_INVALID'],
  ])('%s', async (_, body, status, code) => {
    const before = await fixture.head();
    const response = await fixture.call(announcing(body));
    expect(response.json()).toMatchObject({ status, code });
    expect(response.statusCode).toBe(status);
    expect(await fixture.head()).toBe(before);
  });

  test('every field that does not fit is named at once', async () => {
    const body = {
      ...dividend,
      ex_date: 'soon',
      amount: true,
      terms: { ratio: '7:1' },
      venue: 'X',
    };
    const response = await fixture.call(announcing({ ...body, symbol: undefined }));
    const fields = response.json<Problem>().errors?.map(({ pointer, code }) => [pointer, code]);
    expect(new Map(fields as [string, string][])).toEqual(
      new Map([
        ['/symbol', 'MISSING'],
        ['/ex_date', 'INVALID_VALUE'],
        ['/amount', 'WRONG_TYPE'],
        ['/terms/ratio', 'UNKNOWN_FIELD'],
        ['/venue', 'UNKNOWN_FIELD'],
      ]),
    );
  });
});

describe('CA-02 the idempotency key of a body', () => {
  const key = '8e03978e-40d5-43e8-bc93-6894a57f9324';
  const keyed = { ...dividend, idempotency_key: key };

  test('refuses another event for 24 hours, and names the first', async () => {
    fixture.setTime('2026-11-20T15:00:00Z');
    // What was refused has not used it.
    await fixture.call(announcing({ ...keyed, amount: '0' }));
    const first = await announced(fixture, keyed);
    const before = await fixture.head();
    const again = await fixture.call(announcing({ ...split, idempotency_key: key.toUpperCase() }));
    expect(again.statusCode).toBe(409);
    expect(again.json<Problem>().code).toBe('EVENT_KEY_USED');
    expect(again.json<Problem>().detail).toContain(`/api/v1/events/${first}`);
    expect(again.headers.location).toBe(`/api/v1/events/${first}`);
    expect(await fixture.head()).toBe(before);

    fixture.setTime('2026-11-21T15:00:01Z');
    expect(await announced(fixture, keyed)).not.toBe(first);
  });

  test('gives way to the header, which repeats the answer', async () => {
    const body = { ...dividend, idempotency_key: '0e03978e-40d5-43e8-bc93-6894a57f9324' };
    const headers = { 'Idempotency-Key': '1e03978e-40d5-43e8-bc93-6894a57f9324' };
    const first = await fixture.done(announcing(body, headers));
    const again = await fixture.call(announcing(body, headers));
    expect(again.statusCode).toBe(201);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json()).toEqual(first.json());
  });
});

describe('CA-01 amending', () => {
  test('a new version supersedes the one before', async () => {
    const id = await announced(fixture, dividend);
    await fixture.done(amending(id, { amount: '0.27', payment_date: '2026-12-11' }));
    expect(await shown(id)).toMatchObject({
      version: 2,
      terms: { amount: '0.27', kind: 'ORDINARY' },
      payment_date: '2026-12-11',
      effective_date: '2026-12-11',
      record_date: '2026-12-07',
    });
    await fixture.done(amending(id, { expected_version: 2, record_date: null }));
    expect(await shown(id)).toMatchObject({ version: 3, record_date: null });
    await fixture.done(
      amending(id, { expected_version: 3, terms: { amount: '0.3', kind: 'SPECIAL' } }),
    );
    expect(await shown(id)).toMatchObject({ terms: { amount: '0.3', kind: 'SPECIAL' } });
  });

  test.each<[string, object, number, string, RegExp]>([
    [
      'another version',
      { expected_version: 3, amount: '0.3' },
      409,
      'ACTION_VERSION_STALE',
      /version 2.*version 3/,
    ],
    [
      'another symbol',
      { expected_version: 2, symbol: 'WBD' },
      422,
      'ACTION_IDENTITY_FIXED',
      /symbol/,
    ],
    [
      'wrong dates',
      { expected_version: 2, record_date: '2026-12-04' },
      422,
      'RECORD_BEFORE_EX',
      /2026-12-04/,
    ],
    [
      'a term of another type',
      { expected_version: 2, terms: { ratio: '7:1' } },
      400,
      'REQUEST_INVALID',
      /./,
    ],
    ['no version', { expected_version: undefined, amount: '0.3' }, 400, 'REQUEST_INVALID', /./],
    ['no reason', { expected_version: 2, reason: undefined }, 400, 'REQUEST_INVALID', /./],
  ])('%s is refused', async (_, changes, status, code, detail) => {
    const id = await announced(fixture, dividend);
    await fixture.done(amending(id, { amount: '0.27' }));
    const before = await fixture.head();
    const response = await fixture.call(amending(id, changes));
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(await fixture.head()).toBe(before);
  });

  test('a cancelled one is refused, and cancelling again is well', async () => {
    const id = await announced(fixture, dividend);
    const cancelling = {
      request: `POST /api/v1/events/${id}/cancel`,
      body: { reason: 'announced in error' },
    };
    await fixture.done(cancelling);
    const before = await fixture.head();
    expect((await fixture.call(amending(id, { amount: '0.3' }))).json()).toMatchObject({
      status: 409,
      code: 'ACTION_CANCELLED',
    });
    await fixture.done(cancelling);
    expect(await fixture.head()).toBe(before);
    expect(await shown(id)).toMatchObject({
      status: 'CANCELLED',
      stage: 'CANCELLED',
      cancellation: { kind: 'CANCELLED', reason: 'announced in error' },
    });
  });

  test.each(['PATCH', 'POST /cancel', 'POST /custodian-total', 'GET'])(
    '%s of an event that there is not',
    async (route) => {
      const [method, path = ''] = route.split(' ');
      const body = {
        PATCH: { expected_version: 1, reason: 'x' },
        'POST /cancel': { reason: 'x' },
        'POST /custodian-total': { custodian: 'DTC', cash: '1' },
      }[route];
      const request = `${method} /api/v1/events/CA-000000000000000000${path}`;
      const response = await fixture.call({ request, ...(body === undefined ? {} : { body }) });
      expect(response.json()).toMatchObject({ status: 404, code: 'ACTION_UNKNOWN' });
    },
  );
});

describe('CA-07 the history of an action', () => {
  test('tells all that happened, who said so and when, the latest last', async () => {
    fixture.setTime('2026-11-23T15:00:00Z');
    const id = await announced(fixture, { ...dividend, source: 'DTC', source_reference: 'X1' });
    await fixture.done(amending(id, { terms: { amount: '0.26', withholding_percent: '15' } }));
    const { start, progress, complete, reverse } = processing;
    const second = { version: 2 };
    await process(fixture, id, { ...start, ...second }, { ...progress, ...second });
    await process(fixture, id, { ...complete, ...second });
    await fixture.done({
      request: `POST /api/v1/events/${id}/custodian-total`,
      body: { custodian: 'DTC', eligible: '280', cash: '48.79' },
    });
    await fixture.done({
      request: `POST /api/v1/events/${id}/cancel`,
      body: { reason: 'the board withdrew it', kind: 'WITHDRAWN' },
    });
    expect(await shown(id)).toMatchObject({ stage: 'CANCELLED', posted_version: 2 });
    await process(fixture, id, { ...reverse, ...second });

    const { history, ...action } = await shown(id);
    expect(action).toMatchObject({
      stage: 'REVERSED',
      posted_version: null,
      custodian: { custodian: 'DTC', eligible: '280', cash: '48.79', shares: null },
    });
    const entries = history as { event: string; by: string; summary: string; version: number }[];
    expect(entries.map(({ event, by, summary }) => [event, by, summary])).toEqual([
      ['ANNOUNCED', 'local', 'Announced by DTC.'],
      ['AMENDED', 'local', 'Amended by api: corrected.'],
      ['PROCESSING_STARTED', 'worker', 'Attempt 1 at posting version 2 began.'],
      ['PROGRESSED', 'worker', 'Posted up to account A1: 2 accounts, 48.79 in cash, 0 shares.'],
      ['COMPLETED', 'worker', 'Version 2 is posted: 2 accounts, 48.79 in cash, 0 shares.'],
      ['CUSTODIAN_TOTAL_STATED', 'local', 'DTC states 280 eligible, 48.79 in cash.'],
      ['CANCELLED', 'local', 'Withdrawn: the board withdrew it.'],
      ['REVERSED', 'worker', 'The postings are taken back: 2 accounts, 48.79 in cash, 0 shares.'],
    ]);
    expect(entries[0]).toMatchObject({
      version: 1,
      at: '2026-11-23T15:00:00.000Z',
      announcement: { source: 'DTC', source_reference: 'X1', terms: { amount: '0.26' } },
    });
    expect(entries[1]).toMatchObject({
      version: 2,
      announcement: { source: 'api', terms: { amount: '0.26', withholding_percent: '15' } },
    });
  });
});

test('CA-01 whoever posts to accounts is told what was said, and nothing of repetitions', async () => {
  const told: ActionNews[] = [];
  const server = await fixture.withParts({ tellNews: (news) => told.push(news) });
  const send = (method: 'POST' | 'PATCH', url: string, payload: object) =>
    server.inject({ method, url, payload, headers: { 'x-correlation-id': 'c1' } });
  const { id } = (await send('POST', '/api/v1/events', dividend)).json<{ id: string }>();
  const url = `/api/v1/events/${id}`;
  const changes = { expected_version: 1, amount: '0.27', reason: 'corrected' };
  await send('PATCH', url, changes);
  await send('PATCH', url, { ...changes, expected_version: 2 });
  await send('PATCH', url, { ...changes, amount: '0' });
  await send('POST', `${url}/cancel`, { reason: 'an error' });
  await send('POST', '/api/v1/events', { ...dividend, symbol: 'NONE' });
  const told1 = { actionId: id, symbol: 'AAPL', correlationId: 'c1' };
  expect(told).toEqual([
    { ...told1, version: 1, reason: 'ANNOUNCED' },
    { ...told1, version: 2, reason: 'AMENDED' },
    { ...told1, version: 2, reason: 'CANCELLED' },
  ]);
});
