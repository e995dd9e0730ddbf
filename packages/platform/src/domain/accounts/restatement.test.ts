import { describe, expect, it } from 'vitest';
import { Money } from '../money/money.ts';
import {
  accountAfter,
  buy,
  cancel,
  correct,
  deposit,
  describePosition,
  given,
  open,
  sell,
  symbolOf,
  terms,
  when,
  withdraw,
} from './account.fixture.ts';
import { accountDecider } from './account.ts';
import type { AccountCommand, OpenAccount } from './commands.ts';
import type { AccountEvent } from './events.ts';
import { positionOf } from './positions.ts';

interface Row {
  readonly title: string;
  readonly account?: Partial<OpenAccount>;
  readonly given: readonly AccountCommand[];
  readonly when: AccountCommand;
  /** The commands that would have led to the same state had all been known in order. */
  readonly like: readonly AccountCommand[];
  readonly position: string;
}

const day = (n: number): string => `2026-11-${String(n).padStart(2, '0')}`;
const short = { shortSelling: true } as const;

function aapl(events: readonly AccountEvent[]) {
  return positionOf(accountAfter(events).positions, symbolOf('AAPL'));
}

describe('LG-17 the state equals the one where all had been known in order', () => {
  it.each<Row>([
    {
      title: 'a purchase learned of late is sold first, as the oldest lot',
      given: [buy('T1', '10 AAPL', '110', day(3)), sell('T2', '10 AAPL', '120', day(4))],
      when: buy('T3', '10 AAPL', '100', day(2)),
      like: [
        buy('T3', '10 AAPL', '100', day(2)),
        buy('T1', '10 AAPL', '110', day(3)),
        sell('T2', '10 AAPL', '120', day(4)),
      ],
      position: '10 cost 1100 realized 200: T1 10 for 1100',
    },
    {
      title: 'a sale learned of late takes the lot that a later sale had taken',
      given: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        sell('T3', '10 AAPL', '120', day(5)),
      ],
      when: sell('T4', '5 AAPL', '115', day(4)),
      like: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        sell('T4', '5 AAPL', '115', day(4)),
        sell('T3', '10 AAPL', '120', day(5)),
      ],
      position: '5 cost 550 realized 225: T2 5 for 550',
    },
    {
      title: 'an average changes all that was sold after it',
      account: { costMethod: 'AVERAGE' },
      given: [buy('T1', '10 AAPL', '110', day(3)), sell('T2', '5 AAPL', '120', day(4))],
      when: buy('T3', '10 AAPL', '100', day(2)),
      like: [
        buy('T3', '10 AAPL', '100', day(2)),
        buy('T1', '10 AAPL', '110', day(3)),
        sell('T2', '5 AAPL', '120', day(4)),
      ],
      position: '15 cost 1575 realized 75: T3 15 for 1575',
    },
    {
      title: 'a purchase learned of late turns a short sale into a sale',
      account: short,
      given: [sell('T1', '10 AAPL', '110', day(3))],
      when: buy('T2', '4 AAPL', '100', day(2)),
      like: [buy('T2', '4 AAPL', '100', day(2)), sell('T1', '10 AAPL', '110', day(3))],
      position: '-6 cost -660 realized 40: T1 -6 for -660',
    },
    {
      title: 'trades of one day count in the order of recording',
      given: [buy('T1', '10 AAPL', '100', day(2)), buy('T2', '10 AAPL', '110', day(3))],
      when: buy('T3', '10 AAPL', '90', day(2)),
      like: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T3', '10 AAPL', '90', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
      ],
      position: '30 cost 3000 realized 0: T1 10 for 1000, T3 10 for 900, T2 10 for 1100',
    },
    {
      title: 'a cancelled purchase never was',
      given: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        sell('T3', '10 AAPL', '120', day(4)),
      ],
      when: cancel('T1'),
      like: [buy('T2', '10 AAPL', '110', day(3)), sell('T3', '10 AAPL', '120', day(4))],
      position: '0 cost 0 realized 100',
    },
    {
      title: 'a cancelled sale gives the lots back',
      given: [
        buy('T1', '10 AAPL', '100', day(2)),
        buy('T2', '10 AAPL', '110', day(3)),
        sell('T3', '15 AAPL', '120', day(4)),
      ],
      when: cancel('T3'),
      like: [buy('T1', '10 AAPL', '100', day(2)), buy('T2', '10 AAPL', '110', day(3))],
      position: '20 cost 2100 realized 0: T1 10 for 1000, T2 10 for 1100',
    },
    {
      title: 'the only trade cancelled leaves nothing',
      given: [buy('T1', '10 AAPL', '100', day(2))],
      when: cancel('T1'),
      like: [],
      position: '0 cost 0 realized 0',
    },
    {
      title: 'a trade that was itself booked late can be cancelled',
      given: [
        buy('T1', '10 AAPL', '110', day(3)),
        sell('T2', '10 AAPL', '120', day(4)),
        buy('T3', '10 AAPL', '100', day(2)),
      ],
      when: cancel('T3'),
      like: [buy('T1', '10 AAPL', '110', day(3)), sell('T2', '10 AAPL', '120', day(4))],
      position: '0 cost 0 realized 100',
    },
    {
      title: 'a corrected price is as if it had been so at once',
      given: [buy('T1', '10 AAPL', '100', day(2)), sell('T2', '10 AAPL', '120', day(2))],
      // At the place of T1: behind T2 there would have been nothing to sell.
      when: correct('T1', terms('BUY', 'T1a', '10', '101', day(2))),
      like: [buy('T1a', '10 AAPL', '101', day(2)), sell('T2', '10 AAPL', '120', day(2))],
      position: '0 cost 0 realized 190',
    },
    {
      title: 'a correction can be corrected',
      given: [
        buy('T1', '10 AAPL', '100', day(2)),
        sell('T2', '10 AAPL', '120', day(2)),
        correct('T1', terms('BUY', 'T1a', '10', '101', day(2))),
      ],
      when: correct('T1a', terms('BUY', 'T1b', '12', '102', day(2), { fees: '1' })),
      like: [
        buy('T1b', '12 AAPL', '102', day(2), { fees: '1' }),
        sell('T2', '10 AAPL', '120', day(2)),
      ],
      position: '2 cost 204.17 realized 179.17: T1b 2 for 204.17',
    },
    {
      title: 'a corrected date moves the trade',
      given: [buy('T1', '10 AAPL', '100', day(2)), buy('T2', '10 AAPL', '110', day(4))],
      when: correct('T1', terms('BUY', 'T1a', '10', '100', day(5))),
      like: [buy('T2', '10 AAPL', '110', day(4)), buy('T1a', '10 AAPL', '100', day(5))],
      position: '20 cost 2100 realized 0: T2 10 for 1100, T1a 10 for 1000',
    },
    {
      title: 'a corrected side',
      account: short,
      given: [buy('T1', '10 AAPL', '100', day(2))],
      when: correct('T1', terms('SELL', 'T1a', '10', '100', day(2))),
      like: [sell('T1a', '10 AAPL', '100', day(2))],
      position: '-10 cost -1000 realized 0: T1a -10 for -1000',
    },
  ])('$title', ({ account = {}, given: before, when: command, like, position }) => {
    const events = given(open(account), ...before, command);
    const inOrder = given(open(account), ...like);
    expect(describePosition(aapl(events))).toBe(position);
    if (like.length > 0) expect(describePosition(aapl(inOrder))).toBe(position);
    expect(accountAfter(events).cash).toBe(accountAfter(inOrder).cash);
  });
});

