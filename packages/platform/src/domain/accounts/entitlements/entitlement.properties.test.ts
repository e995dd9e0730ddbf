import { addDays, calendarDate } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minus, Money, Percentage, plus, Price, Quantity } from '../../money/money.ts';
import { accountAfter, buy, given, open, sell, symbolOf, when } from '../account.fixture.ts';
import type { AccountCommand, BookTrade, OpenAccount } from '../commands.ts';
import type { AccountEvent, EntitledAction } from '../events.ts';
import { foldAsOf } from '../history.ts';
import { leftATrace, portfolioOf } from '../portfolio.ts';
import { action, dividend, inLieu, post, ratio, reverse, split } from './actions.fixture.ts';

// Lives of an account with trades and actions, each on a day of its own, that become known in any order.

const first = calendarDate('2020-01-02');
const last = calendarDate('2020-12-31');
const runs = { numRuns: 300 };

interface Life {
  readonly opening: OpenAccount;
  readonly facts: readonly Fact[];
}

type Fact =
  | { readonly kind: 'trade'; readonly command: BookTrade }
  /** `before` is what was announced of it first, where it was amended later. */
  | {
      readonly kind: 'action';
      readonly action: EntitledAction;
      readonly before: EntitledAction | undefined;
      readonly cancelled: boolean;
    };

const otherwise = { otherSymbol: symbolOf('IBM') };

function actionOn(type: number, id: string, symbol: string, date: string, size: number) {
  const price = Price.of(String(5 + size));
  switch (type % 8) {
    case 0:
      return dividend(id, `0.${100 + size} ${symbol}`, date, { tax: '15' });
    case 1:
      return split(id, `${2 + (size % 3)}:1 ${symbol}`, date);
    case 2:
      return split(id, `1:${2 + (size % 3)} ${symbol}`, date, inLieu(String(10 + size)));
    case 3:
      return action(id, 'STOCK_DIVIDEND', symbol, date, {
        terms: { ...ratio(`1:${3 + (size % 7)}`), ...inLieu(String(8 + size)) },
      });
    case 4:
      return action(id, 'RETURN_OF_CAPITAL', symbol, date, { terms: { amountPerShare: price } });
    case 5:
      return action(id, 'SPIN_OFF', 'AAPL', date, {
        terms: {
          ...otherwise,
          ...ratio(`0.${241 + size}:1`),
          ...inLieu('24.43'),
          basisPercent: Percentage.of(String(10 + (size % 50))),
        },
      });
    case 6:
      return action(id, 'MERGER', 'AAPL', date, {
        terms: {
          ...otherwise,
          ...ratio(`${1 + (size % 3)}:2`),
          ...inLieu('30'),
          cashPerShare: price,
          otherPrice: Price.of(String(10 + size)),
        },
      });
    default:
      return action(id, 'SYMBOL_CHANGE', 'AAPL', date, {
        terms: { ...otherwise, ...ratio('1:1'), fractions: 'DIST' },
      });
  }
}

const factOn = (day: number): fc.Arbitrary<Fact> => {
  const date = addDays(first, day);
  const symbol = fc.constantFrom('AAPL', 'AAPL', 'IBM');
  const trades = fc
    .record({
      symbol,
      side: fc.constantFrom(buy, buy, sell),
      shares: fc.integer({ min: 1, max: 40 }),
      cents: fc.integer({ min: 100, max: 9_999 }),
    })
    .map(({ symbol: name, side, shares, cents }): Fact => {
      const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      return { kind: 'trade', command: side(`T${day}`, `${shares} ${name}`, price, date) };
    });
  const actions = fc
    .record({
      symbol,
      type: fc.nat(7),
      size: fc.integer({ min: 0, max: 20 }),
      cancelled: fc.boolean(),
      amended: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    })
    .map(({ symbol: name, type, size, cancelled, amended }): Fact => {
      const id = `C${String(day).padStart(3, '0')}`;
      const version = amended === undefined ? 1 : 2;
      const announced = { ...actionOn(type, id, name, date, size), actionVersion: version };
      const before = amended === undefined ? undefined : actionOn(type, id, name, date, amended);
      return { kind: 'action', action: announced, before, cancelled: cancelled && size % 3 === 0 };
    });
  return fc.oneof({ weight: 3, arbitrary: trades }, { weight: 2, arbitrary: actions });
};

const lives: fc.Arbitrary<Life> = fc
  .record({
    costMethod: fc.constantFrom('FIFO' as const, 'AVERAGE' as const),
    count: fc.integer({ min: 1, max: 12 }),
  })
  .chain(({ costMethod, count }) =>
    fc.record({
      opening: fc.constant(
        open({ costMethod, shortSelling: true, initialBalance: Money.of('1000000') }),
      ),
      facts: fc.tuple(...Array.from({ length: count }, (_, n) => factOn(n * 5))),
    }),
  );

/** What becomes of the account if everything is known in order, and as it was in the end. */
function inOrder({ opening, facts }: Life): readonly AccountEvent[] {
  const commands = facts.flatMap((fact): AccountCommand[] => {
    if (fact.kind === 'trade') return [fact.command];
    return fact.cancelled ? [] : [post(fact.action)];
  });
  return given(opening, ...commands);
}

