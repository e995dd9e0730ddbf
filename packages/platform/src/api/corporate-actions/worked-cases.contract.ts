import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import type { Page } from '../pages.ts';
import type { ServerFixture } from '../server.fixture.ts';
import { amending, announced } from './events.fixture.ts';
import {
  book,
  cashOf,
  completed,
  eventOf,
  held,
  list,
  open,
  post,
} from './worked-cases.fixture.ts';
import { workedCases } from './worked-holders.fixture.ts';

type Opened = () => ServerFixture;

/** The worked cases of corporate actions through HTTP, on whatever it stands. */
export function describeWorkedCases(setUp: string, openServer: () => Promise<ServerFixture>): void {
  let fixture: ServerFixture;
  beforeAll(async () => {
    fixture = await openServer();
  });
  afterAll(() => fixture.close());

  describe(`corporate actions through HTTP, on ${setUp}`, () => {
    describeHolders(() => fixture);
    describeApple(() => fixture);
    describeSpinOff(() => fixture);
    describeCancellation(() => fixture);
    describeChoices(() => fixture);
  });
}

function describeHolders(opened: Opened): void {
  describe('CA-01, CA-06 a holder of shares', () => {
    test.each(workedCases.map((row, place) => ({ ...row, id: `W${place}` })))(
      '$title',
      async ({ id, symbols, account, trades, event, dates, before, after, cash }) => {
        const fixture = opened();
        await list(fixture, ...symbols);
        await open(fixture, id, account);
        await book(fixture, id, ...trades);

        await post(fixture, event);

        const seen = async (when: object): Promise<object> => {
          const positions = symbols.map(async (one) => [one, await held(fixture, id, one, when)]);
          return Object.fromEntries(await Promise.all(positions)) as object;
        };
        const [asOfBefore, asOfAfter] = dates.map((asOf) => ({ asOf }));
        expect(await seen({})).toEqual(after);
        expect(await cashOf(fixture, id)).toBe(cash[1]);
        expect(await seen(asOfBefore ?? {})).toEqual(before);
        expect(await cashOf(fixture, id, asOfBefore)).toBe(cash[0]);
        expect(await seen(asOfAfter ?? {})).toEqual(after);
        expect(await cashOf(fixture, id, asOfAfter)).toBe(cash[1]);
      },
    );
  });
}

function describeApple(opened: Opened): void {
  const beforeAmendment = '2026-11-20T15:30:00Z';
  let fixture: ServerFixture;
  let dividend: string;

  beforeAll(async () => {
    fixture = opened();
    await list(fixture, 'AAPL');
    for (const account of ['APPLE', 'LOTS', 'ON-EX', 'LATE']) await open(fixture, account);
    await book(fixture, 'APPLE', 'BUY 10 AAPL at 606.81 on 2014-06-02');
    const two = ['BUY 3 AAPL at 600 on 2014-06-02', 'BUY 7 AAPL at 610 on 2014-06-05'];
    await book(fixture, 'LOTS', ...two);
    await book(fixture, 'ON-EX', 'BUY 280 AAPL at 119 on 2020-11-06');
    const split = { event_type: 'STOCK_SPLIT', symbol: 'AAPL' };
    await post(fixture, { ...split, ex_date: '2014-06-09', terms: { ratio: '7:1' } });
    const dates = { record_date: '2020-08-24', payment_date: '2020-08-28', ex_date: '2020-08-31' };
    await post(fixture, { ...split, ...dates, terms: { ratio: '4:1' } });
    dividend = await post(fixture, {
      event_type: 'DIVIDEND',
      symbol: 'AAPL',
      ex_date: '2020-11-06',
      record_date: '2020-11-09',
      payment_date: '2020-11-12',
      terms: { amount: '0.205', withholding_percent: '15' },
    });
    fixture.setTime('2026-11-20T16:00:00Z');
    const terms = { amount: '0.205', withholding_percent: '30' };
    await fixture.done(amending(dividend, { terms }));
    await completed(fixture, dividend, 2);
  });

  describe('CA-06, CA-07 whoever held Apple from 2014 to 2020', () => {
    test.each([
      ['2014-06-08', '10'],
      ['2014-06-09', '70'],
      ['2020-08-30', '70'],
      ['2020-08-31', '280'],
    ])('had on %s at the end %s shares, at the cost of the first 10', async (asOf, shares) => {
      expect(await held(fixture, 'APPLE', 'AAPL', { asOf })).toBe(
        `${shares} cost 6068.1 realized 0: T1 of 2014-06-02 ${shares} for 6068.1`,
      );
    });

    test('paid 86.68714286 for each of the 70', async () => {
      const request = 'GET /api/v1/accounts/APPLE/positions/AAPL?asOf=2014-06-09';
      expect((await fixture.done({ request })).json()).toMatchObject({
        averageCost: '86.68714286',
      });
    });

    test('has as many lots as before, each with its date and its cost', async () => {
      expect(await held(fixture, 'LOTS', 'AAPL')).toBe(
        '280 cost 6070 realized 0: T1 of 2014-06-02 84 for 1800, T2 of 2014-06-05 196 for 4270',
      );
    });

    test('was believed to have 57.40 - 8.61 of a dividend on the day of its payment', async () => {
      const known = { knownAt: beforeAmendment };
      expect(await cashOf(fixture, 'APPLE', { asOf: '2020-11-11', ...known })).toBe('93931.9');
      expect(await cashOf(fixture, 'APPLE', { asOf: '2020-11-12', ...known })).toBe('93980.69');
    });

    test('and has 57.40 - 17.22 since the tax is known to be 30 %: reversed and booked anew', async () => {
      expect(await cashOf(fixture, 'APPLE')).toBe('93972.08');
      expect(await cashOf(fixture, 'APPLE', { asOf: '2020-11-11' })).toBe('93931.9');
      expect(await cashOf(fixture, 'APPLE', { asOf: '2020-11-12' })).toBe('93972.08');
      expect(await postingsOf(fixture, 'APPLE', dividend)).toEqual([
        'EntitlementPosted 48.79',
        'EntitlementReversed -48.79',
        'EntitlementPosted 40.18',
      ]);
      expect(await eventOf(fixture, dividend)).toMatchObject({
        stage: 'PAID',
        totals: { accounts: 2, eligible: '560', gross: '114.8', tax: '34.44', cash: '80.36' },
      });
    });

    test('on the ex-date it was too late to buy for the dividend', async () => {
      expect(await cashOf(fixture, 'ON-EX')).toBe('66680');
    });

    test('whoever becomes known now to have held has all of it as well', async () => {
      await book(fixture, 'LATE', 'BUY 10 AAPL at 606.81 on 2014-06-02');

      await until(async () => (await cashOf(fixture, 'LATE')) === '93972.08');

      expect(await held(fixture, 'LATE', 'AAPL')).toBe(
        '280 cost 6068.1 realized 0: T1 of 2014-06-02 280 for 6068.1',
      );
    });
  });
}

