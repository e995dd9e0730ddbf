import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openServer, type ServerFixture } from '../packages/platform/src/api/server.fixture.ts';
import { leanPrices, type DayPrices } from '../packages/platform/src/demo/lean-prices.ts';
import { Price, Quantity } from '../packages/platform/src/domain/money/money.ts';
import { until } from '../packages/platform/src/streams/contract/samples.ts';
import { randomOf } from './simulation/random.ts';

// Apple's prices, splits and dividends as they were, told to the server through HTTP, and what a shareholder
// had of them, computed here once more from the data alone. See examples/data/README.md.

const expectedData = path.join(import.meta.dirname, '../examples/data/expected');
const read = (file: string): unknown =>
  JSON.parse(readFileSync(path.join(expectedData, file), 'utf8'));

type AppleEvent = { readonly exDate: string } & (
  | { readonly type: 'SPLIT'; readonly ratioNew: number; readonly ratioOld: number }
  | { readonly type: 'DIVIDEND'; readonly declared: string }
);

const appleEvents = read('aapl-events.json') as readonly AppleEvent[];
const bars = leanPrices('AAPL');

interface Purchase {
  readonly account: string;
  readonly shares: number;
  readonly tradeDate: string;
  /** In dollars, at the close of the day. */
  readonly price: string;
}

const purchases: readonly Purchase[] = [
  { account: 'SPLITS', shares: 100, tradeDate: '2005-01-03', price: closeOn('2005-01-03') },
  // So few that the dividends of 0.205 have to be rounded.
  { account: 'ODD', shares: 3, tradeDate: '2020-09-15', price: closeOn('2020-09-15') },
];

function closeOn(date: string): string {
  return Price.format(bars.find((bar) => bar.date === date)!.close);
}

const initialBalance = 1_000_000;

/** When a dividend is paid is not in the data: a week after the ex-date, as Apple does. */
function paymentDate(exDate: string): string {
  const day = 86_400_000;
  return new Date(Date.parse(exDate) + 7 * day).toISOString().slice(0, 10);
}

/** What a purchase had become by the end of a date: shares, and cash in cents. */
function becameOf({ shares, tradeDate, price }: Purchase, asOf: string) {
  let held = BigInt(shares);
  // Prices have whole cents on the days of the purchases.
  let cents = BigInt(initialBalance) * 100n - held * BigInt(Math.round(Number(price) * 100));
  for (const event of appleEvents) {
    if (event.exDate <= tradeDate || event.exDate > asOf) continue;
    if (event.type === 'SPLIT') held = (held * BigInt(event.ratioNew)) / BigInt(event.ratioOld);
    else if (paymentDate(event.exDate) <= asOf) {
      const thousandths = held * BigInt(event.declared.replace('.', ''));
      cents += (thousandths + 5n) / 10n;
    }
  }
  return { quantity: String(held), cash: Number(cents) / 100 };
}

const today = '2026-11-20';
const endsOfYears = Array.from({ length: 17 }, (_, place) => `${2005 + place}-12-31`);