describe('LG-17 the adjusting entries', () => {
  it('post the trade as it would have been, and the difference it makes to the later ones', () => {
    const before = given(
      open(),
      buy('T1', '10 AAPL', '110', day(3)),
      sell('T2', '10 AAPL', '120', day(4)), // realized 100
    );
    const { events } = when(before, buy('T3', '10 AAPL', '100', day(2)));
    expect(events).toMatchObject([
      {
        type: 'TradeBooked',
        data: {
          tradeId: 'T3',
          amount: Money.of('-1000'),
          costChange: Money.of('1000'),
          realizedPnl: 0n,
          lotsRestated: true,
          replaces: null,
        },
      },
      {
        type: 'PositionRestated',
        data: {
          symbol: 'AAPL',
          costChange: Money.of('100'), // T1's 1100 remain, not T3's 1000
          realizedPnlChange: Money.of('100'), // 1200 - 1000, not 1200 - 1100
          effectiveFrom: day(2),
          causeTradeId: 'T3',
        },
      },
    ]);
    // The lots are for the restatement to say: those of before have no order for T3.
    expect(aapl([...before, ...events.slice(0, 1)])?.lots).toEqual(aapl(before)?.lots);
  });

  it('mirror a cancelled trade exactly', () => {
    const before = given(
      open(),
      buy('T1', '10 AAPL', '100', day(2)),
      sell('T2', '4 AAPL', '120', day(3), { fees: '1.5' }),
    );
    expect(before[2]).toMatchObject({
      data: {
        amount: Money.of('478.5'),
        costChange: Money.of('-400'),
        realizedPnl: Money.of('78.5'),
      },
    });
    expect(when(before, cancel('T2')).events).toMatchObject([
      {
        type: 'TradeCancelled',
        data: {
          tradeId: 'T2',
          quantityChange: 4_00000000n,
          amount: Money.of('-478.5'),
          costChange: Money.of('400'),
          realizedPnl: Money.of('-78.5'),
          tradeDate: day(3),
          settlementDate: day(4),
          reason: 'busted',
        },
      },
      { type: 'PositionRestated', data: { costChange: 0n, realizedPnlChange: 0n } },
    ]);
  });

  it('take a cancelled trade out of what is still to settle', () => {
    const events = given(open(), buy('T1', '10 AAPL', '100', day(19)), cancel('T1'));
    expect(accountAfter(events).unsettled).toEqual([]);
  });
});

