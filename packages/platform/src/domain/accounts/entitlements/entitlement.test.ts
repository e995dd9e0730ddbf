import { describe, expect, it } from 'vitest';
import { currency } from '../../money/currency.ts';
import { Money, Percentage, Price, Quantity, Ratio } from '../../money/money.ts';
import {
  accountAfter,
  buy,
  describePosition,
  given,
  open,
  sell,
  symbolOf,
} from '../account.fixture.ts';
import type { AccountCommand, OpenAccount } from '../commands.ts';
import type { EntitledAction } from '../events.ts';
import { positionOf } from '../positions.ts';
import { action, chosen, dividend, inLieu, post, ratio, split } from './actions.fixture.ts';

interface Row {
  readonly title: string;
  readonly account?: Partial<OpenAccount>;
  readonly held: readonly AccountCommand[];
  readonly action: EntitledAction;
  /** By symbol. */
  readonly after: Readonly<Record<string, string>>;
  /** Gross, tax, cash in lieu, and the change of cash. */
  readonly cash: string;
}

function cashOf(account: Row['account'], held: Row['held'], what: EntitledAction) {
  const before = given(open(account), ...held);
  const after = given(open(account), ...held, post(what));
  const posted = after.slice(before.length).find(({ type }) => type === 'EntitlementPosted');
  if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
  const { gross, tax, cashInLieu, amount } = posted.data;
  expect(accountAfter(after).cash - accountAfter(before).cash).toBe(amount);
  return [gross, tax, cashInLieu, amount].map((money) => Money.format(money)).join(' ');
}

const bought = (what: string, price: string) => buy('T1', what, price, '2020-01-02');
const shorted = { shortSelling: true } as const;
const child = (terms: string, more: object) => ({
  otherSymbol: symbolOf('IBM'),
  ...ratio(terms),
  ...more,
});

