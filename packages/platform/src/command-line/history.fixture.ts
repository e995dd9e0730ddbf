import {
  addDays,
  calendarDate,
  parseInstant,
  type Clock,
  type EventStore,
  type Instant,
} from '@counterfoil/event-store';
import type { Config } from '../config.ts';
import type { AccountId, TradeId } from '../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import { openKeys } from '../key-stores.ts';
import type { AccountInstruction } from '../ledger/instructions.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import type { MarketBook } from '../ledger/market-book.ts';
import { createTemporalQueries, type TemporalQueries } from '../ledger/temporal-queries.ts';
import { openMarket } from '../platform.ts';
import { openLog } from '../stores.ts';
import { randomFrom, type Random } from './random.fixture.ts';

export const accountIds = ['A-0', 'A-1', 'A-2', 'A-3'] as readonly string[] as readonly AccountId[];
export const symbols = ['AAPL', 'IBM'] as readonly string[] as readonly InstrumentSymbol[];

/** A log in which a seed has things happen: trades early and late, corrected, cancelled, refused. */
export interface History {
  readonly store: EventStore;
  readonly ledger: Ledger;
  readonly market: MarketBook;
  readonly temporal: TemporalQueries;
  /** Carries out this many random commands, some of them at once. */
  act(commands: number): Promise<void>;
  close(): Promise<void>;
}

const cause = { userId: 'test' };
const openedOn = calendarDate('2026-10-01');

export async function openHistory(config: Config, seed: number): Promise<History> {
  let now = parseInstant('2026-11-02T15:00:00Z') as Instant;
  const clock: Clock = () => now;
  const random = randomFrom(seed);
  const store = await openLog(config, { clock });
  const market = await openMarket(config, store, clock);
  const keys = await openKeys(config, { clock });
  const ledger = createLedger(store, market, keys.vault);
  const commandOf = commandsFrom(ledger, random, `T-${seed}`);
  return {
    store,
    ledger,
    market,
    temporal: createTemporalQueries(store, market),
    act: async (commands) => {
      if ((await store.head()).position === 0) await openAccounts(ledger);
      for (let done = 0; done < commands;) {
        const together = Math.min(1 + random(6), commands - done);
        await Promise.all(Array.from({ length: together }, commandOf));
        done += together;
        // Now and then two batches are of one moment.
        if (random(4) > 0) now = (now + BigInt(random(3_600_000_000))) as Instant;
      }
    },
    close: async () => {
      await market.close();
      await keys.close();
      await store.close();
    },
  };
}

/** A history that has happened, with as many random commands. */
export async function writeHistory(config: Config, seed: number, commands: number): Promise<void> {
  const history = await openHistory(config, seed);
  await history.act(commands);
  await history.close();
}

async function openAccounts(ledger: Ledger): Promise<void> {
  for (const symbol of symbols) {
    const terms = { lotSize: Quantity.of('1'), tickSize: Price.of('0.01'), isin: null };
    const listing = { type: 'ListInstrument', symbol, name: symbol, currency: 'USD' } as const;
    await ledger.instrument(symbol, { ...listing, ...terms }, { cause });
  }
  for (const [at, accountId] of accountIds.entries()) {
    const opening: AccountInstruction = {
      type: 'OpenAccount',
      accountId,
      ownerName: `Owner ${at}`,
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: Money.of('20000'),
      costMethod: at === 1 ? 'AVERAGE' : 'FIFO',
      shortSelling: at === 2,
      openedOn,
    };
    await ledger.account(accountId, opening, { cause });
  }
}

function commandsFrom(ledger: Ledger, random: Random, prefix: string): () => Promise<unknown> {
  const trades: { readonly accountId: AccountId; readonly tradeId: TradeId }[] = [];
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const someDay = () => addDays(ledger.market.today(), -random(random(3) === 0 ? 20 : 1));
  const price = () => Price.of(`${95 + random(10)}.${10 + random(90)}`);
  const reason = 'as it happens';

  const newTrade = (accountId: AccountId): TradeId => {
    const tradeId = `${prefix}-${trades.length}` as TradeId;
    trades.push({ accountId, tradeId });
    return tradeId;
  };
  const terms = (tradeId: TradeId) => ({
    tradeId,
    side: random(3) === 0 ? ('SELL' as const) : ('BUY' as const),
    quantity: Quantity.of(String(1 + random(20))),
    price: price(),
    fees: Money.of(String(random(2))),
    tradeDate: someDay(),
  });
  const changeOf = (accountId: AccountId, tradeId: TradeId): AccountInstruction => {
    const kind = random(5);
    if (kind === 0) return { type: 'BookTrade', symbol: pick(symbols), ...terms(tradeId) };
    if (kind < 3) return { type: 'CancelTrade', tradeId, reason };
    return { type: 'CorrectTrade', tradeId, replacement: terms(newTrade(accountId)), reason };
  };
  const instructionFor = (accountId: AccountId): AccountInstruction => {
    const kind = random(100);
    if (kind < 70)
      return { type: 'BookTrade', symbol: pick(symbols), ...terms(newTrade(accountId)) };
    if (kind < 72) return { type: 'SuspendAccount', reason };
    if (kind < 78) return { type: 'ReinstateAccount', reason };
    const amount = Money.of(String(1 + random(900)));
    const type = random(3) === 0 ? 'Withdraw' : 'Deposit';
    return { type, amount, effectiveDate: someDay(), reference: reason };
  };
  const recordBar = (symbol: InstrumentSymbol) => {
    const range = { open: Price.of('100'), high: Price.of('106'), low: Price.of('94') };
    const bar = { ...range, close: price(), volume: Quantity.of('1000'), source: 'test' };
    return ledger.prices(symbol, { type: 'RecordDailyBar', date: someDay(), ...bar }, { cause });
  };

  return () => {
    const kind = random(100);
    if (kind < 12) return recordBar(pick(symbols));
    if (kind < 25 && trades.length > 0) {
      const { accountId, tradeId } = pick(trades);
      return ledger.account(accountId, changeOf(accountId, tradeId), { cause });
    }
    const accountId = pick(accountIds);
    return ledger.account(accountId, instructionFor(accountId), { cause });
  };
}
