import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RequestAnswer, TradeRecordAnswer } from '../../domain/trade-records/contract.ts';
import { until } from '../../streams/contract/samples.ts';
import type { Page } from '../pages.ts';
import type { Problem } from '../problem.ts';
import type { ServerFixture } from '../server.fixture.ts';
import { capture, openAccount, posting, recordOf, settled, tradeOne } from './trades.fixture.ts';

const success = { status: 202, outcome: 'SUCCESS', code: null };

/**
 * What trade capture promises through HTTP, on whatever it stands. `open` gives a program on empty stores,
 * on the business date 2026-11-20.
 */
export function describeTradeCapture(setUp: string, open: () => Promise<ServerFixture>): void {
  let fixture: ServerFixture;
  beforeEach(async () => {
    fixture = await open();
  });
  afterEach(() => fixture.close());

  const tradeTwo = { ...tradeOne, trade_id: 'T2', version: 2, counterparty_id: 'CP-2' };

  describe(`TC-02 the table of trade capture, through HTTP, on ${setUp}`, () => {
    test('a first record is stored', async () => {
      expect(await capture(fixture, tradeOne)).toEqual(success);
      expect(await capture(fixture, tradeTwo)).toEqual(success);

      expect(await recordOf(fixture, 'T1')).toMatchObject({ ...tradeOne, expired: 'N' });
    });

    test('a lower version is refused', async () => {
      await capture(fixture, tradeTwo);

      const lower = {
        ...tradeTwo,
        version: 1,
        counterparty_id: 'CP-1',
        created_date: '2015-03-14',
      };

      expect(await capture(fixture, lower)).toEqual({
        status: 400,
        outcome: 'REFUSED',
        code: 'TRADE_VERSION_LOWER',
      });
      expect(await recordOf(fixture, 'T2')).toMatchObject({ version: 2, counterparty_id: 'CP-2' });
    });

    test('and fails where that was not known at once', async () => {
      const accepted = await Promise.all(
        [3, 2].map((version) => fixture.call(posting({ ...tradeTwo, version }))),
      );

      const [first, second] = await Promise.all(accepted.map((one) => settled(fixture, one)));

      expect(first).toMatchObject({ status: 'SUCCESS', trade_ids: ['T2'] });
      expect(second).toMatchObject({
        status: 'FAILED',
        code: 'TRADE_VERSION_LOWER',
        reason: 'Trade T2 is at version 3, and version 2 came.',
      });
      const record = await recordOf(fixture, 'T2');
      expect(record?.versions.map(({ version, status }) => [version, status])).toEqual([
        [2, 'REFUSED'],
        [3, 'CURRENT'],
      ]);
    });

    test('the same version replaces the record', async () => {
      await capture(fixture, tradeTwo);
      const replacement = {
        ...tradeTwo,
        counterparty_id: 'CP-9',
        book_id: 'B3',
        maturity_date: '2028-01-01',
      };

      expect(await capture(fixture, replacement)).toEqual(success);

      const record = await recordOf(fixture, 'T2');
      expect(record).toMatchObject(replacement);
      expect(record?.versions).toMatchObject([
        { ...replacement, status: 'CURRENT' },
        { ...tradeTwo, status: 'REPLACED' },
      ]);
    });

    test('a higher version becomes the current one, and both are listed', async () => {
      await capture(fixture, tradeTwo);

      expect(await capture(fixture, { ...tradeTwo, version: 3 })).toEqual(success);

      const record = await recordOf(fixture, 'T2');
      expect(record).toMatchObject({ version: 3 });
      expect(record?.versions).toMatchObject([
        { version: 3, status: 'CURRENT' },
        { version: 2, status: 'SUPERSEDED' },
      ]);
    });

    test('a trade that has matured is refused, one that matures today is not', async () => {
      const matured = { ...tradeOne, trade_id: 'T3', version: 3, maturity_date: '2014-05-20' };
      const today = { ...tradeOne, trade_id: 'T4', maturity_date: '2026-11-20' };

      expect(await capture(fixture, matured)).toMatchObject({ status: 400, code: 'TRADE_MATURED' });
      expect(await capture(fixture, today)).toEqual(success);

      expect(await recordOf(fixture, 'T3')).toBeUndefined();
    });

    test('a stored trade expires by itself on the business day after its maturity', async () => {
      await capture(fixture, tradeOne);
      const listed = async (): Promise<string | undefined> =>
        (await fixture.call({ request: 'GET /api/v1/trades' })).json<Page<TradeRecordAnswer>>()
          .items[0]?.expired;
      await until(async () => (await listed()) === 'N');

      fixture.setTime('2027-05-21T03:59:00Z');
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect(await listed()).toBe('N');

      fixture.setTime('2027-05-21T04:00:00Z');
      await until(async () => (await listed()) === 'Y');
      expect(await recordOf(fixture, 'T1')).toMatchObject({
        expired: 'Y',
        expired_on: '2027-05-21',
      });
      // With a later maturity it is not expired any more.
      expect(
        await capture(fixture, { ...tradeOne, version: 2, maturity_date: '2029-01-02' }),
      ).toEqual(success);
      await until(async () => (await listed()) === 'N');
    });
  });

  describe(`TC-01, TC-06 a record that is sent, on ${setUp}`, () => {
    test('is answered with the request that it has become, and where its outcome is', async () => {
      const response = await fixture.call(posting(tradeOne));

      const { request_id: id } = response.json<{ request_id: string }>();
      expect(response.statusCode).toBe(202);
      expect(response.json()).toEqual({ request_id: id, status: 'PENDING', trade_id: 'T1' });
      expect(response.headers.location).toBe(`/api/v1/requests/${id}`);
      expect(await settled(fixture, response)).toEqual({
        request_id: id,
        status: 'SUCCESS',
        trade_ids: ['T1'],
        code: null,
        reason: null,
        accepted_at: '2026-11-20T15:00:00.000Z',
        settled_at: '2026-11-20T15:00:00.000Z',
        expires_at: '2026-11-27T15:00:00.000Z',
        held_because: null,
        position: 1,
      });
    });

    test('is refused with every error of every field at once', async () => {
      const response = await fixture.call(
        posting({
          trade_id: 'T 1',
          version: 0,
          maturity_date: '20/05/2027',
          symbol: 'AAPL',
          quantity: '-1',
          colour: 'red',
        }),
      );

      expect(response.statusCode).toBe(400);
      const { code, errors = [] } = response.json<Problem>();
      expect(code).toBe('REQUEST_INVALID');
      expect(errors.map((error) => `${error.pointer} ${error.code}`).toSorted()).toEqual([
        '/account MISSING',
        '/book_id MISSING',
        '/colour UNKNOWN_FIELD',
        '/counterparty_id MISSING',
        '/maturity_date INVALID_VALUE',
        '/price MISSING',
        '/quantity INVALID_VALUE',
        '/side MISSING',
        '/trade_id INVALID_VALUE',
        '/version INVALID_VALUE',
      ]);
    });

    test('CA-02 is accepted once under an idempotency key, whatever has become known since', async () => {
      const key = { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' };
      const first = await fixture.call(posting(tradeTwo, key));
      await settled(fixture, first);
      await capture(fixture, { ...tradeTwo, version: 3 });

      const again = await fixture.call(posting(tradeTwo, key));
      const other = await fixture.call(posting(tradeOne, key));

      expect(again.statusCode).toBe(202);
      expect(again.json()).toEqual(first.json());
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(other.json()).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
      expect((await recordOf(fixture, 'T2'))?.versions).toHaveLength(2);
    });

    test('is booked where it says so, and fails with the reason of the ledger', async () => {
      await openAccount(fixture, '1000');
      const booked = {
        ...tradeOne,
        account: 'A1',
        symbol: 'AAPL',
        side: 'BUY',
        quantity: '2',
        price: '189.50',
      };

      expect(await capture(fixture, booked)).toEqual(success);
      const much = await fixture.call(posting({ ...booked, version: 2, quantity: '3000' }));

      expect(await settled(fixture, much)).toMatchObject({
        status: 'FAILED',
        code: 'INSUFFICIENT_BUYING_POWER',
      });
      expect(await recordOf(fixture, 'T1')).toMatchObject({
        ...booked,
        price: '189.5',
        fees: '0',
        trade_date: '2026-11-20',
        execution_id: 'T1:1',
      });
      const { position } = await settled(fixture, much);
      const account = await fixture.call({
        request: `GET /api/v1/accounts/A1?minPosition=${position}`,
      });
      expect(account.json()).toMatchObject({ cash: '621' });
    });
  });

  describe(`TC-03 requests on ${setUp}`, () => {
    test('can be asked for by the hundred, and say which there are not', async () => {
      const accepted = await Promise.all(
        Array.from({ length: 30 }, (_, number) =>
          fixture.call(posting({ ...tradeOne, trade_id: `T${number}` })),
        ),
      );
      const ids = accepted.map((one) => one.json<{ request_id: string }>().request_id);
      const nobody = '8e03978e-40d5-43e8-bc93-6894a57f9324';

      const answer = async () => {
        const response = await fixture.call({
          request: `GET /api/v1/requests?ids=${[...ids, nobody].join(',')}`,
        });
        return response.json<{ items: RequestAnswer[]; unknown: string[] }>();
      };
      await until(async () => (await answer()).items.every(({ status }) => status === 'SUCCESS'));

      const { items, unknown } = await answer();
      expect(items.map(({ request_id }) => request_id)).toEqual(ids);
      expect(unknown).toEqual([nobody]);
    });

    test('wait in the queue while nobody takes them, and are all settled then', async () => {
      await fixture.platform.trades.pause();
      const accepted = await Promise.all(
        Array.from({ length: 100 }, (_, number) =>
          fixture.call(posting({ ...tradeOne, trade_id: `T${number % 10}`, version: 1 + number })),
        ),
      );
      expect(accepted.map(({ statusCode }) => statusCode)).toEqual(Array(100).fill(202));
      const waiting = await fixture.call({
        request: `GET ${accepted[0]?.headers.location}?wait=50ms`,
      });
      expect(waiting.json()).toMatchObject({ status: 'PENDING', trade_ids: [], settled_at: null });
      const queue = await fixture.call({ request: 'GET /api/v1/queue' });
      const { lag, partitions } = queue.json<{ lag: number; partitions: object[] }>();
      expect(lag).toBe(100);
      expect(partitions.length).toBeGreaterThan(1);

      await fixture.platform.trades.resume();

      const outcomes = await Promise.all(accepted.map((one) => settled(fixture, one)));
      expect(outcomes.map(({ status }) => status)).toEqual(Array(100).fill('SUCCESS'));
      await until(async () => (await fixture.platform.trades.backlog()) === 0);
      expect((await recordOf(fixture, 'T3'))?.versions).toHaveLength(10);
    });
  });

  describe(`TC-04 captured trades on ${setUp}`, () => {
    test('are listed by their fields, page by page', async () => {
      const books = ['B1', 'B2', 'B3'];
      const accepted = await Promise.all(
        Array.from({ length: 12 }, (_, number) =>
          fixture.call(
            posting({
              ...tradeOne,
              trade_id: `T${String(number).padStart(2, '0')}`,
              version: 1 + (number % 2),
              book_id: books[number % 3],
              counterparty_id: `CP-${number % 4}`,
              maturity_date: `2027-05-${10 + number}`,
              created_date: `2026-11-0${1 + (number % 5)}`,
            }),
          ),
        ),
      );
      const outcomes = await Promise.all(accepted.map((one) => settled(fixture, one)));
      const position = Math.max(...outcomes.map((outcome) => outcome.position ?? 0));
      const list = async (query: string): Promise<string[]> => {
        const ids: string[] = [];
        let cursor = '';
        do {
          const page: Page<TradeRecordAnswer> = (
            await fixture.done({
              request: `GET /api/v1/trades?minPosition=${position}&limit=2&${query}${cursor}`,
            })
          ).json();
          ids.push(...page.items.map(({ trade_id }) => trade_id));
          cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
        } while (cursor !== '');
        return ids;
      };

      expect(await list('')).toEqual(
        Array.from({ length: 12 }, (_, number) => `T${String(number).padStart(2, '0')}`),
      );
      expect(await list('book_id=B2')).toEqual(['T01', 'T04', 'T07', 'T10']);
      expect(await list('counterparty_id=CP-3&version=2')).toEqual(['T03', 'T07', 'T11']);
      expect(await list('maturity_from=2027-05-13&maturity_to=2027-05-15')).toEqual([
        'T03',
        'T04',
        'T05',
      ]);
      expect(await list('created_from=2026-11-05')).toEqual(['T04', 'T09']);
      expect(await list('created_to=2026-11-01&expired=N')).toEqual(['T00', 'T05', 'T10']);
      expect(await list('expired=Y')).toEqual([]);
    });
  });
}