describe('CA-06 what a holder of one lot gets: the worked cases', () => {
  it.each<Row>([
    {
      title: 'AAPL 7:1 of 2014: 10 shares that cost 6,068.10 are 70, at 86.68714286 each',
      held: [bought('10 AAPL', '606.81')],
      action: split('C1', '7:1 AAPL', '2020-06-09'),
      after: { AAPL: '70 cost 6068.1 realized 0: T1 70 for 6068.1' },
      cash: '0 0 0 0',
    },
    {
      title: 'GE 1:8 of 2021 with cash in lieu at 104: 100 shares are 12, and 52.00',
      held: [bought('100 AAPL', '13')],
      action: split('C1', '1:8 AAPL', '2020-08-02', inLieu('104')),
      after: { AAPL: '12 cost 1248 realized 0: T1 12 for 1248' },
      cash: '0 0 52 52',
    },
    {
      title: 'T and WBD of 2022 by the closes of the day: 241 WBD for 7,804.64, T keeps 24,165.66',
      held: [bought('1000 AAPL', '32')],
      action: action('C1', 'SPIN_OFF', 'AAPL', '2020-04-08', {
        terms: child('0.241917:1', {
          ...inLieu('24.43'),
          otherPrice: Price.of('24.43'),
          ownPrice: Price.of('18.22996769'),
        }),
      }),
      after: {
        AAPL: '1000 cost 24165.66 realized 0: T1 1000 for 24165.66',
        // 0.917 of a share at 24.43 is 22.40, and cost 29.70.
        IBM: '241 cost 7804.64 realized -7.3: T1 241 for 7804.64',
      },
      cash: '0 0 22.4 22.4',
    },
    {
      title: 'T and WBD by the percentage of the older copy: the child has 7,513.60 of the cost',
      held: [bought('1000 AAPL', '32')],
      action: action('C1', 'SPIN_OFF', 'AAPL', '2020-04-08', {
        terms: child('0.241917:1', { ...inLieu('24.43'), basisPercent: Percentage.of('23.48') }),
      }),
      after: {
        AAPL: '1000 cost 24486.4 realized 0: T1 1000 for 24486.4',
        IBM: '241 cost 7485.12 realized -6.08: T1 241 for 7485.12',
      },
      cash: '0 0 22.4 22.4',
    },
    {
      title: 'GE and GEHC of 2023, 1 for 3: 100 shares give 33 and a third in cash',
      held: [bought('100 AAPL', '60')],
      action: action('C1', 'SPIN_OFF', 'AAPL', '2020-01-04', {
        terms: child('1:3', { ...inLieu('60'), basisPercent: Percentage.of('25') }),
      }),
      after: {
        AAPL: '100 cost 4500 realized 0: T1 100 for 4500',
        // A third of a share at 60 is 20.00 and cost 15.00.
        IBM: '33 cost 1485 realized 5: T1 33 for 1485',
      },
      cash: '0 0 20 20',
    },
    {
      title: 'AAPL dividend of 0.205 on 280 shares at 15 %: 57.40 less 8.61',
      held: [bought('280 AAPL', '100')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', { tax: '15', pay: '2020-11-12' }),
      after: { AAPL: '280 cost 28000 realized 0: T1 280 for 28000' },
      cash: '57.4 8.61 0 48.79',
    },
    {
      title: 'a dividend in another currency: tax first, then the net amount at the rate',
      held: [bought('280 AAPL', '100')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', {
        tax: '15',
        terms: { currency: currency('EUR'), exchangeRate: Ratio.of('1.0837') },
      }),
      after: { AAPL: '280 cost 28000 realized 0: T1 280 for 28000' },
      // 48.79 EUR are 52.87 USD, 8.61 are 9.33.
      cash: '62.2 9.33 0 52.87',
    },
    {
      title: 'who is short pays the dividend, and no tax is withheld from that',
      account: shorted,
      held: [sell('T1', '280 AAPL', '100', '2020-01-02')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', { tax: '15' }),
      after: { AAPL: '-280 cost -28000 realized 0: T1 -280 for -28000' },
      cash: '-57.4 0 0 -57.4',
    },
    {
      title: 'a stock dividend of 1 for 10: the cost is spread over all',
      held: [bought('105 AAPL', '10')],
      action: action('C1', 'STOCK_DIVIDEND', 'AAPL', '2020-03-02', {
        terms: { ...ratio('1:10'), ...inLieu('9') },
      }),
      // 115.5 shares; the half cost 4.55 and brings 4.50.
      after: { AAPL: '115 cost 1045.45 realized -0.05: T1 115 for 1045.45' },
      cash: '0 0 4.5 4.5',
    },
    {
      title: 'a return of capital below the cost lowers it',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'RETURN_OF_CAPITAL', 'AAPL', '2020-03-02', {
        terms: { amountPerShare: Price.of('2.5') },
      }),
      after: { AAPL: '100 cost 750 realized 0: T1 100 for 750' },
      cash: '0 0 0 250',
    },
    {
      title: 'a return of capital beyond the cost is gain',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'RETURN_OF_CAPITAL', 'AAPL', '2020-03-02', {
        terms: { amountPerShare: Price.of('12') },
      }),
      after: { AAPL: '100 cost 0 realized 200: T1 100 for 0' },
      cash: '0 0 0 1200',
    },
    {
      title: 'a merger for stock carries the cost, and the date of the lot',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: child('0.755:1', inLieu('20')),
      }),
      // 75.5 shares: the half cost 6.62 and brings 10.00.
      after: { AAPL: '0 cost 0 realized 0', IBM: '75 cost 993.38 realized 3.38: T1 75 for 993.38' },
      cash: '0 0 10 10',
    },
    {
      title: 'a merger for cash realizes all',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: { cashPerShare: Price.of('12.5') },
      }),
      after: { AAPL: '0 cost 0 realized 250' },
      cash: '0 0 0 1250',
    },
    {
      title: 'a merger for both recognizes the gain, no more of it than the cash',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: child('1:2', {
          ...inLieu('30'),
          cashPerShare: Price.of('4'),
          otherPrice: Price.of('30'),
        }),
      }),
      // 400 and 50 x 30 for 1,000: a gain of 900, 400 of it recognized; the new cost is 1,000.
      after: { AAPL: '0 cost 0 realized 400', IBM: '50 cost 1000 realized 0: T1 50 for 1000' },
      cash: '0 0 0 400',
    },
    {
      title: 'a merger for both at a gain below the cash recognizes all of it',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: child('1:2', {
          ...inLieu('14'),
          cashPerShare: Price.of('4'),
          otherPrice: Price.of('14'),
        }),
      }),
      // 400 and 700 for 1,000: a gain of 100; the new cost is 700.
      after: { AAPL: '0 cost 0 realized 100', IBM: '50 cost 700 realized 0: T1 50 for 700' },
      cash: '0 0 0 400',
    },
    {
      title: 'a merger for both at a loss recognizes none',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: child('1:2', {
          ...inLieu('8'),
          cashPerShare: Price.of('4'),
          otherPrice: Price.of('8'),
        }),
      }),
      after: { AAPL: '0 cost 0 realized 0', IBM: '50 cost 600 realized 0: T1 50 for 600' },
      cash: '0 0 0 400',
    },
    {
      title: 'a change of symbol moves the position as it is',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'SYMBOL_CHANGE', 'AAPL', '2020-03-02', {
        terms: child('1:1', { fractions: 'DIST' }),
      }),
      after: { AAPL: '0 cost 0 realized 0', IBM: '100 cost 1000 realized 0: T1 100 for 1000' },
      cash: '0 0 0 0',
    },
    {
      title: 'rights that are exercised are paid for, in a lot of their own',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'RIGHTS_ISSUE', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('EXERCISE', '20'),
        terms: { ...ratio('1:4'), subscriptionPrice: Price.of('8') },
      }),
      after: { AAPL: '120 cost 1160 realized 0: T1 100 for 1000, C1 20 for 160' },
      cash: '0 0 0 -160',
    },
    {
      title: 'no more rights are exercised than were given',
      held: [bought('102 AAPL', '10')],
      action: action('C1', 'RIGHTS_ISSUE', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('EXERCISE', '1000'),
        terms: { ...ratio('1:4'), subscriptionPrice: Price.of('8') },
      }),
      after: { AAPL: '127 cost 1220 realized 0: T1 102 for 1020, C1 25 for 200' },
      cash: '0 0 0 -200',
    },
    {
      title: 'of a tender too large a part is accepted, rounded down',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'TENDER_OFFER', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('TENDER', '50'),
        terms: { ...ratio('1000:1500'), cashPerShare: Price.of('13') },
      }),
      after: { AAPL: '67 cost 670 realized 99: T1 67 for 670' },
      cash: '0 0 0 429',
    },
  ])('$title', ({ account = {}, held, action: what, after, cash }) => {
    const { positions } = accountAfter(given(open(account), ...held, post(what)));
    for (const [symbol, description] of Object.entries(after)) {
      expect(describePosition(positionOf(positions, symbolOf(symbol)))).toBe(description);
    }
    expect(cashOf(account, held, what)).toBe(cash);
  });
});

