import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWorkplace, type Workplace } from './docs/workplace.ts';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Lot {
  readonly lotId: string;
  readonly openedOn: string;
  readonly quantity: string;
  readonly cost: string;
}

interface Row {
  readonly symbol: string;
  readonly quantity: string;
  readonly lastPrice: string;
  readonly tradeDate: string;
  readonly version: number;
  readonly date: string;
  readonly close: string;
  readonly total: string;
}

// Each test is called as the line above the request that it is about.
describe('OP-01 a request that the demo prints, pasted into a shell, shows', () => {
  let place: Workplace;
  const answers = new Map<string, Answer>();
  const asked = new Set<string>();

  beforeAll(async () => {
    place = openWorkplace();
    const block = { language: 'sh', text: 'npm start -- --demo', line: 1, note: undefined };
    await place.run({ block, prints: undefined });
    const printed = place.said().matchAll(/^# (.*)\n(.*)$/gm);
    for (const [, says = '', line = ''] of printed) answers.set(says, await pasted(line));
  });
  afterAll(() => place.close());

  /** Runs the line as it is, but for a curl that also tells the status. */
  async function pasted(line: string): Promise<Answer> {
    const telling = `curl() { command curl --write-out '\\n%{http_code}' "$@"; }`;
    const [token = ''] = /^TOKEN=.+$/m.exec(place.said()) ?? [];
    const { output } = await place.shell(`${telling}\n${token}\n${line}`);
    const end = output.lastIndexOf('\n');
    const body = JSON.parse(output.slice(0, end)) as Answer['body'];
    return { status: Number(output.slice(end)), body };
  }

  function answerTo(says: string): Answer {
    asked.add(says);
    const answer = answers.get(says);
    if (answer === undefined)
      throw new Error(`not printed; there is ${[...answers.keys()].join(', ')}`);
    return answer;
  }

  /** The rows of an answer that must be 200. */
  function rows(says: string, list = 'items'): readonly Row[] {
    const { status, body } = answerTo(says);
    expect(status).toBe(200);
    return body[list] as readonly Row[];
  }

  const lowest = 'what an individual held on the day the market was lowest in 2020';

  test('what a family office holds now, at the last prices of the data (March 2021)', ({
    task,
  }) => {
    // The closes of 31 March 2021.
    expect(rows(task.name).map(({ symbol, lastPrice }) => [symbol, lastPrice])).toEqual([
      ['AAPL', '122.15'],
      ['IBM', '133.26'],
      ['SPY', '396.33'],
    ]);
  });

  test('what an individual held on the day the market was lowest in 2020', ({ task }) => {
    // SPY closed at 222.95 on 23 March 2020.
    expect(rows(task.name)).toMatchObject([{ symbol: 'SPY', lastPrice: '222.95' }]);
  });

  test('the same evening, as it was known before a trade of that day was reported late', ({
    task,
  }) => {
    const [before] = rows(task.name);
    const [now] = rows(lowest);
    expect(before).toMatchObject({ symbol: 'SPY', lastPrice: '222.95' });
    expect(Number(now?.quantity) - Number(before?.quantity)).toBe(100);
  });

  test('what a pension fund was worth on every day of 2020', ({ task }) => {
    const days = rows(task.name, 'days');
    expect(days).toHaveLength(366);
    expect([days[0]?.date, days.at(-1)?.date]).toEqual(['2020-01-01', '2020-12-31']);
    expect(days.filter(({ total }) => Number(total) > 0)).toHaveLength(366);
  });

  test('an order', ({ task }) => {
    expect(answerTo(task.name)).toMatchObject({
      status: 201,
      body: { tradeId: expect.any(String) as string, eventIds: [expect.any(String)] },
    });
  });

  test('an order that a risk check refuses: its price is far from the last', ({ task }) => {
    expect(answerTo(task.name)).toMatchObject({
      status: 422,
      body: { code: 'PRICE_OUTSIDE_COLLAR', eventIds: [expect.any(String)] },
    });
  });

  test('a record of a trade, as an upstream system reports it: its outcome is under request_id', ({
    task,
  }) => {
    expect(answerTo(task.name)).toMatchObject({
      status: 202,
      body: { status: 'PENDING', trade_id: 'T1', request_id: expect.any(String) as string },
    });
  });

  test('what a dividend of Apple came to for all who held it', ({ task }) => {
    const { status, body } = answerTo(task.name);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      terms: { amount: '0.205' },
      ex_date: '2020-11-06',
      stage: 'PAID',
      totals: { accounts: 4, tax: '0', shares: '0' },
    });
    const { eligible, cash } = body['totals'] as Readonly<Record<string, string>>;
    // Each account is rounded by itself: by half a cent at most.
    expect(Math.abs(Number(cash) - Number(eligible) * 0.205)).toBeLessThanOrEqual(4 * 0.005);
  });

  const beforeSplit = 'what an individual had of Apple on the eve of its split 7:1 of 2014';

  test('what an individual had of Apple on the eve of its split 7:1 of 2014', ({ task }) => {
    // AAPL closed at 645.57 on 6 June 2014.
    expect(answerTo(task.name)).toMatchObject({ status: 200, body: { lastPrice: '645.57' } });
  });

  test('and what it had become of that: every lot with its cost and its date', ({ task }) => {
    const { status, body } = answerTo(task.name);
    const { body: before } = answerTo(beforeSplit);
    const lots = before['lots'] as readonly Lot[];
    expect(status).toBe(200);
    expect(lots.length).toBeGreaterThan(20);
    // By 7:1, and then by 4:1.
    expect(body).toMatchObject({
      quantity: String(28 * Number(before['quantity'])),
      cost: before['cost'],
      lots: lots.map(({ lotId, openedOn, quantity, cost }) => ({
        lotId,
        openedOn,
        quantity: String(28 * Number(quantity)),
        cost,
      })),
    });
  });

  test('the closes of Apple round its split 4:1 of 2020, in terms of the shares of today', ({
    task,
  }) => {
    // It closed at 500.04 and 499.23 before, and at 129.04 and 134.18 after.
    expect(rows(task.name).map(({ date, close }) => [date, close])).toEqual([
      ['2020-08-27', '125.01'],
      ['2020-08-28', '124.8075'],
      ['2020-08-31', '129.04'],
      ['2020-09-01', '134.18'],
    ]);
  });

  test('the trades of a charity, the newest five', ({ task }) => {
    const dates = rows(task.name).map(({ tradeDate }) => tradeDate);
    expect(dates).toHaveLength(5);
    expect(dates).toEqual(dates.toSorted((left, right) => (left < right ? 1 : -1)));
    expect(dates[0]).toMatch(/^2021-/);
  });

  test('what is behind it all: the events of an account, the first three', ({ task }) => {
    const events = rows(task.name);
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(events[0]).toMatchObject({ eventType: 'AccountOpened' });
  });

  test('and there are no others', () => {
    expect([...answers.keys()]).toEqual([...asked]);
  });
});
