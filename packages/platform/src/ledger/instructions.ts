import type { CalendarDate } from '@counterfoil/event-store';
import type { ClientCommand, OpenAccount } from '../domain/accounts/commands.ts';
import { isOfMadeForm } from '../domain/accounts/trade-ids.ts';
import type { PricesCommand } from '../domain/instruments/prices.ts';

/** A client's command without what the ledger adds. */
export type AccountInstruction =
  | Without<Exclude<ClientCommand, OpenAccount>, 'market' | 'history'>
  | OpeningInstruction;

/** Its name is open: the ledger holds it before anything is decided. */
export interface OpeningInstruction extends Omit<OpenAccount, 'market' | 'ownerName'> {
  readonly ownerName: string;
}

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

/**
 * Whether an instruction may have to be decided with the account's past. A trade of today can't be behind
 * another: nothing is booked for a day to come.
 */
export function mayLookBack(instruction: AccountInstruction, today: CalendarDate): boolean {
  switch (instruction.type) {
    case 'CancelTrade':
    case 'CorrectTrade':
      return true;
    case 'BookTrade':
      return instruction.tradeDate < today || isOfMadeForm(instruction);
    case 'MakeElection':
    case 'OpenAccount':
    case 'Deposit':
    case 'Withdraw':
    case 'SetLimits':
    case 'SuspendAccount':
    case 'ReinstateAccount':
    case 'CloseAccount':
      return false;
  }
}
