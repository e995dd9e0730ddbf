import type { CalendarDate } from '@counterfoil/event-store';
import { isInMinorUnits } from '../money/amounts.ts';
import { decimalsOf, type CurrencyCode } from '../money/currency.ts';
import { Money, Price, Quantity } from '../money/money.ts';
import type { CommandFault } from './rejections.ts';
import type { ProposedTrade } from './risk.ts';
import type { Account } from './state.ts';

// What is wrong with a command whatever the account holds.

// No posting is greater: a thousand times the yearly product of the world, far from the 38 digits that
// could overflow a sum.
const amountMax = Money.of('1000000000000000');

export function amountFault(amount: Money, currency: CurrencyCode): CommandFault | undefined {
  if (amount > amountMax) {
    return {
      code: 'AMOUNT_TOO_LARGE',
      limit: Money.format(amountMax),
      actual: Money.format(amount),
    };
  }
  if (!isInMinorUnits(amount, currency)) {
    return {
      code: 'AMOUNT_TOO_PRECISE',
      decimalsMax: decimalsOf(currency),
      actual: Money.format(amount),
    };
  }
  return undefined;
}

export function effectiveDateFault(
  effectiveDate: CalendarDate,
  today: CalendarDate,
  openedOn: CalendarDate = effectiveDate,
): CommandFault | undefined {
  if (effectiveDate > today) return { code: 'EFFECTIVE_DATE_IN_FUTURE', effectiveDate, today };
  if (effectiveDate < openedOn) {
    return { code: 'EFFECTIVE_BEFORE_ACCOUNT_OPENED', effectiveDate, openedOn };
  }
  return undefined;
}

export function tradeFault(
  { quantity, price, fees, notional, tradeDate }: ProposedTrade,
  { currency, openedOn }: Account,
  today: CalendarDate,
): CommandFault | undefined {
  if (quantity <= 0n) return { code: 'QUANTITY_NOT_POSITIVE', actual: Quantity.format(quantity) };
  if (price <= 0n) return { code: 'PRICE_NOT_POSITIVE', actual: Price.format(price) };
  if (fees < 0n) return { code: 'FEES_NEGATIVE', actual: Money.format(fees) };
  const fault = amountFault(fees, currency) ?? amountFault(notional, currency);
  if (fault !== undefined) return fault;
  if (tradeDate > today) return { code: 'TRADE_DATE_IN_FUTURE', tradeDate, today };
  if (tradeDate < openedOn) return { code: 'TRADE_BEFORE_ACCOUNT_OPENED', tradeDate, openedOn };
  return undefined;
}
