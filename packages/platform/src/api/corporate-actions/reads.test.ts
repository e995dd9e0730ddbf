import { calendarDate } from '@counterfoil/event-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { dueActions } from '../../queries/corporate-actions.ts';
import { viewsOf } from '../../queries/views.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import {
  amending,
  announced,
  dividend,
  prepare,
  process,
  processing,
  split,
} from './events.fixture.ts';

let fixture: ServerFixture;
const names = new Map<string, string>();

/** The world of the tests, a name for each action in it. */
const world: Readonly<Record<string, object>> = {
  paid: {
    ...dividend,
    ex_date: '2026-11-02',
    record_date: '2026-11-02',
    payment_date: '2026-11-09',
  },
  reversed: {
    ...dividend,
    ex_date: '2026-11-03',
    record_date: '2026-11-03',
    payment_date: '2026-11-10',
  },
  toReverse: {
    ...dividend,
    ex_date: '2026-11-04',
    record_date: '2026-11-04',
    payment_date: '2026-11-11',
  },
  cancelled: {
    ...dividend,
    ex_date: '2026-11-05',
    record_date: '2026-11-05',
    payment_date: '2026-11-12',
  },
  effective: { ...split, ex_date: '2026-11-06' },
  failed: {
    ...dividend,
    ex_date: '2026-11-09',
    record_date: '2026-11-10',
    payment_date: '2026-11-13',
  },
  stalled: {
    ...dividend,
    ex_date: '2026-11-10',
    record_date: '2026-11-18',
    payment_date: '2026-11-18',
  },
  due: { ...split, ex_date: '2026-11-20' },
  preliminary: { ...split, ex_date: '2026-11-19', completeness: 'PRELIMINARY' },
  unconfirmed: { ...split, symbol: 'WBD', ex_date: '2026-11-18', confirmation: 'UNCONFIRMED' },
  recordFirst: { ...split, symbol: 'WBD', ex_date: '2026-11-23', record_date: '2026-11-16' },
  later: { ...dividend, ex_date: '2026-12-07' },
};

beforeAll(async () => {
  fixture = await openServer();
  await prepare(fixture);
  const ids = new Map<string, ActionId>();
  let minute = 0;
  for (const [name, event] of Object.entries(world)) {
    minute += 1;
    fixture.setTime(`2026-11-20T15:${String(minute).padStart(2, '0')}:00Z`);
    const id = await announced(fixture, event);
    ids.set(name, id);
    names.set(id, name);
  }
  const of = (name: string) => ids.get(name) as ActionId;
  const { start, complete, reverse, fail } = processing;
  await process(fixture, of('paid'), start, complete);
  await process(fixture, of('reversed'), start, complete);
  await process(fixture, of('toReverse'), start, complete);
  await process(fixture, of('effective'), start, complete);
  await process(fixture, of('failed'), start, fail);
  await process(fixture, of('stalled'), start);
  for (const name of ['reversed', 'toReverse', 'cancelled']) {
    const body = { reason: 'an error' };
    await fixture.done({ request: `POST /api/v1/events/${of(name)}/cancel`, body });
  }
  await process(fixture, of('reversed'), reverse);
  await fixture.done(amending(of('later'), { amount: '0.27' }));
});
afterAll(() => fixture.close());

interface Listed {
  readonly items: readonly { readonly id: string; readonly stage: string }[];
  readonly nextCursor: string | null;
}

async function listed(query = ''): Promise<Listed> {
  const request = `GET /api/v1/events?minPosition=${await fixture.head()}${query}`;
  return (await fixture.done({ request })).json<Listed>();
}

const namesOf = ({ items }: Listed) => items.map(({ id }) => names.get(id));
const all = Object.keys(world).toReversed();

