import type { AccountCommand } from '../domain/accounts/commands.ts';
import type { PricesCommand } from '../domain/instruments/prices.ts';

/** An account's command without what the ledger adds. */
export type AccountInstruction = Without<AccountCommand, 'market' | 'history'>;

/** As RecordDailyBar and MarkPrice, without what the ledger adds. */
export type PricesInstruction =
  | Without<Extract<PricesCommand, { type: 'RecordDailyBar' }>, 'symbol' | 'instrument' | 'today'>
  | Without<
      Extract<PricesCommand, { type: 'MarkPrice' }>,
      'symbol' | 'instrument' | 'today' | 'date'
    >;

type Without<Command, Names extends string> = Command extends unknown
  ? Omit<Command, Names>
  : never;