/** All that is said of the facts, in the order in which the numbers put it. */
function arriving({ opening, facts }: Life, order: readonly number[]): readonly AccountEvent[] {
  const said = facts.flatMap((fact, n): { readonly at: number; readonly say: AccountCommand }[] => {
    const at = (k: number) => order[(n * 3 + k) % order.length] ?? 0;
    if (fact.kind === 'trade') return [{ at: at(0), say: fact.command }];
    const [one = 0, two = 0, three = 0] = [at(0), at(1), at(2)].toSorted((x, y) => x - y);
    return [
      ...(fact.before === undefined ? [] : [{ at: one, say: post(fact.before) }]),
      { at: two, say: post(fact.action) },
      ...(fact.cancelled ? [{ at: three, say: reverse(fact.action) }] : []),
    ];
  });
  const ordered = said.toSorted((left, right) => left.at - right.at).map(({ say }) => say);
  const events = [...given(opening)];
  for (const command of ordered) {
    const { events: added, rejection } = when(events, command);
    if (rejection !== undefined) throw new Error(JSON.stringify(rejection));
    events.push(...added);
  }
  // Accounts that held nothing when an action was posted are looked at again (see `late-holdings.ts`).
  for (const fact of facts) {
    if (fact.kind === 'action' && !fact.cancelled) {
      events.push(...when(events, post(fact.action)).events);
    }
  }
  return events;
}

const orders = fc.array(fc.nat(1_000_000), { minLength: 40, maxLength: 40 });

function holdings(events: readonly AccountEvent[]) {
  const { positions, cash } = accountAfter(events);
  return {
    cash: Money.format(cash),
    positions: positions
      .filter(leftATrace)
      .map(({ symbol, quantity, cost, realizedPnl, lots }) => ({
        symbol,
        quantity,
        cost,
        realizedPnl,
        lots,
      })),
  };
}

describe('CA-07 LG-17 trades and actions, in whatever order they become known', () => {
  it('leave the account as if all had been known in order', () => {
    fc.assert(
      fc.property(lives, orders, (life, order) => {
        expect(holdings(arriving(life, order))).toEqual(holdings(inOrder(life)));
      }),
      runs,
    );
  });

  it('leave it at the end of the last day as its events say for that day', () => {
    fc.assert(
      fc.property(lives, orders, (life, order) => {
        const events = arriving(life, order);
        const now = portfolioOf(accountAfter(events), last);
        expect(foldAsOf(events, { asOf: last })).toEqual(now);
      }),
      runs,
    );
  });

  it('neither make nor lose shares or cash: every change is in a posting, and none is out of balance', () => {
    fc.assert(
      fc.property(lives, orders, (life, order) => {
        const events = arriving(life, order);
        const sums = new Map<string, Quantity>();
        let cash = life.opening.initialBalance;
        for (const { amount, moves, gain, costChange, gross, tax } of postings(events)) {
          cash = plus(cash, amount);
          for (const [symbol, quantity] of moves) {
            sums.set(symbol, plus(sums.get(symbol) ?? Quantity.zero, quantity));
          }
          expect(plus(amount, costChange)).toBe(plus(gain, minus(gross, tax)));
        }
        const account = accountAfter(events);
        expect(account.cash).toBe(cash);
        for (const { symbol, quantity, lots, cost } of account.positions) {
          expect(quantity).toBe(sums.get(symbol) ?? Quantity.zero);
          expect(lots.reduce((sum, lot) => sum + lot.quantity, 0n)).toBe(quantity);
          expect(lots.reduce((sum, lot) => sum + lot.cost, 0n)).toBe(cost);
        }
      }),
      runs,
    );
  });

  it('change nothing when they are posted again', () => {
    fc.assert(
      fc.property(lives, orders, (life, order) => {
        const events = arriving(life, order);
        for (const fact of life.facts) {
          if (fact.kind !== 'action' || fact.cancelled) continue;
          expect(when(events, post(fact.action)).events).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are as if they had never been when all actions are taken back', () => {
    fc.assert(
      fc.property(lives, orders, (life, order) => {
        const events = [...arriving(life, order)];
        for (const fact of life.facts) {
          if (fact.kind === 'action') events.push(...when(events, reverse(fact.action)).events);
        }
        const trades = { ...life, facts: life.facts.filter(({ kind }) => kind === 'trade') };
        expect(holdings(events)).toEqual(holdings(inOrder(trades)));
      }),
      runs,
    );
  });
});

interface Posted {
  readonly amount: Money;
  readonly costChange: Money;
  readonly gain: Money;
  readonly gross: Money;
  readonly tax: Money;
  readonly moves: readonly (readonly [string, Quantity])[];
}

function postings(events: readonly AccountEvent[]): readonly Posted[] {
  const none = { gross: Money.zero, tax: Money.zero };
  return events.flatMap((event): Posted[] => {
    if (event.type === 'TradeBooked') {
      const { amount, costChange, realizedPnl: gain, symbol, side, quantity } = event.data;
      const moved = side === 'BUY' ? quantity : minus(Quantity.zero, quantity);
      return [{ ...none, amount, costChange, gain, moves: [[symbol, moved]] }];
    }
    if (event.type === 'PositionRestated') {
      const { costChange, realizedPnlChange: gain } = event.data;
      return [{ ...none, amount: Money.zero, costChange, gain, moves: [] }];
    }
    if (!('movements' in event.data)) return [];
    const { amount, gross, tax, movements } = event.data;
    let [costChange, gain] = [Money.zero, Money.zero];
    for (const movement of movements) {
      costChange = plus(costChange, movement.costChange);
      gain = plus(gain, movement.realizedPnl);
    }
    const moves = movements.map(({ symbol, quantityChange }) => [symbol, quantityChange] as const);
    return [{ amount, costChange, gain, gross, tax, moves }];
  });
}