interface AccountEvent {
  readonly eventType: string;
  readonly data: { readonly actionId?: string; readonly amount?: string };
}

/** What one event has posted to an account: each posting with its change of cash. */
async function postingsOf(
  { done }: ServerFixture,
  account: string,
  id: string,
): Promise<readonly string[]> {
  const response = await done({ request: `GET /api/v1/accounts/${account}/events?limit=1000` });
  return response
    .json<Page<AccountEvent>>()
    .items.filter(({ data }) => data.actionId === id)
    .map(({ eventType, data }) => `${eventType} ${data.amount}`);
}

function describeSpinOff(opened: Opened): void {
  test('CA-06, CA-07 WBD out of T: the basis by the closes of the day, then by another source', async () => {
    const fixture = opened();
    fixture.setTime('2026-11-20T17:00:00Z');
    await list(fixture, 'T', 'WBD');
    await open(fixture, 'SPIN');
    await book(fixture, 'SPIN', 'BUY 1000 T at 32 on 2022-01-03');
    const seen = async (when: object = {}): Promise<object> => ({
      T: await held(fixture, 'SPIN', 'T', when),
      WBD: await held(fixture, 'SPIN', 'WBD', when),
      cash: await cashOf(fixture, 'SPIN', when),
    });
    const spinOff = { child: 'WBD', ratio: '0.241917:1', price_in_lieu: '24.43' };
    // T closed at 24.14 with the child, which leaves 24.14 - 0.241917 x 24.43 without it.
    const closes = { child_price: '24.43', parent_price: '18.22996769' };
    const dates = { record_date: '2022-04-05', payment_date: '2022-04-08', ex_date: '2022-04-11' };
    const terms = { ...spinOff, ...closes };

    const id = await post(fixture, { event_type: 'SPIN_OFF', symbol: 'T', ...dates, terms });

    const byCloses = {
      T: '1000 cost 24165.66 realized 0: T1 of 2022-01-03 1000 for 24165.66',
      // 0.917 of a share at 24.43 is 22.40, and cost 29.70.
      WBD: '241 cost 7804.64 realized -7.3: T1 of 2022-01-03 241 for 7804.64',
      cash: '68022.4',
    };
    expect(await seen()).toEqual(byCloses);
    expect(await seen({ asOf: '2022-04-10' })).toEqual({
      T: '1000 cost 32000 realized 0: T1 of 2022-01-03 1000 for 32000',
      WBD: 'nothing',
      cash: '68000',
    });

    fixture.setTime('2026-11-20T17:30:00Z');
    await fixture.done(amending(id, { terms: { ...spinOff, basis_percent: '23.48' } }));
    await completed(fixture, id, 2);

    expect(await seen({ asOf: '2022-04-11' })).toEqual({
      T: '1000 cost 24486.4 realized 0: T1 of 2022-01-03 1000 for 24486.4',
      WBD: '241 cost 7485.12 realized -6.08: T1 of 2022-01-03 241 for 7485.12',
      cash: '68022.4',
    });
    const believed = { asOf: '2022-04-11', knownAt: '2026-11-20T17:15:00Z' };
    expect(await seen(believed)).toEqual(byCloses);
  });
}

