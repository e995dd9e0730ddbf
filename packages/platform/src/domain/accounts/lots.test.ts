import { describe, expect, it } from 'vitest';
import { Money, Quantity } from '../money/money.ts';
import {
  accountAfter,
  buy,
  describePosition,
  given,
  open,
  sell,
  symbolOf,
  tradeIdOf,
  when,
} from './account.fixture.ts';
import type { BookTrade, OpenAccount } from './commands.ts';
import { positionOf } from './positions.ts';
import type { LotFault } from './rejections.ts';

interface Row {
  readonly title: string;
  readonly account?: Partial<OpenAccount>;
  readonly trades: readonly BookTrade[];
  readonly cash: string;
  readonly position: string;
}

const average = { costMethod: 'AVERAGE' } as const;
const short = { shortSelling: true } as const;
const shortAverage = { ...short, ...average };
const day = (n: number): string => `2026-11-0${n}`;

describe('LG-07 a trade against the lots of its symbol', () => {
  it.each<Row>([
    {
      title: 'buys a lot at quantity x price and fees',
      trades: [buy('T1', '10 AAPL', '300.35', day(2), { fees: '1.5' })],
      cash: '96995',
      position: '10 cost 3005 realized 0: T1 10 for 3005',
    },
    {
      title: 'sells the oldest first; realized is proceeds less fees less the cost of what left',
      trades: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        sell('T3', '15 AAPL', '120', day(4), { fees: '1' }),
      ],
      cash: '99699',
      position: '5 cost 550 realized 249: T2 5 for 550', // 1800 - 1 - 1000 - 550
    },
    {
      title: 'rounds the cost of part of a lot, and the rest keeps the remainder',
      trades: [
        buy('T1', '3 AAPL', '33.33', day(2), { fees: '0.01' }), // 100.00
        sell('T2', '1 AAPL', '40', day(3)),
        sell('T3', '1 AAPL', '40', day(4)),
      ],
      cash: '99980',
      position: '1 cost 33.33 realized 13.33: T1 1 for 33.33', // 33.33 and 33.34 left
    },
    {
      title: 'ends at a cost of exactly zero',
      trades: [
        buy('T1', '3 AAPL', '33.33', day(2), { fees: '0.01' }),
        sell('T2', '1 AAPL', '40', day(3)),
        sell('T3', '1 AAPL', '40', day(4)),
        sell('T4', '1 AAPL', '40', day(5)),
      ],
      cash: '100020',
      position: '0 cost 0 realized 20',
    },
    {
      title: 'closes the named lots, in part or all',
      trades: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        buy('T3', '10 AAPL', '120', day(4)),
        sell('T4', '14 AAPL', '130', day(5), { lots: { T3: '10', T1: '4' } }),
      ],
      cash: '98520',
      position: '16 cost 1700 realized 220: T1 6 for 600, T2 10 for 1100',
    },
    {
      title: 'pools all in one lot under average cost',
      account: average,
      trades: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '5 AAPL', '115', day(3)), // 1575 / 15 = 105
        sell('T3', '6 AAPL', '120', day(4)),
      ],
      cash: '99145',
      position: '9 cost 945 realized 90: T1 9 for 945',
    },
    {
      title: 'rounds the average once for each sale',
      account: average,
      trades: [
        buy('T1', '3 AAPL', '33.33', day(2), { fees: '0.01' }),
        sell('T2', '1 AAPL', '33.33', day(3)),
        buy('T3', '1 AAPL', '50', day(4)), // 66.67 + 50 over 3
        sell('T4', '2 AAPL', '50', day(5)), // 77.78
      ],
      cash: '99983.33',
      position: '1 cost 38.89 realized 22.22: T1 1 for 38.89',
    },
    {
      title: 'sells short: the lot costs what the sale brought in, negated',
      account: short,
      trades: [sell('T1', '10 AAPL', '100', day(2), { fees: '1' })],
      cash: '100999',
      position: '-10 cost -999 realized 0: T1 -10 for -999',
    },
    {
      title: 'covers the oldest short first',
      account: short,
      trades: [
        sell('T1', '10 AAPL', '100', day(2)),
        sell('T2', '10 AAPL', '90', day(3)),
        buy('T3', '15 AAPL', '80', day(4), { fees: '2' }),
      ],
      cash: '100698',
      position: '-5 cost -450 realized 248: T2 -5 for -450', // 1000 + 450 - 1202
    },
    {
      title: 'closes what is long before it opens a short, and splits its amount between the two',
      account: short,
      trades: [
        buy('T1', '10 AAPL', '100', day(2)),
        sell('T2', '15 AAPL', '110', day(3), { fees: '1' }), // 1649: 1099.33 and 549.67
      ],
      cash: '100649',
      position: '-5 cost -549.67 realized 99.33: T2 -5 for -549.67',
    },
    {
      title: 'closes what is short before it buys',
      account: shortAverage,
      trades: [
        sell('T1', '10 AAPL', '100', day(2)),
        buy('T2', '30 AAPL', '90', day(3)),
        buy('T3', '10 AAPL', '100', day(4)),
      ],
      cash: '97300',
      position: '30 cost 2800 realized 100: T2 30 for 2800',
    },
    {
      title: 'names a short lot to cover',
      account: short,
      trades: [
        sell('T1', '10 AAPL', '100', day(2)),
        sell('T2', '10 AAPL', '90', day(3)),
        buy('T3', '10 AAPL', '80', day(4), { lots: { T2: '10' } }),
      ],
      cash: '101100',
      position: '-10 cost -1000 realized 100: T1 -10 for -1000',
    },
  ])('$title', ({ account = {}, trades, cash, position }) => {
    const after = accountAfter(given(open(account), ...trades));
    expect(describePosition(positionOf(after.positions, symbolOf('AAPL')))).toBe(position);
    expect(Money.format(after.cash)).toBe(cash);
  });

  it('keeps positions apart by symbol, in order of symbols', () => {
    const { positions } = accountAfter(
      given(
        open(),
        buy('T1', '1 MSFT', '10', day(2)),
        buy('T2', '1 AAPL', '10', day(2)),
        buy('T3', '1 IBM', '10', day(2)),
        buy('T4', '1 MSFT', '10', day(2)),
      ),
    );
    expect(positions.map(({ symbol, quantity }) => [symbol, Quantity.format(quantity)])).toEqual([
      ['AAPL', '1'],
      ['IBM', '1'],
      ['MSFT', '2'],
    ]);
  });

  it('dates a lot by its trade', () => {
    const events = given(open(), buy('T1', '1 AAPL', '10', day(2)));
    expect(accountAfter(events).positions[0]?.lots[0]).toMatchObject({
      openedOn: '2026-11-02',
      settlementDate: '2026-11-03',
    });
  });
});