describe('CA-01 the list of actions', () => {
  test('those announced last come first', async () => {
    expect(namesOf(await listed())).toEqual(all);
  });

  test.each<[string, readonly string[]]>([
    ['symbol=WBD', ['recordFirst', 'unconfirmed']],
    ['event_type=STOCK_SPLIT', ['recordFirst', 'unconfirmed', 'preliminary', 'due', 'effective']],
    ['event_type=STOCK_SPLIT&symbol=AAPL', ['preliminary', 'due', 'effective']],
    ['status=COMPLETED', ['effective', 'paid']],
    ['status=CANCELLED', ['cancelled', 'toReverse', 'reversed']],
    ['status=PROCESSING', ['stalled']],
    ['status=FAILED', ['failed']],
    ['ex_from=2026-11-20', ['later', 'recordFirst', 'due']],
    ['ex_to=2026-11-03', ['reversed', 'paid']],
    ['ex_from=2026-11-03&ex_to=2026-11-05', ['cancelled', 'toReverse', 'reversed']],
    ['symbol=NONE', []],
    ['stage=ANNOUNCED', ['later']],
    ['stage=EX', ['unconfirmed', 'preliminary', 'due']],
    ['stage=RECORD', ['recordFirst', 'stalled', 'failed']],
    ['stage=PAID', ['paid']],
    ['stage=EFFECTIVE', ['effective']],
    ['stage=REVERSED', ['reversed']],
    ['stage=CANCELLED', ['cancelled', 'toReverse']],
  ])('by %s', async (query, expected) => {
    expect(namesOf(await listed(`&${query}`))).toEqual(expected);
  });

  test('CA-07 each is found by the stage that it shows, on every day', async () => {
    for (const day of ['05', '09', '10', '16', '20', '23', '27']) {
      fixture.setTime(`2026-11-${day}T15:30:00Z`);
      const { items } = await listed();
      for (const stage of new Set(items.map((item) => item.stage))) {
        const shown = items.filter((item) => item.stage === stage).map(({ id }) => id);
        const found = (await listed(`&stage=${stage}`)).items.map(({ id }) => id);
        expect(found).toEqual(shown);
      }
    }
    fixture.setTime('2026-11-20T15:30:00Z');
  });

  test('comes in pages, none twice and none left out', async () => {
    const seen: (string | undefined)[] = [];
    let cursor: string | null = null;
    do {
      const page: Listed = await listed(`&limit=5${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(page.items.length).toBeLessThanOrEqual(5);
      seen.push(...namesOf(page));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
  });

  test('also where many were announced at one moment', async () => {
    fixture.setTime('2026-11-20T15:40:00Z');
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.push(await announced(fixture, { ...split, ex_date: '2027-03-01' }));
    }
    const first = await listed('&limit=3&ex_from=2027-03-01');
    const second = await listed(`&limit=3&ex_from=2027-03-01&cursor=${first.nextCursor}`);
    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(seen).toEqual(ids.toSorted());
    expect(second.nextCursor).toBeNull();
  });

  test('shows an action as it shows by itself', async () => {
    const { items } = await listed('&symbol=WBD');
    for (const item of items) {
      const one = await fixture.done({ request: `GET /api/v1/events/${item.id}` });
      expect(one.json()).toMatchObject(item);
    }
  });

  test.each([
    ['ex_from=2026-11-05&ex_to=2026-11-03', 'RANGE_INVALID'],
    ['cursor=page-2', 'CURSOR_INVALID'],
    ['status=DONE', 'REQUEST_INVALID'],
    ['kind=DIVIDEND', 'REQUEST_INVALID'],
  ])('refuses %s', async (query, code) => {
    const response = await fixture.call({ request: `GET /api/v1/events?${query}` });
    expect(response.json()).toMatchObject({ status: 400, code });
  });
});

const due = async (today: string, stalledSince: string, limit = 100) => {
  await listed();
  const when = { today: calendarDate(today), stalledSince };
  const found = await dueActions(viewsOf(fixture.platform.readModels), when, limit);
  return found.map(({ id, symbol, version }) => `${names.get(id)} ${symbol} ${version}`);
};

describe('CA-03 what is due', () => {
  const never = '2000-01-01T00:00:00.000000Z';

  test('is pending and dated today or before, complete and confirmed, or is to be taken back', async () => {
    expect(await due('2026-11-20', never)).toEqual(['toReverse AAPL 1', 'due AAPL 1']);
    expect(await due('2026-11-19', never)).toEqual(['toReverse AAPL 1']);
    const later = ['toReverse AAPL 1', 'due AAPL 1', 'recordFirst WBD 1', 'later AAPL 2'];
    expect(await due('2026-12-10', never)).toEqual(later);
    expect(await due('2026-12-10', never, 2)).toEqual(later.slice(0, 2));
  });

  test('CA-07 or was posted before an amendment that is not due', async () => {
    const announce = (symbol: string) =>
      announced(fixture, { ...split, symbol, ex_date: '2026-11-12' });
    const { start, complete, fail, reverse } = processing;
    const [put, begun, unsure] = [
      await announce('AAPL'),
      await announce('WBD'),
      await announce('WBD'),
    ];
    // By a worker whose clock is ahead.
    const early = await announced(fixture, { ...split, ex_date: '2026-12-09' });
    await process(fixture, early, start, { ...fail, last: false });
    const ours = async (today: string) => {
      await listed();
      const when = { today: calendarDate(today), stalledSince: never };
      const found = await dueActions(viewsOf(fixture.platform.readModels), when, 100);
      return found.map(({ id }) => id).filter((id) => [put, begun, unsure, early].includes(id));
    };
    await process(fixture, put, start, complete);
    await process(fixture, begun, start);
    await process(fixture, unsure, start, complete);
    expect(await ours('2026-11-20')).toEqual([]);
    await fixture.done(amending(put, { ex_date: '2026-12-07' }));
    await fixture.done(amending(begun, { ex_date: '2026-12-08' }));
    await fixture.done(amending(unsure, { confirmation: 'UNCONFIRMED' }));
    expect(await ours('2026-11-20')).toEqual([unsure, put, begun]);

    await process(fixture, begun, { ...fail, work: 'take back' });
    expect(await ours('2026-11-20')).toEqual([unsure, put]);
    await process(fixture, unsure, reverse);
    await process(fixture, put, reverse);
    expect(await ours('2026-11-20')).toEqual([]);
    expect(await ours('2026-12-07')).toEqual([put]);
    for (const id of [put, begun, unsure, early]) {
      await fixture.done({ request: `POST /api/v1/events/${id}/cancel`, body: { reason: 'done' } });
    }
    for (const id of [begun, early]) await process(fixture, id, reverse);
  });

  test('or is under way, and has not moved for long', async () => {
    const found = await due('2026-11-20', '2026-11-20T15:59:00.000000Z');
    expect(found).toEqual(['toReverse AAPL 1', 'stalled AAPL 1', 'due AAPL 1']);
  });
});
