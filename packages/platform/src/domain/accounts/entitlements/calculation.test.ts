import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currency } from '../../money/currency.ts';
import { Money, Percentage, Price, Quantity, Ratio } from '../../money/money.ts';
import { buy, given, open, sell, symbolOf } from '../account.fixture.ts';
import type { AccountCommand, OpenAccount } from '../commands.ts';
import type { EntitledAction } from '../events.ts';
import { action, chosen, dividend, inLieu, post, ratio, split } from './actions.fixture.ts';
import type { Calculated, CalculationLine } from './calculation-lines.ts';
import { evaluated } from './calculation.fixture.ts';
import { calculationOf, reversedCalculationOf } from './calculation.ts';

function posted(
  what: EntitledAction,
  held: readonly AccountCommand[],
  account: Partial<OpenAccount> = {},
): Calculated {
  const event = given(open(account), ...held, post(what)).find(
    ({ type }) => type === 'EntitlementPosted',
  );
  if (event?.type !== 'EntitlementPosted') throw new Error('nothing was posted');
  return event.data;
}

const told = (lines: readonly CalculationLine[]): readonly string[] =>
  lines.map(({ line, formula, value }) => `${line}: ${formula} = ${value}`);

const bought = (what: string, price: string) => buy('T1', what, price, '2020-01-02');
const eligible = (quantity: string) =>
  `eligible quantity: ${quantity} settled + 0 bought and not settled - 0 sold and not settled = ${quantity}`;
const other = (terms: string, more: object) => ({
  otherSymbol: symbolOf('IBM'),
  ...ratio(terms),
  ...more,
});

interface Row {
  readonly title: string;
  readonly account?: Partial<OpenAccount>;
  readonly held: readonly AccountCommand[];
  readonly action: EntitledAction;
  readonly lines: readonly string[];
}

