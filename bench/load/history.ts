import type { Config } from '@counterfoil/platform/src/config.ts';
import { bookHistory, historyDays } from './fill.ts';
import { openLedger } from './ledger.ts';
import { orderSource } from './orders.ts';
import { prepareLedger } from './prepare.ts';

export interface History {
  readonly accounts: number;
  readonly trades: number;
}

/** A million trades of ten thousand accounts, or few when it has to be quick. */
export function historyOf({ quick }: { readonly quick: boolean }): History {
  return quick ? { accounts: 500, trades: 20_000 } : { accounts: 10_000, trades: 1_000_000 };
}

/** Writes it into an empty log. */
export async function writeHistory(config: Config, { accounts, trades }: History): Promise<void> {
  const { ledger, close } = await openLedger(config);
  await prepareLedger(ledger, accounts);
  await bookHistory(ledger, orderSource(accounts), trades);
  await close();
}

export function describeHistory({ accounts, trades }: History): string {
  return `${trades.toLocaleString('en')} trades of ${accounts.toLocaleString('en')} accounts over ${historyDays} days`;
}
