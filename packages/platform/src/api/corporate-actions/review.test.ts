import { calendarDate } from '@counterfoil/event-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { dueActions } from '../../queries/corporate-actions.ts';
import { viewsOf } from '../../queries/views.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { announced, dividend, prepare, process, processing } from './events.fixture.ts';
import type { ActionNews } from './news.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  await prepare(fixture);
});
afterAll(() => fixture.close());

let minute = 0;

/** An action that failed for good, later than those before it. */
async function failed(): Promise<ActionId> {
  minute += 1;
  fixture.setTime(`2026-11-20T15:${String(minute).padStart(2, '0')}:00Z`);
  const id = await announced(fixture, dividend);
  await process(fixture, id, processing.start, processing.fail);
  return id;
}

interface Dead {
  readonly items: readonly { readonly id: string; readonly failure: object }[];
  readonly nextCursor: string | null;
}

async function dead(query = ''): Promise<Dead> {
  const request = `GET /api/v1/events/dead-letters?minPosition=${await fixture.head()}${query}`;
  return (await fixture.done({ request })).json<Dead>();
}

async function due(): Promise<readonly string[]> {
  await dead();
  const when = {
    today: calendarDate('2026-11-20'),
    stalledSince: '2000-01-01T00:00:00.000000Z',
  };
  const found = await dueActions(viewsOf(fixture.platform.readModels), when, 100);
  return found.map(({ id }) => id);
}

const act = (id: string, path: string, body: object) =>
  fixture.call({ request: `POST /api/v1/events/${id}/${path}`, body });

const reason = { reason: 'priced now' };

describe('CA-04 the review of actions that failed', () => {
  test('they are listed with the error, those that failed first first, in pages', async () => {
    const ids = [await failed(), await failed(), await failed()];
    const { items } = await dead();
    expect(items.map(({ id }) => id)).toEqual(ids);
    expect(items[0]?.failure).toEqual({
      attempt: 1,
      code: 'PRICE_UNKNOWN',
      error: 'no close before the effective date',
      at: '2026-11-20T15:01:00.000000Z',
      last: true,
      assignee: null,
      resolved: false,
    });
    const first = await dead('&limit=2');
    const second = await dead(`&limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    for (const id of ids) await act(id, 'resolve', reason);
    expect((await dead()).items).toEqual([]);
  });

  test('one is assigned, noted and retried, and all of it is in the history', async () => {
    const id = await failed();
    expect((await act(id, 'assign', { assignee: 'grace' })).statusCode).toBe(200);
    expect((await act(id, 'notes', { note: 'asked the source' })).statusCode).toBe(200);
    expect((await dead()).items[0]?.failure).toMatchObject({ assignee: 'grace' });
    expect((await act(id, 'retry', reason)).statusCode).toBe(200);
    expect((await dead()).items).toEqual([]);
    const one = await fixture.done({ request: `GET /api/v1/events/${id}` });
    const { status, history } = one.json<{ status: string; history: { summary: string }[] }>();
    expect(status).toBe('PENDING');
    expect(history.slice(2).map(({ summary }) => summary)).toEqual([
      'Attempt 1 failed (PRICE_UNKNOWN): no close before the effective date. It waits for a review.',
      'Assigned to grace.',
      'asked the source',
      'To be tried again: priced now.',
    ]);
  });

  test.each(['assign', 'notes', 'retry', 'resolve'])(
    '%s is for those that failed',
    async (path) => {
      const id = await announced(fixture, dividend);
      const before = await fixture.head();
      const body = { assign: { assignee: 'grace' }, notes: { note: 'x' } }[path] ?? reason;
      const response = await act(id, path, body);
      expect(response.json()).toMatchObject({ status: 409, code: 'ACTION_NOT_FAILED' });
      const unknown = await act('CA-000000000000000000', path, body);
      expect(unknown.json()).toMatchObject({ status: 404, code: 'ACTION_UNKNOWN' });
      expect((await act(id, path, {})).json()).toMatchObject({ code: 'REQUEST_INVALID' });
      expect(await fixture.head()).toBe(before);
    },
  );

  test('a reversal that failed waits for one too, and is not due until it is retried', async () => {
    const id = await announced(fixture, dividend);
    const { start, complete, fail, reverse } = processing;
    await process(fixture, id, start, complete);
    await act(id, 'cancel', reason);
    expect(await due()).toContain(id);
    await process(fixture, id, { ...fail, work: 'take back' });
    expect((await dead()).items).toMatchObject([{ id, status: 'CANCELLED' }]);
    expect(await due()).not.toContain(id);
    await act(id, 'retry', reason);
    expect(await due()).toContain(id);
    await process(fixture, id, reverse);
    expect(await due()).not.toContain(id);
  });

  test('a closed review stays closed', async () => {
    const id = await failed();
    await act(id, 'resolve', reason);
    const response = await act(id, 'retry', reason);
    expect(response.json()).toMatchObject({ status: 409, code: 'ACTION_REVIEW_RESOLVED' });
    expect((await act(id, 'resolve', reason)).statusCode).toBe(200);
  });
});

const retry = (body: object) => fixture.call({ request: 'POST /api/v1/events/retry', body });

describe('CA-04 many are retried at once', () => {
  test('those that are named, with a result for each', async () => {
    const [first, second] = [await failed(), await failed()];
    const pending = await announced(fixture, dividend);
    const nowhere = 'CA-000000000000000000';
    const response = await retry({ ...reason, ids: [first, pending, nowhere] });
    expect(response.json()).toEqual({
      items: [
        { id: first, status: 'RETRIED' },
        {
          id: pending,
          status: 'REFUSED',
          code: 'ACTION_NOT_FAILED',
          detail: `Event ${pending} is PENDING.`,
        },
        {
          id: nowhere,
          status: 'REFUSED',
          code: 'ACTION_UNKNOWN',
          detail: `There is no event ${nowhere}.`,
        },
      ],
    });
    expect((await dead()).items.map(({ id }) => id)).toEqual([second]);
  });

  test('or all that wait, and whoever posts them is told', async () => {
    const third = await failed();
    const waiting = (await dead()).items.map(({ id }) => id);
    expect(waiting).toContain(third);
    const told: ActionNews[] = [];
    const server = await fixture.withParts({ tellNews: (news) => told.push(news) });
    const request = { method: 'POST', url: '/api/v1/events/retry', payload: reason } as const;
    const response = await server.inject(request);
    expect(response.json()).toEqual({
      items: waiting.map((id) => ({ id, status: 'RETRIED' })),
    });
    expect(told.map(({ actionId, reason: why }) => [actionId, why])).toEqual(
      waiting.map((id) => [id, 'RETRY']),
    );
    expect((await dead()).items).toEqual([]);
    expect((await server.inject(request)).json()).toEqual({ items: [] });
  });
});
