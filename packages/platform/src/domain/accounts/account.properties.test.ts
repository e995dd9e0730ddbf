import { addDays, fold, type Row } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Money, negated, Quantity } from '../money/money.ts';
import { decideOn, open, symbolOf } from './account.fixture.ts';
import { accountDecider } from './account.ts';
import type { BookTrade } from './commands.ts';
import type { AccountEvent, Side } from './events.ts';
import { foldAsOf } from './history.ts';
import { firstDay, inOrder, lastDay, travel, type Journey, type Step } from './journey.fixture.ts';
import type { MarketView } from './market.ts';
import { portfolioOf } from './portfolio.ts';
import { positionOf } from './positions.ts';
import { rowsAfter } from './rows.fixture.ts';
import { isNear, slowPosition } from './slow-ledger.fixture.ts';
import { accountSnapshot } from './snapshot.ts';
import type { Account } from './state.ts';

const runs = { numRuns: 300 };
const symbols = ['AAPL', 'IBM'];

describe('LG-12 LG-17 whatever happens to an account, in whatever order it becomes known', () => {
  it('its state is the portfolio as of the last day', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const { events, state } = travel(journey);
        const portfolio = portfolioOf(state as Account, lastDay);
        expect(foldAsOf(events, { asOf: lastDay })).toEqual(portfolio);
      }),
      runs,
    );
  });

  it('its lots are those of share-by-share bookkeeping of what was true', () => {
    fc.assert(
      fc.property(journeys({ fees: false }), (journey) => {
        const unnamed = journey.steps.map((step) => ({ ...step, named: false }));
        const { state, truth, opening } = travel({ ...journey, steps: unnamed });
        for (const symbol of symbols) {
          const slow = slowPosition(inOrder(truth, symbol), opening.costMethod);
          const position = positionOf((state as Account).positions, symbolOf(symbol));
          const quantity = position?.quantity ?? 0n;
          const cost = (position?.cost ?? 0n) / 100n;
          const realized = (position?.realizedPnl ?? 0n) / 100n;
          expect(quantity).toBe(BigInt(slow.shares) * 100_000_000n);
          // First in, first out divides nothing when there are no fees to share out.
          const halfCents = opening.costMethod === 'FIFO' ? 0 : slow.divisions;
          expect(isNear(cost, slow.cost, halfCents)).toBe(true);
          expect(isNear(realized, slow.realized, halfCents)).toBe(true);
          if (opening.costMethod === 'FIFO') {
            const shares = (position?.lots ?? []).map((lot) => [
              lot.lotId,
              Math.abs(Number(lot.quantity / 100_000_000n)),
            ]);
            expect(shares).toEqual(slow.sharesByTrade);
          }
        }
      }),
      runs,
    );
  });

  it('with fees its costs are off from exact fractions by half a cent a division at most', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const unnamed = journey.steps.map((step) => ({ ...step, named: false }));
        const { state, truth, opening } = travel({ ...journey, steps: unnamed });
        for (const symbol of symbols) {
          const slow = slowPosition(inOrder(truth, symbol), opening.costMethod);
          const position = positionOf((state as Account).positions, symbolOf(symbol));
          expect(isNear((position?.cost ?? 0n) / 100n, slow.cost, slow.divisions)).toBe(true);
          expect(isNear((position?.realizedPnl ?? 0n) / 100n, slow.realized, slow.divisions)).toBe(
            true,
          );
        }
      }),
      runs,
    );
  });

  it('on every day it was as if the true trades had come in order', () => {
    fc.assert(
      fc.property(journeys(), fc.integer({ min: 0, max: 55 }), (journey, days) => {
        const { events, truth, opening } = travel(journey);
        const asOf = addDays(opening.openedOn, days);
        let ordered = fold(accountDecider, events.slice(0, 1)) as Account;
        for (const { tradeId, date } of inOrder(truth)) {
          if (date > asOf) break;
          const rich = { ...ordered, cash: Money.of('1000000000') };
          const decision = accountDecider.decide(bookingOf(tradeId, events, opening), rich);
          expect(decision.rejection).toBeUndefined();
          ordered = fold({ ...accountDecider, initial: ordered }, decision.events) as Account;
        }
        expect(foldAsOf(events, { asOf })?.positions).toEqual(portfolioOf(ordered, asOf).positions);
      }),
      runs,
    );
  });

  it('without leave to sell short nothing was ever held below zero, and cash never was', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const { events, opening } = travel(journey);
        for (let count = 1; count <= events.length; count += 1) {
          const account = fold(accountDecider, events.slice(0, count)) as Account;
          // Between the events of one decision the books may be half done.
          const next = events[count]?.type;
          if (next === 'PositionRestated' || next === 'TradeBooked') continue;
          expect(account.cash).toBeGreaterThanOrEqual(0n);
          if (opening.shortSelling) continue;
          for (const { quantity } of account.positions) expect(quantity).toBeGreaterThanOrEqual(0n);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('LG-10 balances are sums of postings', () => {
  it('of cash, of shares, of cost and of realized gains', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const { events, state, truth } = travel(journey);
        const account = state as Account;
        expect(account.cash).toBe(sum(events.map(cashPosting)));
        for (const position of account.positions) {
          const { symbol, quantity, cost, realizedPnl, lots } = position;
          const trades = truth.filter((trade) => trade.symbol === symbol);
          const shares = trades.map(({ side, shares: n }) => (side === 'BUY' ? n : -n));
          expect(quantity).toBe(sum(shares.map((n) => BigInt(n) * 100_000_000n)));
          expect(quantity).toBe(sum(lots.map((lot) => lot.quantity)));
          expect(cost).toBe(sum(lots.map((lot) => lot.cost)));
          expect(lots.every((lot) => lot.quantity > 0n === quantity > 0n)).toBe(true);
          if (quantity === 0n) expect({ cost, lots }).toEqual({ cost: 0n, lots: [] });
          // All that was paid is still in the cost, or was relieved and is in the gains.
          const paid = trades.map(({ side, cents }) => (side === 'BUY' ? -cents : cents) * 100n);
          expect(realizedPnl).toBe(sum(paid) + cost);
        }
      }),
      runs,
    );
  });

  it('each of which keeps cash, cost and gains in balance', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        for (const event of travel(journey).events) {
          if (event.type === 'TradeBooked' || event.type === 'TradeCancelled') {
            const { amount, costChange, realizedPnl } = event.data;
            expect(amount + costChange).toBe(realizedPnl);
          } else if (event.type === 'PositionRestated') {
            expect(event.data.costChange).toBe(event.data.realizedPnlChange);
          }
        }
        expect(journey.opening.type).toBe('OpenAccount');
      }),
      runs,
    );
  });
});

