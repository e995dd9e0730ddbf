import type { CalendarDate } from '@counterfoil/event-store';
import type { AccountId } from '../../domain/accounts/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Said } from './row-reader.ts';

/**
 * Tells which trades are dated before others of their account and symbol: those are decided with the
 * account's past, and nothing of the account may run beside them. All others may follow each other
 * without waiting, old as they may be.
 */
export interface LookingBack {
  /** Whether the trade is one; a promise when the account is met for the first time. */
  needsPast(trade: Said): boolean | Promise<boolean>;
}

export function createLookingBack(ledger: Pick<Ledger, 'accountNow' | 'market'>): LookingBack {
  /** The last trade date of each symbol, of accounts that were met; booked or under way. */
  const lastDates = new Map<string, Map<string, CalendarDate>>();

  const note = (dates: Map<string, CalendarDate>, { symbol, tradeDate }: Said): boolean => {
    const date = (tradeDate as CalendarDate | undefined) ?? ledger.market.today();
    const last = dates.get(String(symbol));
    if (last !== undefined && date < last) return true;
    dates.set(String(symbol), date);
    return false;
  };

  const meet = async (accountId: string): Promise<Map<string, CalendarDate>> => {
    const { account } = await ledger.accountNow(accountId as AccountId);
    const dates = new Map<string, CalendarDate>(
      account?.positions.map(({ symbol, latestDate }) => [symbol, latestDate]),
    );
    lastDates.set(accountId, dates);
    return dates;
  };

  return {
    needsPast: (trade) => {
      const accountId = String(trade['accountId']);
      const dates = lastDates.get(accountId);
      return dates === undefined
        ? meet(accountId).then((met) => note(met, trade))
        : note(dates, trade);
    },
  };
}
