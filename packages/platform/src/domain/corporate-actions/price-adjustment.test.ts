import { calendarDate } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Price, Quantity } from '../money/money.ts';
import {
  acme,
  bonus,
  dividend,
  merger,
  renamed,
  returnOfCapital,
  rights,
  sourcesOf,
  spinOff,
  split,
} from './actions-in-force.fixture.ts';
import { factorText } from './factor.ts';
import {
  adjustedPrice,
  adjustedVolume,
  factorsOn,
  priceHistory,
  type Adjustment,
} from './price-adjustment.ts';
import type { ActionInForce } from './price-effect.ts';

const friday = 'ACME 2026-06-05 100';

/** A price of a date, adjusted. */
function adjusted(
  closes: readonly string[],
  actions: readonly ActionInForce[],
  [date, price]: readonly [date: string, price: string],
  adjustment: Adjustment,
  symbol = acme,
): string {
  const history = priceHistory(symbol, sourcesOf(closes, actions));
  const factors = factorsOn(history, calendarDate(date));
  return Price.format(adjustedPrice(Price.of(price), factors, adjustment));
}

describe('CA-10 a price from before an action', () => {
  it.each<[title: string, action: ActionInForce, split: string, all: string]>([
    ['a split is divided', split('2026-06-08', '4:1'), '25', '25'],
    ['a reverse split is multiplied', split('2026-06-08', '1:8'), '800', '800'],
    [
      'a split of no whole number is divided once',
      split('2026-06-08', '3:2'),
      '66.66666667',
      '66.66666667',
    ],
    [
      'a bonus of 1 for 20 is divided by 21 twentieths',
      bonus('2026-06-08', '1:20'),
      '95.23809524',
      '95.23809524',
    ],
    ['a dividend falls by its part of the close', dividend('2026-06-08', '0.82'), '100', '99.18'],
    [
      'a dividend in the currency of the prices, likewise',
      dividend('2026-06-08', '0.82', 'USD'),
      '100',
      '99.18',
    ],
    ['a return of capital, likewise', returnOfCapital('2026-06-08', '10'), '100', '90'],
    [
      'a spin-off falls by the percentage of the source',
      spinOff('2026-06-08', '0.241917:1', { percent: '24.48' }),
      '100',
      '75.52',
    ],
    [
      'a spin-off falls by the value of the child in the whole',
      spinOff('2026-06-08', '1:4', { child: '80', parent: '80' }),
      '100',
      '80',
    ],
    // n = 4 old for a new one at 60: (4 x 100 + 60) / 5.
    [
      'a rights issue comes to the theoretical ex-rights price',
      rights('2026-06-08', '1:4', '60'),
      '100',
      '92',
    ],
    ['a merger stays', merger('2026-06-08', '120'), '100', '100'],
  ])('%s', (_, action, bySplit, byAll) => {
    const before = ['2026-06-05', '100'] as const;
    expect(adjusted([friday], [action], before, 'none')).toBe('100');
    expect(adjusted([friday], [action], before, 'split')).toBe(bySplit);
    expect(adjusted([friday], [action], before, 'all')).toBe(byAll);
  });

  it.each<[title: string, action: ActionInForce, closes: readonly string[], leftOut: string]>([
    [
      'without a close before it',
      dividend('2026-06-08', '1'),
      ['ACME 2026-06-08 100'],
      'CLOSE_UNKNOWN',
    ],
    ['rights, likewise', rights('2026-06-08', '1:4', '60'), [], 'CLOSE_UNKNOWN'],
    ['on the first day of the calendar', dividend('0001-01-01', '1'), [], 'CLOSE_UNKNOWN'],
    ['in another currency', dividend('2026-06-08', '1', 'EUR'), [friday], 'OTHER_CURRENCY'],
    [
      'that pays out all that the share is worth',
      dividend('2026-06-08', '100'),
      [friday],
      'NOT_BELOW_CLOSE',
    ],
    [
      'whose rights cost what the share does',
      rights('2026-06-08', '1:4', '100'),
      [friday],
      'NOT_BELOW_CLOSE',
    ],
    [
      'that gives all of the value away',
      spinOff('2026-06-08', '1:1', { percent: '100' }),
      [friday],
      'NOT_BELOW_CLOSE',
    ],
    ['whose child nobody valued', spinOff('2026-06-08', '1:1', null), [friday], 'TERMS_INCOMPLETE'],
  ])('stays over an action %s, and it is said why', (_, action, closes, leftOut) => {
    const { steps } = priceHistory(acme, sourcesOf(closes, [action]));
    expect(steps).toMatchObject([{ leftOut }]);
    expect(adjusted(closes, [action], ['0001-01-01', '100'], 'all')).toBe('100');
  });

  it('is adjusted up to the day before the ex-date', () => {
    const actions = [split('2026-06-08', '4:1'), dividend('2026-06-10', '1')];
    const closes = [friday, 'ACME 2026-06-09 25'];
    const on = (date: string) => adjusted(closes, actions, [date, '100'], 'all');
    expect(on('2026-06-07')).toBe('24');
    expect(on('2026-06-08')).toBe('96');
    expect(on('2026-06-09')).toBe('96');
    expect(on('2026-06-10')).toBe('100');
  });

  it('has its volume multiplied by the splits alone', () => {
    const actions = [split('2026-06-08', '4:1'), dividend('2026-06-10', '1')];
    const history = priceHistory(acme, sourcesOf([friday], actions));
    const factors = factorsOn(history, calendarDate('2026-06-05'));
    const volume = (adjustment: Adjustment) =>
      Quantity.format(adjustedVolume(Quantity.of('12.5'), factors, adjustment));
    expect(volume('none')).toBe('12.5');
    expect(volume('split')).toBe('50');
    expect(volume('all')).toBe('50');
  });
});

