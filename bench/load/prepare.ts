import {
  calendarDate,
  instantFromMilliseconds,
  type CommandResult,
} from '@counterfoil/event-store';
import type { AccountId } from '@counterfoil/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '@counterfoil/platform/src/domain/instruments/events.ts';
import { Money, Price, Quantity } from '@counterfoil/platform/src/domain/money/money.ts';
import type { Ledger } from '@counterfoil/platform/src/ledger/ledger.ts';
import { bookOrder } from './book-order.ts';
import { accountName, heldBefore, symbolOf, symbols, symbolsPerAccount } from './orders.ts';

const cause = { userId: 'bench' };
const openedOn = calendarDate('2020-01-02');

/** Lists the instruments, opens the accounts and buys what they hold at first. */
export async function prepareLedger(ledger: Ledger, accounts: number): Promise<void> {
  for (const symbol of symbols as readonly InstrumentSymbol[]) await list(ledger, symbol);
  for (let first = 0; first < accounts; first += 1_000) {
    const some = Array.from({ length: Math.min(1_000, accounts - first) }, (_, n) => first + n);
    await Promise.all(some.map((account) => open(ledger, account)));
  }
}

async function list(ledger: Ledger, symbol: InstrumentSymbol): Promise<void> {
  const listed = {
    type: 'ListInstrument',
    symbol,
    name: `Instrument ${symbol}`,
    currency: 'USD',
    lotSize: Quantity.of('1'),
    tickSize: Price.of('0.01'),
    isin: null,
  } as const;
  requireAccepted(await ledger.instrument(symbol, listed, { cause }));
  const marked = {
    type: 'MarkPrice',
    price: Price.of('100'),
    markedAt: instantFromMilliseconds(Date.now()),
    source: 'bench',
  } as const;
  requireAccepted(await ledger.prices(symbol, marked, { cause }));
}

async function open(ledger: Ledger, index: number): Promise<void> {
  const accountId = accountName(index) as AccountId;
  const opened = {
    type: 'OpenAccount',
    accountId,
    ownerName: `Owner ${index}`,
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: Money.of('10000000'),
    costMethod: 'FIFO',
    shortSelling: false,
    openedOn,
  } as const;
  requireAccepted(await ledger.account(accountId, opened, { cause }));
  for (let held = 0; held < symbolsPerAccount; held += 1) {
    const symbol = symbolOf(index, held);
    const order = { account: accountId, symbol, quantity: heldBefore, price: '100.00' };
    // Behind whatever is booked later, which would otherwise restate the position.
    await bookOrder(ledger, { ...order, side: 'BUY' }, { tradeDate: openedOn });
  }
}

function requireAccepted({ kind }: CommandResult<unknown>): void {
  if (kind !== 'accepted') throw new Error(`preparing the ledger, a command was ${kind}`);
}