describe('CA-06 an entitlement is shown line by line: the worked cases', () => {
  it.each<Row>([
    {
      title: 'AAPL dividend of 0.205 on 280 shares at 15 %',
      held: [bought('280 AAPL', '100')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', { tax: '15' }),
      lines: [
        eligible('280'),
        'gross: 280 x 0.205 = 57.4',
        'tax: 57.4 x 15 % = 8.61',
        'net: 57.4 - 8.61 = 48.79',
      ],
    },
    {
      title: 'a dividend in another currency',
      held: [bought('280 AAPL', '100')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', {
        tax: '15',
        terms: { currency: currency('EUR'), exchangeRate: Ratio.of('1.0837') },
      }),
      lines: [
        eligible('280'),
        'gross in EUR: 280 x 0.205 = 57.4',
        'tax in EUR: 57.4 x 15 % = 8.61',
        'net: ( 57.4 - 8.61 ) x 1.0837 = 52.87',
        'tax: 8.61 x 1.0837 = 9.33',
        'gross: 52.87 + 9.33 = 62.2',
      ],
    },
    {
      title: 'a dividend that somebody pays who is short',
      account: { shortSelling: true },
      held: [sell('T1', '280 AAPL', '100', '2020-01-02')],
      action: dividend('C1', '0.205 AAPL', '2020-11-06', { tax: '15' }),
      lines: [
        eligible('-280'),
        'gross: -280 x 0.205 = -57.4',
        'tax: none for who is short = 0',
        'net: -57.4 - 0 = -57.4',
      ],
    },
    {
      title: 'AAPL 7:1 of 2014',
      held: [bought('10 AAPL', '606.81')],
      action: split('C1', '7:1 AAPL', '2020-06-09'),
      lines: [eligible('10'), 'new quantity: 10 x 7 = 70', 'net: no cash = 0'],
    },
    {
      title: 'GE 1:8 of 2021 with cash in lieu at 104',
      held: [bought('100 AAPL', '13')],
      action: split('C1', '1:8 AAPL', '2020-08-02', inLieu('104')),
      lines: [
        eligible('100'),
        'new quantity: 100 x 1 / 8 = 12.5',
        'fraction: 12.5 - 12 = 0.5',
        'cash in lieu: 0.5 x 104 = 52',
        'net: 52 in lieu = 52',
        'cost realized: 52 of AAPL = 52',
        'realized gain: 52 of cash - 52 of cost = 0',
      ],
    },
    {
      title: 'a third of a share, which has no last decimal',
      held: [bought('2 AAPL', '10')],
      action: split('C1', '1:3 AAPL', '2020-03-02', inLieu('1000000')),
      lines: [
        eligible('2'),
        'new quantity: 2 x 1 / 3 = 0.66666666',
        'fraction: 0.66666666 - 0 = 0.66666666',
        'cash in lieu: ( 2 x 1 / 3 - 0 ) x 1000000 = 666666.67',
        'net: 666666.67 in lieu = 666666.67',
        'cost realized: 20 of AAPL = 20',
        'realized gain: 666666.67 of cash - 20 of cost = 666646.67',
      ],
    },
    {
      title: 'a stock dividend of 1 for 10',
      held: [bought('105 AAPL', '10')],
      action: action('C1', 'STOCK_DIVIDEND', 'AAPL', '2020-03-02', {
        terms: { ...ratio('1:10'), ...inLieu('9') },
      }),
      lines: [
        eligible('105'),
        'new quantity: 105 + 105 x 1 / 10 = 115.5',
        'fraction: 115.5 - 115 = 0.5',
        'cash in lieu: 0.5 x 9 = 4.5',
        'net: 4.5 in lieu = 4.5',
        'cost realized: 4.55 of AAPL = 4.55',
        'realized gain: 4.5 of cash - 4.55 of cost = -0.05',
      ],
    },
    {
      title: 'T and WBD of 2022 by the closes of the day',
      held: [bought('1000 AAPL', '32')],
      action: action('C1', 'SPIN_OFF', 'AAPL', '2020-04-08', {
        terms: other('0.241917:1', {
          ...inLieu('24.43'),
          otherPrice: Price.of('24.43'),
          ownPrice: Price.of('18.22996769'),
        }),
      }),
      lines: [
        eligible('1000'),
        'shares of IBM: 1000 x 0.241917 = 241.917',
        'fraction: 241.917 - 241 = 0.917',
        'cash in lieu: 0.917 x 24.43 = 22.4',
        'net: 22.4 in lieu = 22.4',
        'cost given to IBM: ( 0.241917 x 24.43 ) / ( 0.241917 x 24.43 + 1 x 18.22996769 ) of the cost of AAPL = 7834.34',
        'cost realized: 7834.34 of AAPL - 7804.64 of IBM = 29.7',
        'realized gain: 22.4 of cash - 29.7 of cost = -7.3',
      ],
    },
    {
      title: 'T and WBD by the percentage of the older copy',
      held: [bought('1000 AAPL', '32')],
      action: action('C1', 'SPIN_OFF', 'AAPL', '2020-04-08', {
        terms: other('0.241917:1', { ...inLieu('24.43'), basisPercent: Percentage.of('23.48') }),
      }),
      lines: [
        eligible('1000'),
        'shares of IBM: 1000 x 0.241917 = 241.917',
        'fraction: 241.917 - 241 = 0.917',
        'cash in lieu: 0.917 x 24.43 = 22.4',
        'net: 22.4 in lieu = 22.4',
        'cost given to IBM: 23.48 % of the cost of AAPL = 7513.6',
        'cost realized: 7513.6 of AAPL - 7485.12 of IBM = 28.48',
        'realized gain: 22.4 of cash - 28.48 of cost = -6.08',
      ],
    },
    {
      title: 'a merger for cash and stock',
      held: [bought('101 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: other('1:2', {
          ...inLieu('30'),
          cashPerShare: Price.of('4'),
          otherPrice: Price.of('30'),
        }),
      }),
      lines: [
        eligible('101'),
        'cash for the shares: 101 x 4 = 404',
        'shares of IBM: 101 x 1 / 2 = 50.5',
        'fraction: 50.5 - 50 = 0.5',
        'cash in lieu: 0.5 x 30 = 15',
        'net: 404 for the shares + 15 in lieu = 419',
        'value of IBM: 101 x 1 / 2 x 30 = 1515',
        'gain: 404 + 1515 - 1010 of cost = 909',
        'recognized gain: of the gain no more than the cash, and no loss = 404',
        'cost taken on by IBM: 1010 - 404 + 404 = 1010',
        'cost realized: 1010 of AAPL - 1000 of IBM = 10',
        'realized gain: 419 of cash - 10 of cost = 409',
      ],
    },
    {
      title: 'a merger for cash',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'MERGER', 'AAPL', '2020-03-02', {
        terms: { cashPerShare: Price.of('12.5') },
      }),
      lines: [
        eligible('100'),
        'cash for the shares: 100 x 12.5 = 1250',
        'net: 1250 for the shares = 1250',
        'cost realized: 1000 of AAPL = 1000',
        'realized gain: 1250 of cash - 1000 of cost = 250',
      ],
    },
    {
      title: 'a change of symbol',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'SYMBOL_CHANGE', 'AAPL', '2020-03-02', {
        terms: other('1:1', { fractions: 'DIST' }),
      }),
      lines: [
        eligible('100'),
        'shares of IBM: 100 x 1 = 100',
        'net: no cash = 0',
        'cost realized: 1000 of AAPL - 1000 of IBM = 0',
        'realized gain: 0 of cash - 0 of cost = 0',
      ],
    },
    {
      title: 'a return of capital beyond the cost',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'RETURN_OF_CAPITAL', 'AAPL', '2020-03-02', {
        terms: { amountPerShare: Price.of('12') },
      }),
      lines: [
        eligible('100'),
        'net: 100 x 12 = 1200',
        'cost realized: 1000 of AAPL = 1000',
        'realized gain: 1200 of cash - 1000 of cost = 200',
      ],
    },
    {
      title: 'rights, of which no more are exercised than are given',
      held: [bought('102 AAPL', '10')],
      action: action('C1', 'RIGHTS_ISSUE', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('EXERCISE', '1000000000000000'),
        terms: { ...ratio('1:4'), subscriptionPrice: Price.of('8') },
      }),
      lines: [
        eligible('102'),
        'shares offered: 102 x 1 / 4 rounded down = 25',
        'shares subscribed: all chosen of 25 = 25',
        'net: -25 x 8 = -200',
        'cost realized: -200 of AAPL = -200',
        'realized gain: -200 of cash + 200 of cost = 0',
      ],
    },
    {
      title: 'rights that are let go',
      held: [bought('102 AAPL', '10')],
      action: action('C1', 'RIGHTS_ISSUE', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('NO_ACTION'),
        terms: { ...ratio('1:4'), subscriptionPrice: Price.of('8') },
      }),
      lines: [
        eligible('102'),
        'shares offered: 102 x 1 / 4 rounded down = 25',
        'shares subscribed: none chosen of 25 = 0',
        'net: no cash = 0',
      ],
    },
    {
      title: 'a tender of which too large a part came',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'TENDER_OFFER', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('TENDER', '50'),
        terms: { ...ratio('1000:1500'), cashPerShare: Price.of('13') },
      }),
      lines: [
        eligible('100'),
        'shares tendered: 50 chosen of what is held = 50',
        'shares accepted: 50 x 1000 / 1500 rounded down = 33',
        'net: 33 x 13 = 429',
        'cost realized: 330 of AAPL = 330',
        'realized gain: 429 of cash - 330 of cost = 99',
      ],
    },
    {
      title: 'a tender by somebody who has sold since the ex-date',
      held: [bought('100 AAPL', '10'), sell('T2', '80 AAPL', '10', '2020-03-10')],
      action: action('C1', 'TENDER_OFFER', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('TENDER', '50'),
        terms: { ...ratio('1000:1500'), cashPerShare: Price.of('13') },
      }),
      lines: [
        eligible('100'),
        'shares accepted: 50 chosen of what is held, a part 1000 / 1500 of it = 13',
        'net: 13 x 13 = 169',
        'cost realized: 130 of AAPL = 130',
        'realized gain: 169 of cash - 130 of cost = 39',
      ],
    },
    {
      title: 'a tender that takes all',
      held: [bought('100 AAPL', '10')],
      action: action('C1', 'TENDER_OFFER', 'AAPL', '2020-03-02', {
        effective: '2020-03-20',
        default: chosen('TENDER', '50'),
        terms: { cashPerShare: Price.of('13') },
      }),
      lines: [
        eligible('100'),
        'shares accepted: 50 chosen of what is held = 50',
        'net: 50 x 13 = 650',
        'cost realized: 500 of AAPL = 500',
        'realized gain: 650 of cash - 500 of cost = 150',
      ],
    },
  ])('$title', ({ account, held, action: what, lines }) => {
    expect(told(calculationOf(posted(what, held, account)))).toEqual(lines);
  });

  it('shares that had not settled by the record date are told apart', () => {
    const held = [
      buy('T1', '280 AAPL', '100', '2020-01-02'),
      buy('T2', '20 AAPL', '100', '2020-11-05'),
      sell('T3', '5 AAPL', '100', '2020-11-05'),
    ];
    const what = dividend('C1', '0.205 AAPL', '2020-11-06', { record: '2020-11-05' });
    expect(told(calculationOf(posted(what, held)))[0]).toBe(
      'eligible quantity: 280 settled + 20 bought and not settled - 5 sold and not settled = 295',
    );
  });

  it('what is taken back comes to nothing, for the reason', () => {
    const held = posted(dividend('C1', '0.205 AAPL', '2020-11-06'), [bought('280 AAPL', '100')]);
    expect(told(reversedCalculationOf(held, 'withdrawn'))).toEqual([
      eligible('280'),
      'net: everything is taken back: withdrawn = 0',
    ]);
  });
});