describe('CA-10 actions without a close between them', () => {
  it.each<[title: string, actions: readonly ActionInForce[], price: string]>([
    [
      'two dividends of a day count as their sum',
      [dividend('2026-06-08', '10'), dividend('2026-06-08', '30')],
      '60',
    ],
    [
      'a dividend of the day after a split is for the new shares',
      [split('2026-06-08', '4:1'), dividend('2026-06-09', '5')],
      '20',
    ],
    [
      'a dividend of the day of a split is for the shares as they were held before it',
      [split('2026-06-08', '4:1'), dividend('2026-06-08', '20')],
      '20',
    ],
  ])('%s', (_, actions, price) => {
    expect(adjusted([friday], actions, ['2026-06-05', '100'], 'all')).toBe(price);
    expect(adjusted([friday], actions.toReversed(), ['2026-06-05', '100'], 'all')).toBe(price);
  });

  it('a close on the ex-date measures the next, not this one', () => {
    const actions = [dividend('2026-06-08', '10'), dividend('2026-06-09', '10')];
    const closes = [friday, 'ACME 2026-06-08 50'];
    expect(adjusted(closes, actions, ['2026-06-05', '100'], 'all')).toBe('72');
  });
});

describe('CA-10 the rows of the actions', () => {
  it('name the factors of each, and of it with all that came after', () => {
    const actions = [
      split('2026-06-10', '2:1'),
      dividend('2026-06-08', '10'),
      split('2026-06-12', '3:1'),
    ];
    const { steps } = priceHistory(acme, sourcesOf([friday], actions));
    const rows = steps.map(({ exDate, splitDivisor, dividendFactor, cumulative }) =>
      [splitDivisor, dividendFactor, cumulative.splitDivisor, cumulative.dividendFactor]
        .map((factor) => factorText(factor, 12))
        .toSpliced(0, 0, exDate)
        .join(' '),
    );
    expect(rows).toEqual(['2026-06-08 1 0.9 6 0.9', '2026-06-10 2 1 6 1', '2026-06-12 3 1 3 1']);
  });

  it('leave out what moves no prices', () => {
    const actions = [merger('2026-06-08', '120')];
    expect(priceHistory(acme, sourcesOf([friday], actions)).steps).toEqual([]);
  });
});

const spansOf = (symbol: string, ...actions: readonly ActionInForce[]) =>
  priceHistory(symbol as InstrumentSymbol, sourcesOf([], actions)).spans.map(
    ({ symbol: of, from, until }) => `${of} ${from} ${until}`,
  );

