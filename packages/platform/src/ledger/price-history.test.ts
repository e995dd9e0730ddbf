import { readFileSync } from 'node:fs';
import path from 'node:path';
import { calendarDate, rescale, type DomainEvent } from '@counterfoil/event-store';
import { beforeAll, describe, expect, test } from 'vitest';
import { leanPrices, type DayPrices } from '../demo/lean-prices.ts';
import {
  announced,
  nextId,
  ratioOf,
} from '../domain/corporate-actions/actions-in-force.fixture.ts';
import { factorText } from '../domain/corporate-actions/factor.ts';
import {
  adjustedPrice,
  adjustedVolume,
  factorsOn,
  type PriceHistory,
} from '../domain/corporate-actions/price-adjustment.ts';
import { pricesStream } from '../domain/instruments/events.ts';
import { Price, Quantity } from '../domain/money/money.ts';
import { openActionsBook } from './actions-book.ts';
import { aapl, cause, listApple, openLedger } from './ledger.fixture.ts';
import { happened, lifeOf } from './posted-actions.fixture.ts';
import { priceHistoryOf } from './price-history.ts';

// Apple's closes of 23 years, with its 4 splits and its 35 dividends from 2012 on, against what another program
// makes of them: see examples/data/README.md.

const examples = path.join(import.meta.dirname, '../../../../examples/data');
const read = (file: string): string => readFileSync(path.join(examples, file), 'utf8');

type AppleAction =
  | {
      readonly type: 'SPLIT';
      readonly exDate: string;
      readonly ratioNew: number;
      readonly ratioOld: number;
    }
  | { readonly type: 'DIVIDEND'; readonly exDate: string; readonly declared: string };

const appleActions = JSON.parse(read('expected/aapl-events.json')) as readonly AppleAction[];
const bars = leanPrices('AAPL');
const barOn = new Map<string, DayPrices>(bars.map((bar) => [bar.date, bar]));

const announcementOf = (action: AppleAction) =>
  action.type === 'SPLIT'
    ? announced(
        'STOCK_SPLIT',
        action.exDate,
        ratioOf(`${action.ratioNew}:${action.ratioOld}`),
        aapl,
      )
    : announced('DIVIDEND', action.exDate, { amountPerShare: Price.of(action.declared) }, aapl);

let history: PriceHistory;

beforeAll(async () => {
  const { store, market, ...fixture } = await openLedger();
  await listApple({ store, market, ...fixture });
  const recorded = bars.map((bar): DomainEvent => {
    const data = { symbol: aapl, ...bar, source: 'test' };
    return { type: 'DailyBarRecorded', data };
  });
  const stream = pricesStream(aapl);
  await store.append({ appends: [{ stream, expected: 'none', events: recorded }], cause });
  for (const action of appleActions)
    await happened(store, nextId(), lifeOf(announcementOf(action)));
  const actions = await openActionsBook({ store });
  await market.reach((await store.head()).position);
  history = priceHistoryOf(aapl, actions, market);
  await actions.close();
  await fixture.close();
});

const sixDecimals = (price: Price): string =>
  Price.format(Price.units(rescale(price, Price.scale, 6, 'half-even') * 100n), 6);

describe('CA-10 the price history of Apple', () => {
  const { rows } = JSON.parse(read('expected/aapl-adjusted-close.json')) as {
    readonly rows: readonly {
      readonly date: string;
      readonly splitAdjCloseExact: string;
      readonly splitAdjVolumeExact: string;
      readonly adjCloseFile: string;
    }[];
  };

  test('has 35 dividends, 4 splits and prices to check against', () => {
    expect(appleActions).toHaveLength(39);
    expect(history.steps.map(({ leftOut }) => leftOut)).toEqual(Array(39).fill(null));
    expect(rows).toHaveLength(18);
  });

  test.each(rows)('on $date the close over splits is $splitAdjCloseExact', (row) => {
    const bar = barOn.get(row.date)!;
    const factors = factorsOn(history, calendarDate(row.date));
    expect(sixDecimals(adjustedPrice(bar.close, factors, 'split'))).toBe(row.splitAdjCloseExact);
    const volume = adjustedVolume(bar.volume, factors, 'split');
    expect(Quantity.format(volume)).toBe(row.splitAdjVolumeExact);
  });

  // `20120808,0.8613657,0.03571430,619.86`: the factor of the days up to the date.
  const factorRows = read('factor_files/aapl.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',') as [day: string, priceFactor: string])
    .map(
      ([day, factor]) => [`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`, factor] as const,
    );

  test.each(factorRows)('up to %s its dividends leave %s of the price', (date, factor) => {
    const { dividendFactor } = factorsOn(history, calendarDate(date));
    expect(Price.of(factorText(dividendFactor, 7))).toBe(Price.of(factor));
  });

  // Those were computed with split factors of 8 decimals, 0.0357143 for 1/28, and price factors of 7.
  test.each(rows)(
    'on $date the close over all is within three millionths of $adjCloseFile',
    (row) => {
      const factors = factorsOn(history, calendarDate(row.date));
      const ours = adjustedPrice(barOn.get(row.date)!.close, factors, 'all');
      const theirs = Price.of(row.adjCloseFile);
      const apart = ours > theirs ? ours - theirs : theirs - ours;
      expect(apart * 1_000_000n).toBeLessThan(3n * theirs);
    },
  );
});
