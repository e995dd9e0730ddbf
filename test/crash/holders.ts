import { calendarDate, type EventStore, type Sensitive } from '@counterfoil/event-store';
import {
  accountStream,
  type AccountEvent,
  type AccountId,
} from '../../packages/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '../../packages/platform/src/domain/instruments/events.ts';
import { currency } from '../../packages/platform/src/domain/money/currency.ts';
import { Money, negated, Price, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import type { Vault } from '../../packages/platform/src/vault/vault.ts';

export const held = 'HELD' as InstrumentSymbol;

/** What a holder begins with, in cents; before the purchase. */
const initialCents = 100_000_000n;
const priceCents = 100_00n;
const atOnce = 1_000;

/** Shares of a holder, from 1 to 997: neither odd nor even, and few of them alike in a row. */
export function sharesOf(number: number): bigint {
  return BigInt(1 + ((number * 37) % 997));
}

export function holderName(number: number): AccountId {
  return `HOLDER-${String(number).padStart(8, '0')}` as AccountId;
}

/** In cents, once the shares are bought. */
export function cashOf(number: number): bigint {
  return initialCents - sharesOf(number) * priceCents;
}

/** Opens so many accounts, each of which holds some shares: straight into the log, which is what takes least. */
export async function openHolders(
  store: EventStore,
  vault: Pick<Vault, 'hold'>,
  count: number,
): Promise<void> {
  const cause = { userId: 'crash-test', correlationId: 'holders' };
  for (let from = 0; from < count; from += atOnce) {
    const numbers = Array.from(
      { length: Math.min(atOnce, count - from) },
      (_, place) => from + place,
    );
    await Promise.all(
      numbers.map(async (number) => {
        const stream = accountStream(holderName(number));
        const events = beginning(number, await vault.hold(stream, holderName(number)));
        const append = { stream, expected: 'none' as const, events };
        return store.append({ cause, appends: [append] });
      }),
    );
  }
}

function beginning(number: number, ownerName: Sensitive): readonly AccountEvent[] {
  const accountId = holderName(number);
  const usd = currency('USD');
  const cost = moneyOf(sharesOf(number) * priceCents);
  return [
    {
      type: 'AccountOpened',
      data: {
        accountId,
        ownerName,
        ownerKind: 'CORPORATE',
        currency: usd,
        initialBalance: moneyOf(initialCents),
        costMethod: 'FIFO',
        shortSelling: false,
        openedOn: calendarDate('2020-01-02'),
      },
    },
    {
      type: 'TradeBooked',
      data: {
        tradeId: 'T1' as never,
        side: 'BUY',
        symbol: held,
        quantity: Quantity.of(String(sharesOf(number))),
        price: Price.of('100'),
        fees: Money.zero,
        currency: usd,
        amount: negated(cost),
        costChange: cost,
        realizedPnl: Money.zero,
        tradeDate: calendarDate('2020-01-03'),
        settlementDate: calendarDate('2020-01-06'),
        lots: null,
        replaces: null,
        lotsRestated: false,
      },
    },
  ];
}

/** Of cents. */
export function moneyOf(cents: bigint): Money {
  return Money.units(cents * 10n ** BigInt(Money.scale - 2));
}