describe('LG-05 LG-13 an account is its events', () => {
  it('folded again they give the live state', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const { events, state } = travel(journey);
        expect(fold(accountDecider, events)).toEqual(state);
      }),
      runs,
    );
  });

  it('a refused command leaves it as it was', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        travel(journey, (command, before, events) => {
          const { events: recorded, rejection } = decideOn(before, events, command);
          if (rejection === undefined) return;
          expect(fold({ ...accountDecider, initial: before }, recorded)).toEqual(before);
        });
        expect(journey.opening.type).toBe('OpenAccount');
      }),
      { numRuns: 100 },
    );
  });

  it('packed into a snapshot at any point and unpacked, it decides and grows as before', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        travel(journey, (command, before, events) => {
          const packed = accountSnapshot.pack(before);
          const unpacked = accountSnapshot.unpack(packed);
          expect(accountSnapshot.pack(unpacked)).toEqual(packed);
          const decision = decideOn(before, events, command);
          expect(decideOn(unpacked, events, command)).toEqual(decision);
          const evolved = (state: typeof before) =>
            accountSnapshot.pack(fold({ ...accountDecider, initial: state }, decision.events));
          expect(evolved(unpacked)).toEqual(evolved(before));
        });
        expect(accountSnapshot.unpack(accountSnapshot.pack(undefined))).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

describe('LG-13 read models equal the log', () => {
  it('whatever happens to an account', () => {
    fc.assert(
      fc.property(journeys(), (journey) => {
        const { events, state } = travel(journey);
        const rows = rowsAfter(events);
        expect(rows.get('accounts')).toMatchObject([{ cash: Money.format(state!.cash) }]);
        const positions = rows.get('positions') ?? [];
        expect(positions.toSorted(bySymbol)).toMatchObject(
          state!.positions.map(({ symbol, quantity, cost, realizedPnl }) => ({
            symbol,
            quantity: Quantity.format(quantity),
            cost: Money.format(cost),
            realized_pnl: Money.format(realizedPnl),
          })),
        );
        for (const { symbol, realized_pnl } of positions) {
          const ofSymbol = (name: string) =>
            (rows.get(name) ?? []).filter((row) => row['symbol'] === symbol);
          const booked = ofSymbol('trade_history').filter((row) => row['status'] === 'BOOKED');
          const restated = ofSymbol('position_restatements');
          const gains = [
            ...booked.map((row) => row['realized_pnl']),
            ...restated.map((row) => row['realized_pnl_change']),
          ].map((cell) => Money.of(String(cell)));
          expect(Money.format(Money.units(sum(gains)))).toBe(realized_pnl);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the journeys', () => {
  it('go everywhere', () => {
    const counts = new Map<string, number>();
    for (const journey of fc.sample(journeys(), { numRuns: 300, seed: 1 })) {
      for (const code of travel(journey).codes) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    const seldom = [
      'BookTrade',
      'CancelTrade',
      'CorrectTrade',
      'Deposit',
      'Withdraw',
      'INSUFFICIENT_HOLDING',
      'INSUFFICIENT_BUYING_POWER',
      'INSUFFICIENT_SETTLED_CASH',
      'OVERSELLS_LATER_TRADE',
      'LOT_NAMED_BY_LATER_TRADE',
      'TRADE_ALREADY_CANCELLED',
      'LOT_QUANTITY_EXCEEDED',
      'LOT_UNKNOWN',
    ].filter((code) => (counts.get(code) ?? 0) < 20);
    expect(seldom).toEqual([]);
  });
});

function bySymbol(left: Row, right: Row): number {
  return String(left['symbol']) < String(right['symbol']) ? -1 : 1;
}

function journeys(options: { readonly fees: boolean } = { fees: true }): fc.Arbitrary<Journey> {
  const trade = {
    side: fc.constantFrom<Side>('BUY', 'SELL'),
    shares: fc.integer({ min: 1, max: 30 }),
    priceCents: fc.integer({ min: 1, max: 20_000 }),
    feeCents: options.fees ? fc.integer({ min: 0, max: 300 }) : fc.constant(0),
    daysAgo: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
    ),
  };
  const pick = fc.nat();
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('trade' as const),
        symbol: fc.constantFrom('AAPL', 'IBM'),
        named: fc.boolean(),
        ...trade,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('correct' as const), pick, ...trade }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('cash' as const),
        cents: fc.integer({ min: -2_000_000, max: 2_000_000 }),
        daysAgo: trade.daysAgo,
      }),
    },
  );
  return fc.record({
    opening: fc
      .record({
        costMethod: fc.constantFrom('FIFO' as const, 'AVERAGE' as const),
        shortSelling: fc.boolean(),
      })
      .map((terms) => open({ ...terms, openedOn: firstDay, initialBalance: Money.of('20000') })),
    steps: fc.array(step, { maxLength: 40, size: 'max' }),
  });
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((left, right) => left + right, 0n);
}

/** The command that books a trade once more, as the events have it. */
function bookingOf(
  id: string,
  events: readonly AccountEvent[],
  { market }: { readonly market: MarketView },
): BookTrade {
  for (const event of events) {
    if (event.type !== 'TradeBooked' || event.data.tradeId !== id) continue;
    const { tradeId, symbol, side, quantity, price, fees, tradeDate, lots } = event.data;
    const terms = { tradeId, side, quantity, price, fees, tradeDate, lots: lots ?? undefined };
    return { type: 'BookTrade', symbol, market, ...terms };
  }
  throw new Error(`trade ${id} was never booked`);
}

function cashPosting(event: AccountEvent): bigint {
  switch (event.type) {
    case 'AccountOpened':
      return event.data.initialBalance;
    case 'CashDeposited':
    case 'TradeBooked':
    case 'TradeCancelled':
      return event.data.amount;
    case 'CashWithdrawn':
      return negated(event.data.amount);
    case 'EntitlementPosted':
    case 'EntitlementAdjusted':
    case 'EntitlementReversed':
      return event.data.amount;
    case 'PositionRestated':
    case 'ElectionMade':
    case 'ElectionReleased':
    case 'TradeRefused':
    case 'LimitsSet':
    case 'AccountSuspended':
    case 'AccountReinstated':
    case 'AccountClosed':
      return 0n;
  }
}
