import { calendarDate, type EventStore, type Sensitive } from '@counterfoil/event-store';
import {
  accountStream,
  type AccountEvent,
  type AccountId,
} from '@counterfoil/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '@counterfoil/platform/src/domain/instruments/events.ts';
import { currency } from '@counterfoil/platform/src/domain/money/currency.ts';
import { Money, negated, Price, Quantity } from '@counterfoil/platform/src/domain/money/money.ts';
import type { Vault } from '@counterfoil/platform/src/vault/vault.ts';

const cause = { userId: 'bench', correlationId: 'bench' };
const usd = currency('USD');
const atOnce = 1_000;

/** Accounts that each hold one to 500 shares of an instrument at 100, straight into the log. */
export async function openHolders(
  store: EventStore,
  vault: Pick<Vault, 'hold'>,
  symbol: InstrumentSymbol,
  count: number,
): Promise<void> {
  for (let first = 0; first < count; first += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - first) }, (_, n) => first + n);
    await Promise.all(
      some.map(async (number) => {
        const id = holderName(number);
        const stream = accountStream(id);
        const ownerName = await vault.hold(stream, `Owner of ${id}`);
        const append = {
          stream,
          expected: 'none' as const,
          events: eventsOf(id, ownerName, symbol, sharesOf(number)),
        };
        return store.append({ cause, appends: [append] });
      }),
    );
  }
}

export function holderName(number: number): AccountId {
  return `HOLDER-${String(number).padStart(8, '0')}` as AccountId;
}

function sharesOf(number: number): number {
  return 1 + (number % 500);
}

function eventsOf(
  accountId: AccountId,
  ownerName: Sensitive,
  symbol: InstrumentSymbol,
  shares: number,
): readonly AccountEvent[] {
  const cost = Money.of(String(shares * 100));
  return [
    {
      type: 'AccountOpened',
      data: {
        accountId,
        ownerName,
        ownerKind: 'INDIVIDUAL',
        currency: usd,
        initialBalance: Money.of('1000000'),
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
        symbol,
        quantity: Quantity.of(String(shares)),
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
