import type { CalendarDate } from '@counterfoil/event-store';
import { minus, plus, type Money } from '../money/money.ts';

/** What is still to be received (or paid, when negative) on a date, over all trades that settle on it. */
export interface UnsettledAmount {
  readonly settlementDate: CalendarDate;
  readonly amount: Money;
}

/** Ascending by date, one entry a date. Dates that have passed may still be in it. */
export type UnsettledAmounts = readonly UnsettledAmount[];

/**
 * Adds an amount. `passed` is a business date known to have come (an event never is of a later one):
 * what was due by then has settled and is dropped.
 */
export function withUnsettled(
  unsettled: UnsettledAmounts,
  settlementDate: CalendarDate,
  amount: Money,
  passed: CalendarDate,
): UnsettledAmounts {
  const pending = withoutSettled(unsettled, passed);
  const at = pending.findIndex((entry) => entry.settlementDate >= settlementDate);
  const due = pending[at];
  if (due === undefined) return [...pending, { settlementDate, amount }];
  if (due.settlementDate !== settlementDate) {
    return pending.toSpliced(at, 0, { settlementDate, amount });
  }
  const sum = plus(due.amount, amount);
  return sum === 0n ? pending.toSpliced(at, 1) : pending.with(at, { settlementDate, amount: sum });
}

export function withoutSettled(
  unsettled: UnsettledAmounts,
  passed: CalendarDate,
): UnsettledAmounts {
  let settled = 0;
  for (const { settlementDate } of unsettled) {
    if (settlementDate > passed) break;
    settled += 1;
  }
  return settled === 0 ? unsettled : unsettled.slice(settled);
}

/** The cash that has settled by the end of the date, of a trade-date balance. */
export function settledCash(cash: Money, unsettled: UnsettledAmounts, on: CalendarDate): Money {
  let settled = cash;
  for (const { settlementDate, amount } of unsettled) {
    if (settlementDate > on) settled = minus(settled, amount);
  }
  return settled;
}

/**
 * The settled cash that no purchase still to be paid for needs: the lowest that the settled balance will
 * be from today on, as far as it is known.
 */
export function withdrawableCash(
  cash: Money,
  unsettled: UnsettledAmounts,
  today: CalendarDate,
): Money {
  let balance = settledCash(cash, unsettled, today);
  let lowest = balance;
  for (const { settlementDate, amount } of unsettled) {
    if (settlementDate <= today) continue;
    balance = plus(balance, amount);
    if (balance < lowest) lowest = balance;
  }
  return lowest;
}