describe('LG-07 lots that a trade names wrongly', () => {
  const bought = [buy('T1', '10 AAPL', '100', day(2)), buy('T2', '10 AAPL', '110', day(3))];

  it.each<{
    readonly title: string;
    readonly account?: Partial<OpenAccount>;
    readonly trade: BookTrade;
    readonly expected: { readonly code: LotFault['code']; readonly [value: string]: string };
  }>([
    {
      title: 'a lot that is not there',
      trade: sell('T3', '5 AAPL', '120', day(4), { lots: { T9: '5' } }),
      expected: { code: 'LOT_UNKNOWN', lotId: 'T9' },
    },
    {
      title: 'a lot of its own direction',
      account: short,
      trade: buy('T3', '5 AAPL', '120', day(4), { lots: { T1: '5' } }),
      expected: { code: 'LOT_UNKNOWN', lotId: 'T1' },
    },
    {
      title: 'more than is in the lot',
      trade: sell('T3', '11 AAPL', '120', day(4), { lots: { T1: '11' } }),
      expected: { code: 'LOT_QUANTITY_EXCEEDED', lotId: 'T1', limit: '10', actual: '11' },
    },
    {
      title: 'nothing of a lot',
      trade: sell('T3', '10 AAPL', '120', day(4), { lots: { T1: '10', T2: '0' } }),
      expected: { code: 'LOT_QUANTITY_EXCEEDED', lotId: 'T2', limit: '10', actual: '0' },
    },
    {
      title: 'less than it sells',
      trade: sell('T3', '11 AAPL', '120', day(4), { lots: { T1: '10' } }),
      expected: { code: 'LOT_QUANTITIES_UNEQUAL', limit: '11', actual: '10' },
    },
    {
      title: 'lots of a pool',
      account: average,
      trade: sell('T3', '5 AAPL', '120', day(4), { lots: { T1: '5' } }),
      expected: { code: 'LOTS_UNDER_AVERAGE_COST' },
    },
  ])('$title', ({ account = {}, trade, expected }) => {
    const { events, rejection } = when(given(open(account), ...bought), trade);
    expect(rejection).toEqual(expected);
    expect(events).toMatchObject([
      { type: 'TradeRefused', data: { tradeId: 'T3', code: expected.code } },
    ]);
  });

  it('a lot twice, for more than there is', () => {
    const trade = sell('T3', '12 AAPL', '120', day(4));
    const lots = [
      { lotId: tradeIdOf('T1'), quantity: Quantity.of('6') },
      { lotId: tradeIdOf('T1'), quantity: Quantity.of('6') },
    ];
    expect(when(given(open(), ...bought), { ...trade, lots }).rejection).toEqual({
      code: 'LOT_QUANTITY_EXCEEDED',
      lotId: 'T1',
      limit: '4',
      actual: '6',
    });
  });
});