describe('CA-10 prices over a change of symbol', () => {
  const meta = 'META' as InstrumentSymbol;
  const change = renamed('2022-06-09', 'FB', 'META');
  it.each<
    [title: string, symbol: string, actions: readonly ActionInForce[], spans: readonly string[]]
  >([
    ['none', 'FB', [], ['FB null null']],
    [
      'the new symbol follows the old',
      'META',
      [change],
      ['META 2022-06-09 null', 'FB null 2022-06-09'],
    ],
    ['the old symbol ends where it ended', 'FB', [change], ['FB null null']],
    [
      'of a symbol that was used again, the last bearer counts',
      'META',
      [renamed('2010-01-04', 'OLD', 'META'), renamed('2012-01-04', 'META', 'GONE'), change],
      ['META 2022-06-09 null', 'FB null 2022-06-09'],
    ],
    [
      'there and back',
      'A',
      [renamed('2010-01-04', 'A', 'B'), renamed('2012-01-04', 'B', 'A')],
      ['A 2012-01-04 null', 'B 2010-01-04 2012-01-04', 'A null 2010-01-04'],
    ],
    [
      'two companies that swap symbols on a day',
      'A',
      [renamed('2010-01-04', 'A', 'B'), renamed('2010-01-04', 'B', 'A')],
      ['A 2010-01-04 null', 'B null 2010-01-04'],
    ],
  ])('%s', (_, symbol, actions, spans) => {
    expect(spansOf(symbol, ...actions)).toEqual(spans);
  });

  it('carries the splits of both symbols, and the last close of the old', () => {
    const fb = 'FB' as InstrumentSymbol;
    const actions = [
      change,
      split('2020-01-06', '2:1', fb),
      // Of another company, which had the new symbol before.
      split('2015-01-05', '100:1', meta),
      // And of one that took the old symbol later.
      split('2024-01-08', '10:1', fb),
      split('2022-06-09', '3:1', fb),
      split('2024-01-08', '5:1', meta),
    ];
    const closes = ['FB 2022-06-08 196.64', 'META 2022-06-08 12', 'META 2022-06-09 184'];
    const on = (date: string, price: string) =>
      adjusted(closes, actions, [date, price], 'all', meta);
    expect(on('2014-12-31', '60')).toBe('2');
    expect(on('2019-12-31', '60')).toBe('2');
    expect(on('2022-06-08', '60')).toBe('4');
    expect(on('2022-06-09', '60')).toBe('12');
  });

  it.each(['2022-06-09', '2022-06-13'])(
    'measures a dividend of %s by the last close of the old symbol, where the new has none',
    (exDate) => {
      const paid = dividend(exDate, '50', undefined, meta);
      const closes = ['FB 2022-06-08 200', 'META 2022-06-07 100'];
      expect(adjusted(closes, [change, paid], ['2022-06-08', '200'], 'all', meta)).toBe('150');
    },
  );
});

describe('CA-10 adjusted prices, whatever the actions', () => {
  const dates = ['2026-06-08', '2026-06-09', '2026-06-10', '2026-06-11'] as const;
  const closes = [friday, 'ACME 2026-06-09 55.55', 'ACME 2026-06-10 3.7'];
  const positive = fc.integer({ min: 1, max: 12 });
  const someDate = fc.constantFrom(...dates);
  const someSplit = fc
    .tuple(someDate, positive, positive)
    .map(([date, fresh, old]) => split(date, `${fresh}:${old}`));
  const someDividend = fc
    .tuple(someDate, fc.integer({ min: 1, max: 300 }))
    .map(([date, cents]) => dividend(date, `${cents / 100}`));
  const someActions = fc.array(fc.oneof(someSplit, someDividend), { maxLength: 12 });
  const somePrice = fc.bigInt({ min: 1n, max: 10n ** 14n }).map((units) => Price.units(units));

  it('do not depend on the order in which the actions were learned', () => {
    fc.assert(
      fc.property(someActions, someDate, somePrice, (actions, date, price) => {
        const given = [date, Price.format(price)] as const;
        expect(adjusted(closes, actions.toReversed(), given, 'all')).toBe(
          adjusted(closes, actions, given, 'all'),
        );
      }),
    );
  });

  it('come back to the raw price when a split is undone by its inverse', () => {
    fc.assert(
      fc.property(positive, positive, somePrice, (fresh, old, price) => {
        const actions = [
          split('2026-06-08', `${fresh}:${old}`),
          split('2026-06-10', `${old}:${fresh}`),
        ];
        const text = Price.format(price);
        expect(adjusted(closes, actions, ['2026-06-05', text], 'split')).toBe(text);
      }),
    );
  });

  it('keep a bar in order: the low stays at or below the high', () => {
    fc.assert(
      fc.property(someActions, someDate, somePrice, somePrice, (actions, date, left, right) => {
        const [low, high] = left < right ? [left, right] : [right, left];
        const factors = factorsOn(
          priceHistory(acme, sourcesOf(closes, actions)),
          calendarDate(date),
        );
        expect(adjustedPrice(low, factors, 'all')).toBeLessThanOrEqual(
          adjustedPrice(high, factors, 'all'),
        );
      }),
    );
  });

  it('of all actions never lie above those of the splits', () => {
    fc.assert(
      fc.property(someActions, someDate, somePrice, (actions, date, price) => {
        const factors = factorsOn(
          priceHistory(acme, sourcesOf(closes, actions)),
          calendarDate(date),
        );
        expect(adjustedPrice(price, factors, 'all')).toBeLessThanOrEqual(
          adjustedPrice(price, factors, 'split'),
        );
      }),
    );
  });
});