describe('LG-17 a change to the past is refused when what came after could not have been', () => {
  const bought = buy('T1', '10 AAPL', '100', day(2));
  const sold = sell('T2', '10 AAPL', '120', day(4));

  it.each<{
    readonly title: string;
    readonly given: readonly AccountCommand[];
    readonly when: AccountCommand;
    readonly expected: object;
    readonly recorded: boolean;
  }>([
    {
      title: 'a sale of what was not held then',
      given: [bought],
      when: sell('T3', '1 AAPL', '100', day(1)),
      expected: { code: 'INSUFFICIENT_HOLDING', limit: '0', actual: '1' },
      recorded: true,
    },
    {
      title: 'a sale that leaves too little for a later one',
      given: [bought, sold],
      when: sell('T3', '1 AAPL', '100', day(3)),
      expected: {
        code: 'OVERSELLS_LATER_TRADE',
        laterTradeId: 'T2',
        laterTradeDate: day(4),
        limit: '9',
        actual: '10',
      },
      recorded: true,
    },
    {
      title: 'a cancelled purchase that was sold since',
      given: [bought, sold],
      when: cancel('T1'),
      expected: {
        code: 'OVERSELLS_LATER_TRADE',
        laterTradeId: 'T2',
        laterTradeDate: day(4),
        limit: '0',
        actual: '10',
      },
      recorded: false,
    },
    {
      title: 'a correction to less than was sold since',
      given: [bought, sold],
      when: correct('T1', terms('BUY', 'T3', '9', '100', day(2))),
      expected: {
        code: 'OVERSELLS_LATER_TRADE',
        laterTradeId: 'T2',
        laterTradeDate: day(4),
        limit: '9',
        actual: '10',
      },
      recorded: true,
    },
    {
      title: 'a lot that a later trade names',
      given: [
        bought,
        buy('T3', '10 AAPL', '110', day(3)),
        sell('T2', '5 AAPL', '120', day(4), { lots: { T1: '5' } }),
      ],
      when: cancel('T1'),
      expected: { code: 'LOT_NAMED_BY_LATER_TRADE', laterTradeId: 'T2', lotId: 'T1' },
      recorded: false,
    },
    {
      title: 'a sale that leaves too little in a lot that a later trade names',
      given: [
        bought,
        buy('T3', '10 AAPL', '110', day(3)),
        sell('T2', '10 AAPL', '120', day(5), { lots: { T1: '10' } }),
      ],
      when: sell('T4', '1 AAPL', '120', day(4)),
      expected: { code: 'LOT_NAMED_BY_LATER_TRADE', laterTradeId: 'T2', lotId: 'T1' },
      recorded: true,
    },
    {
      title: 'a trade that comes again behind later ones',
      given: [bought, sold],
      when: bought,
      expected: { code: 'TRADE_ALREADY_BOOKED', tradeId: 'T1' },
      recorded: false,
    },
    {
      title: 'a late trade against a risk check',
      given: [bought],
      when: buy('T3', '100000 AAPL', '1', day(1)),
      expected: { code: 'INSUFFICIENT_BUYING_POWER', limit: '99000', actual: '100000' },
      recorded: true,
    },
    {
      title: 'to cancel a sale whose proceeds are gone',
      given: [bought, sold, withdraw('100000', day(20))],
      when: cancel('T2'),
      expected: { code: 'INSUFFICIENT_BUYING_POWER', limit: '200', actual: '1200' },
      recorded: false,
    },
    {
      title: 'to correct a sale down when its proceeds are gone',
      given: [bought, sold, withdraw('100200', day(20))],
      when: correct('T2', terms('SELL', 'T3', '10', '119.99', day(4))),
      expected: { code: 'INSUFFICIENT_BUYING_POWER', limit: '0', actual: '0.1' },
      recorded: true,
    },
    {
      title: 'to cancel a trade that never was',
      given: [bought],
      when: cancel('T9'),
      expected: { code: 'TRADE_UNKNOWN', tradeId: 'T9' },
      recorded: false,
    },
    {
      title: 'to cancel a trade twice',
      given: [bought, cancel('T1')],
      when: cancel('T1'),
      expected: { code: 'TRADE_ALREADY_CANCELLED', tradeId: 'T1' },
      recorded: false,
    },
    {
      title: 'to correct a trade twice',
      given: [bought, correct('T1', terms('BUY', 'T1a', '9', '100', day(2)))],
      when: correct('T1', terms('BUY', 'T1b', '8', '100', day(2))),
      expected: { code: 'TRADE_ALREADY_CANCELLED', tradeId: 'T1' },
      recorded: false,
    },
    {
      title: 'to correct a trade under the id of another',
      given: [bought, sold],
      when: correct('T1', terms('BUY', 'T2', '9', '100', day(2))),
      expected: { code: 'TRADE_ALREADY_BOOKED', tradeId: 'T2' },
      recorded: false,
    },
    {
      title: 'to correct a trade to nothing',
      given: [bought],
      when: correct('T1', terms('BUY', 'T3', '0', '100', day(2))),
      expected: { code: 'QUANTITY_NOT_POSITIVE', actual: '0' },
      recorded: false,
    },
  ])('$title', ({ given: commands, when: command, expected, recorded }) => {
    const before = given(open(), deposit('0.01', day(1)), withdraw('0.01', day(1)), ...commands);
    const { events, rejection } = when(before, command);
    expect(rejection).toEqual(expected);
    expect(events.map(({ type }) => type)).toEqual(recorded ? ['TradeRefused'] : []);
    expect(accountAfter([...before, ...events])).toEqual(accountAfter(before));
  });

  it('is a defect of the engine when it comes without the past of the account', () => {
    const account = accountAfter(given(open(), bought));
    expect(() => accountDecider.decide(cancel('T1'), account)).toThrow(/history/);
  });
});
