import { randomBytes } from 'node:crypto';
import {
  openEventStore,
  parseInstant,
  type Clock,
  type EventStorage,
  type EventStore,
  type Instant,
} from '@counterfoil/event-store';
import { calendarDate } from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import type { AccountId, TradeId } from '../domain/accounts/events.ts';
import { unitedStates } from '../domain/calendar/united-states.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import { openVault } from '../vault/vault.fixture.ts';
import { eventTypes } from './event-types.ts';
import type { AccountInstruction } from './instructions.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { openMarketBook, type MarketBook } from './market-book.ts';
import { createTemporalQueries, type TemporalQueries } from './temporal-queries.ts';

/** A ledger in memory whose clock the test sets. */
export interface LedgerFixture {
  readonly store: EventStore;
  readonly market: MarketBook;
  readonly ledger: Ledger;
  readonly temporal: TemporalQueries;
  setTime(text: string): Instant;
  close(): Promise<void>;
}

export async function openLedger(
  storage: EventStorage = openMemoryStorage(),
): Promise<LedgerFixture> {
  let now = instantOf('2026-11-20T15:00:00Z');
  const clock: Clock = () => now;
  const store = await openEventStore({ storage, eventTypes, clock, randomBytes });
  const market = await openMarketBook({
    store,
    clock,
    calendar: unitedStates,
    settlementDays: 1,
    timeZone: 'America/New_York',
  });
  return {
    store,
    market,
    ledger: createLedger(store, market, openVault(clock)),
    temporal: createTemporalQueries(store, market),
    setTime: (text) => {
      now = instantOf(text);
      return now;
    },
    close: async () => {
      await market.close();
      await store.close();
    },
  };
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`${text} is no instant`);
  return instant;
}

export const alice = 'A1' as AccountId;
export const aapl = 'AAPL' as InstrumentSymbol;
export const cause = { userId: 'test' };

export async function listApple({ ledger }: LedgerFixture): Promise<void> {
  await ledger.instrument(
    aapl,
    {
      type: 'ListInstrument',
      symbol: aapl,
      name: 'Apple Inc.',
      currency: 'USD',
      lotSize: Quantity.of('1'),
      tickSize: Price.of('0.01'),
      isin: null,
    },
    { cause },
  );
}

export async function recordClose(
  { ledger }: LedgerFixture,
  date: string,
  close: string,
): Promise<void> {
  const price = Price.of(close);
  const bar = { open: price, high: price, low: price, close: price };
  await ledger.prices(
    aapl,
    {
      type: 'RecordDailyBar',
      date: calendarDate(date),
      ...bar,
      volume: Quantity.of('1000'),
      source: 'test',
    },
    { cause },
  );
}

export async function openAccount({ ledger }: LedgerFixture, balance = '100000'): Promise<void> {
  await ledger.account(
    alice,
    {
      type: 'OpenAccount',
      accountId: alice,
      ownerName: 'Owner 1',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: Money.of(balance),
      costMethod: 'FIFO',
      shortSelling: false,
      openedOn: calendarDate('2020-01-02'),
    },
    { cause },
  );
}

export function trade(
  tradeId: string,
  side: 'BUY' | 'SELL',
  quantity: string,
  price: string,
  tradeDate: string,
): AccountInstruction {
  return {
    type: 'BookTrade',
    tradeId: tradeId as TradeId,
    side,
    symbol: aapl,
    quantity: Quantity.of(quantity),
    price: Price.of(price),
    fees: Money.zero,
    tradeDate: calendarDate(tradeDate),
  };
}