/** Lines that say where a number comes from, and are no arithmetic of the numbers in them. */
const isProse = ({ line, formula }: CalculationLine): boolean =>
  /^(recognized gain|shares (tendered|subscribed)|cost given to)/.test(line) ||
  (line === 'shares accepted' && formula.includes('chosen'));

const isOfShares = ({ line }: CalculationLine): boolean =>
  /^(eligible quantity|new quantity|fraction|shares )/.test(line);

const cents = (min: number, max: number) =>
  fc.integer({ min, max }).map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`);
const sides = fc
  .tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 }))
  .map(([left, right]) => `${left}:${right}`);
const rules = fc.constantFrom('CINL', 'RDDN', 'RDUP', 'STAN', 'DIST', 'BUYU');

const holdings = fc.record({
  lots: fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), cents(1, 20_000)), {
    minLength: 1,
    maxLength: 4,
  }),
  short: fc.boolean(),
  average: fc.boolean(),
});

const actions = fc
  .record({
    type: fc.constantFrom(
      'DIVIDEND',
      'RETURN_OF_CAPITAL',
      'STOCK_SPLIT',
      'STOCK_DIVIDEND',
      'MERGER',
      'SPIN_OFF',
      'RIGHTS_ISSUE',
      'TENDER_OFFER',
      'SYMBOL_CHANGE',
    ),
    sides,
    rule: rules,
    price: cents(1, 20_000),
    amount: cents(1, 3_000),
    percent: cents(0, 10_000),
    chosen: fc.integer({ min: 0, max: 500 }),
    flag: fc.boolean(),
  })
  .map(({ type, sides: of, rule, price, amount, percent, chosen: quantity, flag }) => {
    const perShare = Price.of(amount);
    const shared = { ...ratio(of), fractions: rule, priceInLieu: Price.of(price) } as const;
    const child = { otherSymbol: symbolOf('IBM'), ...shared };
    const valued = { otherPrice: Price.of(price), ownPrice: Price.of('12.34') };
    const terms = {
      DIVIDEND: {
        amountPerShare: perShare,
        withholdingPercent: Percentage.of(percent),
        ...(flag
          ? { currency: currency('EUR'), exchangeRate: Ratio.of(`1.0${percent.replace('.', '')}`) }
          : {}),
      },
      RETURN_OF_CAPITAL: { amountPerShare: perShare },
      STOCK_SPLIT: shared,
      STOCK_DIVIDEND: shared,
      MERGER: flag ? { ...child, ...valued, cashPerShare: perShare } : child,
      SPIN_OFF: flag ? { ...child, basisPercent: Percentage.of(percent) } : { ...child, ...valued },
      RIGHTS_ISSUE: { ...ratio(of), subscriptionPrice: perShare },
      TENDER_OFFER: { cashPerShare: perShare, ...(flag ? ratio('2:3') : {}) },
      SYMBOL_CHANGE: { otherSymbol: symbolOf('IBM'), ...ratio('1:1'), fractions: 'DIST' as const },
    }[type];
    const election = {
      RIGHTS_ISSUE: chosen(quantity === 0 ? 'NO_ACTION' : 'EXERCISE', String(quantity)),
      TENDER_OFFER: chosen(quantity === 0 ? 'NO_ACTION' : 'TENDER', String(quantity)),
    }[type as string];
    return action('C1', type, 'AAPL', '2020-06-08', {
      terms,
      ...(election === undefined ? {} : { default: election }),
    });
  });

describe('CA-06 the lines of any entitlement', () => {
  it('are arithmetic that holds, and lead to what is posted', () => {
    fc.assert(
      fc.property(actions, holdings, (what, { lots, short, average }) => {
        const side = short ? sell : buy;
        const held = lots.map(([shares, price], n) =>
          side(`T${n}`, `${shares} AAPL`, price, '2020-01-02'),
        );
        const account = {
          shortSelling: true,
          initialBalance: Money.of('100000000'),
          costMethod: average ? ('AVERAGE' as const) : ('FIFO' as const),
        };
        const calculated = posted(what, held, account);
        const lines = calculationOf(calculated);
        for (const line of lines) {
          if (isProse(line)) continue;
          const value = evaluated(line, isOfShares(line) ? 'shares' : 'money');
          expect(`${line.line}: ${line.formula} = ${value}`).toBe(told([line])[0]);
        }
        const valueOf = (name: string) => lines.findLast(({ line }) => line === name)?.value;
        expect(lines.filter(({ line }) => line === 'net')).toHaveLength(1);
        expect(valueOf('net')).toBe(Money.format(calculated.amount));
        expect(valueOf('tax') ?? '0').toBe(Money.format(calculated.tax));
        expect(valueOf('gross') ?? '0').toBe(Money.format(calculated.gross));
        expect(valueOf('cash in lieu') ?? '0').toBe(Money.format(calculated.cashInLieu));
        expect(valueOf('fraction') ?? '0').toBe(Quantity.format(calculated.fraction));
      }),
      { numRuns: 500 },
    );
  });
});