async function openWorld(): Promise<ServerFixture> {
  const fixture = await openServer();
  onTestFinished(fixture.close);
  const apple = { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' };
  await fixture.done({ request: 'POST /api/v1/instruments', body: apple });
  for (const { account } of purchases) {
    const owner = { ownerName: 'A shareholder', ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const opening = { initialBalance: String(initialBalance), openedOn: '2005-01-03' };
    const body = { accountId: account, ...owner, ...opening };
    await fixture.done({ request: 'POST /api/v1/accounts', body });
  }
  return fixture;
}

async function buyAll({ done }: ServerFixture): Promise<void> {
  for (const { account, shares, tradeDate, price } of purchases) {
    const body = { side: 'BUY', symbol: 'AAPL', quantity: String(shares), price, tradeDate };
    await done({ request: `POST /api/v1/accounts/${account}/orders`, body });
  }
}

function announcementOf(event: AppleEvent): object {
  const { exDate } = event;
  if (event.type === 'SPLIT') {
    const terms = { ratio: `${event.ratioNew}:${event.ratioOld}` };
    return { event_type: 'STOCK_SPLIT', symbol: 'AAPL', ex_date: exDate, terms };
  }
  return {
    event_type: 'DIVIDEND',
    symbol: 'AAPL',
    ex_date: exDate,
    payment_date: paymentDate(exDate),
    amount: event.declared,
  };
}

async function announceAll(
  { call, done }: ServerFixture,
  events: readonly AppleEvent[],
): Promise<void> {
  for (const event of events) {
    await done({ request: 'POST /api/v1/events', body: announcementOf(event) });
  }
  const request = 'GET /api/v1/events?status=COMPLETED&limit=100';
  await until(
    async () => (await call({ request })).json<{ items: [] }>().items.length === events.length,
  );
}

/** What the server says that an account has. */
async function answered({ done }: ServerFixture, account: string, asOf: string) {
  const url = `GET /api/v1/accounts/${account}`;
  const query = asOf === today ? '' : `?asOf=${asOf}`;
  const { cash } = (await done({ request: `${url}${query}` })).json<{ cash: string }>();
  const positions = await done({ request: `${url}/positions/AAPL${query}` });
  const { quantity, cost, realizedPnl } = positions.json<Record<string, string>>();
  return { quantity, cash: Number(cash), cost: Number(cost), realizedPnl };
}

const moments = purchases.flatMap((purchase) => {
  const ends = endsOfYears.filter((date) => date > purchase.tradeDate);
  return [...ends, today].map((asOf) => ({ purchase, asOf }));
});

/** What the purchases became by the data, at the end of each year and now. */
function expectedOfAll(): readonly object[] {
  return moments.map(({ purchase, asOf }) => {
    const { account, shares, price } = purchase;
    const cost = Math.round(shares * Number(price) * 100) / 100;
    return { account, asOf, ...becameOf(purchase, asOf), cost, realizedPnl: '0' };
  });
}

async function answeredOfAll(fixture: ServerFixture): Promise<readonly object[]> {
  const answers = moments.map(async ({ purchase: { account }, asOf }) => ({
    account,
    asOf,
    ...(await answered(fixture, account, asOf)),
  }));
  return Promise.all(answers);
}

function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const random = randomOf(seed);
  return items
    .map((item) => ({ item, place: random.next() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

describe('CA-06 whoever bought Apple in 2005', () => {
  test('by the data alone has 5,600 shares and the dividends of 2012 to 2021', () => {
    expect(appleEvents.filter(({ type }) => type === 'DIVIDEND')).toHaveLength(35);
    // 1,000,000 - 6,332 + 200 x 23.44 + 1,400 x 15.93 + 5,600 x 0.41.
    expect(becameOf(purchases[0]!, today)).toEqual({ quantity: '5600', cash: 1_022_954 });
  });

  test.each<[string, (fixture: ServerFixture) => Promise<void>]>([
    [
      'told in order',
      async (fixture) => {
        await buyAll(fixture);
        await announceAll(fixture, appleEvents);
      },
    ],
    [
      'told in any order',
      async (fixture) => {
        await buyAll(fixture);
        await announceAll(fixture, shuffled(appleEvents, 7));
      },
    ],
    [
      'told in any order, and of the purchase last',
      async (fixture) => {
        await announceAll(fixture, shuffled(appleEvents, 11));
        await buyAll(fixture);
        for (const purchase of purchases) {
          const { cash } = becameOf(purchase, today);
          await until(async () => (await answered(fixture, purchase.account, today)).cash === cash);
        }
      },
    ],
  ])('has them by the server, that is %s', async (_, tell) => {
    const fixture = await openWorld();

    await tell(fixture);

    expect(await answeredOfAll(fixture)).toEqual(expectedOfAll());
  });
});

const barOf = ({ date, open, high, low, close, volume }: DayPrices): object => ({
  command: 'RecordClose',
  symbol: 'AAPL',
  date,
  open: Price.format(open),
  high: Price.format(high),
  low: Price.format(low),
  close: Price.format(close),
  volume: Quantity.format(volume),
});

interface ExpectedRow {
  readonly date: string;
  readonly splitAdjCloseExact: string;
  readonly splitAdjVolumeExact: string;
  readonly adjCloseFile: string;
}

describe('CA-10 the prices of Apple from 1998 to 2021', () => {
  test('over its splits and dividends are those of the data, to its precision', async () => {
    const fixture = await openWorld();
    const { statusCode, body: answers } = await fixture.call({
      request: 'POST /api/v1/bulk/commands',
      headers: { 'content-type': 'application/x-ndjson' },
      body: bars.map((bar) => JSON.stringify(barOf(bar))).join('\n'),
    });
    expect(statusCode).toBe(200);
    expect(answers.split('\n').filter((line) => line.includes('"accepted"'))).toHaveLength(
      bars.length,
    );
    await announceAll(fixture, appleEvents);

    const { rows } = read('aapl-adjusted-close.json') as { rows: readonly ExpectedRow[] };
    expect(rows).toHaveLength(18);
    const position = await fixture.head();
    for (const row of rows) {
      const closeBy = async (adjust: string) => {
        const query = `adjust=${adjust}&from=${row.date}&to=${row.date}&minPosition=${position}`;
        const response = await fixture.done({
          request: `GET /api/v1/prices/AAPL/closes?${query}`,
        });
        const [bar] = response.json<{ items: { close: string; volume: string }[] }>().items;
        return { date: row.date, close: Number(bar!.close), volume: bar!.volume };
      };
      // The data is exact to six decimals.
      expect(await closeBy('split')).toEqual({
        date: row.date,
        close: expect.closeTo(Number(row.splitAdjCloseExact), 6) as number,
        volume: row.splitAdjVolumeExact,
      });
      // Its factors are rounded, to seven decimals and to eight (decision 12): within three millionths.
      const { close } = await closeBy('all');
      const apart = Math.abs(close / Number(row.adjCloseFile) - 1);
      expect({ date: row.date, apart }).toEqual({
        date: row.date,
        apart: expect.closeTo(0, 5) as number,
      });
      expect(apart).toBeLessThan(0.000_003);
    }
  });
});