describe('CA-06 fractions of a share, by the rule of the action', () => {
  // 3 shares in 2 lots become 7.5.
  const held = [buy('T1', '1 AAPL', '10', '2020-01-02'), buy('T2', '2 AAPL', '20', '2020-01-03')];
  it.each([
    [
      'CINL sells the half, of the oldest lot',
      'CINL',
      '7 cost 48 realized 2: T1 2 for 8, T2 5 for 40',
      '4',
    ],
    [
      'RDDN drops it; its cost stays',
      'RDDN',
      '7 cost 50 realized 0: T1 2.33333333 for 10, T2 4.66666667 for 40',
      '0',
    ],
    [
      'RDUP makes it a whole one',
      'RDUP',
      '8 cost 50 realized 0: T1 2.66666666 for 10, T2 5.33333334 for 40',
      '0',
    ],
    [
      'STAN rounds a half up',
      'STAN',
      '8 cost 50 realized 0: T1 2.66666666 for 10, T2 5.33333334 for 40',
      '0',
    ],
    ['DIST keeps it', 'DIST', '7.5 cost 50 realized 0: T1 2.5 for 10, T2 5 for 40', '0'],
    [
      'BUYU buys the other half',
      'BUYU',
      '8 cost 54 realized 0: T1 2.66666666 for 10, T2 5.33333334 for 44',
      '-4',
    ],
  ] as const)('%s', (_, rule, position, cash) => {
    const what = split('C1', '5:2 AAPL', '2020-03-02', {
      fractions: rule,
      priceInLieu: Price.of('8'),
    });
    const events = given(open(), ...held, post(what));
    const { positions } = accountAfter(events);
    expect(describePosition(positionOf(positions, symbolOf('AAPL')))).toBe(position);
    const posted = events.at(-1);
    if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    expect(Money.format(posted.data.amount)).toBe(cash);
  });

  it('a third of a share is paid for as the exact fraction that it is', () => {
    const what = split('C1', '1:3 AAPL', '2020-03-02', inLieu('1000000'));
    const posted = given(open(), buy('T1', '1 AAPL', '10', '2020-01-02'), post(what)).at(-1);
    if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    // 0.33333333 of a share, the nearest that is kept of it, would be 333,333.33 as well, but 2/3:
    expect(Money.format(posted.data.cashInLieu)).toBe('333333.33');
    const two = given(open(), buy('T1', '2 AAPL', '10', '2020-01-02'), post(what)).at(-1);
    if (two?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    expect(Money.format(two.data.cashInLieu)).toBe('666666.67');
    expect(Quantity.format(two.data.fraction)).toBe('0.66666666');
  });

  it('of a short position are the mirror of those of a long one', () => {
    const what = split('C1', '1:8 AAPL', '2020-03-02', inLieu('104'));
    const events = given(open(shorted), sell('T1', '100 AAPL', '13', '2020-01-02'), post(what));
    const { positions } = accountAfter(events);
    expect(describePosition(positionOf(positions, symbolOf('AAPL')))).toBe(
      '-12 cost -1248 realized 0: T1 -12 for -1248',
    );
    const posted = events.at(-1);
    if (posted?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
    expect(Money.format(posted.data.amount)).toBe('-52');
  });
});