function describeCancellation(opened: Opened): void {
  test('CA-07 a split that never was is taken back, and what was believed stays known', async () => {
    const fixture = opened();
    fixture.setTime('2026-11-20T18:00:00Z');
    await list(fixture, 'VOID');
    await open(fixture, 'VOID');
    await book(fixture, 'VOID', 'BUY 100 VOID at 13 on 2021-07-01');
    const terms = { ratio: '1:8', price_in_lieu: '104' };
    const event = { event_type: 'STOCK_SPLIT', symbol: 'VOID', ex_date: '2021-08-02', terms };
    const id = await post(fixture, event);
    expect(await cashOf(fixture, 'VOID')).toBe('98752');

    fixture.setTime('2026-11-20T19:00:00Z');
    const body = { reason: 'another issuer was meant' };
    await fixture.done({ request: `POST /api/v1/events/${id}/cancel`, body });
    await until(async () => (await eventOf(fixture, id)).stage === 'REVERSED');

    expect(await held(fixture, 'VOID', 'VOID')).toBe(
      '100 cost 1300 realized 0: T1 of 2021-07-01 100 for 1300',
    );
    expect(await cashOf(fixture, 'VOID')).toBe('98700');
    const believed = { asOf: '2021-08-02', knownAt: '2026-11-20T18:30:00Z' };
    expect(await held(fixture, 'VOID', 'VOID', believed)).toBe(
      '12 cost 1248 realized 0: T1 of 2021-07-01 12 for 1248',
    );
    expect(await cashOf(fixture, 'VOID', believed)).toBe('98752');
    expect(await cashOf(fixture, 'VOID', { asOf: '2021-08-02' })).toBe('98700');
  });
}

function describeChoices(opened: Opened): void {
  const elect = async (id: string, account: string, option: string, quantity: string) => {
    const body = { account, option, quantity };
    await opened().done({ request: `POST /api/v1/events/${id}/elections`, body });
  };

  describe('CA-08 holders that choose', () => {
    test('rights: who exercises pays for a lot of new shares, who does not keeps what it had', async () => {
      const fixture = opened();
      fixture.setTime('2026-11-23T15:00:00Z');
      await list(fixture, 'RGHT');
      for (const account of ['TAKES', 'LEAVES']) {
        await open(fixture, account);
        await book(fixture, account, 'BUY 100 RGHT at 10 on 2026-11-02');
      }
      const id = await announced(fixture, {
        event_type: 'RIGHTS_ISSUE',
        symbol: 'RGHT',
        ex_date: '2026-11-23',
        election_deadline: '2026-12-04',
        payment_date: '2026-12-07',
        terms: { ratio: '1:4', subscription_price: '8' },
      });
      await elect(id, 'TAKES', 'EXERCISE', '20');
      const due = { status: 'PENDING', stage: 'EX', due_date: '2026-12-07' };
      expect(await eventOf(fixture, id)).toMatchObject(due);

      fixture.setTime('2026-12-07T15:00:00Z');
      await completed(fixture, id, 1);

      expect(await held(fixture, 'TAKES', 'RGHT')).toBe(
        `120 cost 1160 realized 0: T1 of 2026-11-02 100 for 1000, ${id} of 2026-12-07 20 for 160`,
      );
      expect(await cashOf(fixture, 'TAKES')).toBe('98840');
      expect(await cashOf(fixture, 'TAKES', { asOf: '2026-12-06' })).toBe('99000');
      expect(await held(fixture, 'LEAVES', 'RGHT')).toBe(
        '100 cost 1000 realized 0: T1 of 2026-11-02 100 for 1000',
      );
    });

    test('a tender of more than is bought: each holder sells its part, rounded down', async () => {
      const fixture = opened();
      fixture.setTime('2026-12-08T15:00:00Z');
      await list(fixture, 'TEND');
      for (const account of ['MUCH', 'SOME']) {
        await open(fixture, account);
        await book(fixture, account, 'BUY 100 TEND at 10 on 2026-11-02');
      }
      const id = await announced(fixture, {
        event_type: 'TENDER_OFFER',
        symbol: 'TEND',
        ex_date: '2026-12-08',
        election_deadline: '2026-12-18',
        payment_date: '2026-12-21',
        terms: { price: '13', quantity_max: '100' },
      });
      await elect(id, 'MUCH', 'TENDER', '100');
      await elect(id, 'SOME', 'TENDER', '50');

      fixture.setTime('2026-12-21T15:00:00Z');
      await completed(fixture, id, 1);

      // 150 were offered for 100: of 100 shares 66.67 are taken, of 50 33.33.
      expect(await held(fixture, 'MUCH', 'TEND')).toBe(
        '34 cost 340 realized 198: T1 of 2026-11-02 34 for 340',
      );
      expect(await cashOf(fixture, 'MUCH')).toBe('99858');
      expect(await held(fixture, 'SOME', 'TEND')).toBe(
        '67 cost 670 realized 99: T1 of 2026-11-02 67 for 670',
      );
      expect(await cashOf(fixture, 'SOME', { asOf: '2026-12-20' })).toBe('99000');
      expect(await cashOf(fixture, 'SOME')).toBe('99429');
    });
  });
}
